using System.Buffers.Binary;
using System.Security.Cryptography;
using Whorl.Sources.Decoys.Sessions;
using Whorl.Sources.Decoys.Ssh.Crypto;

namespace Whorl.Sources.Decoys.Ssh;

/// <summary>The binary packets of one SSH conversation (RFC 4253 §6), both ways.</summary>
internal sealed class SshPackets(DecoySession session) : IDisposable
{
    // RFC 4253 §6.1 asks for 35,000; OpenSSH sends no more either.
    private const int MaxPacket = 36_000;

    // Packets of no meaning in a row (IGNORE, DEBUG): more is somebody keeping us busy.
    private const int MaxEmpty = 64;

    private PacketCipher _reading = new ClearCipher();
    private PacketCipher _writing = new ClearCipher();
    private uint _read;
    private uint _written;
    private (bool Reading, bool Writing) _agreed;
    private DelayedZlib? _zlib;

    /// <summary>The next packet's payload; null where none comes any more, or what came is no packet.</summary>
    public async ValueTask<byte[]?> ReadAsync()
    {
        for (int i = 0; i < MaxEmpty; i++)
        {
            byte[]? payload = await NextAsync();
            if (payload is null or [SshMessage.Disconnect, ..])
            {
                return null;
            }

            if (payload is not [SshMessage.Ignore or SshMessage.Debug or SshMessage.Unimplemented or SshMessage.ExtInfo, ..])
            {
                return payload;
            }
        }

        return null;
    }

    public async ValueTask WriteAsync(SshWriter payload) => await WriteAsync(payload.ToArray());

    public async ValueTask WriteAsync(byte[] payload) => await session.WriteAsync(Seal(payload));

    public void NewReadingKeys(PacketCipher cipher)
    {
        _reading.Dispose();
        _reading = cipher;
    }

    public void NewWritingKeys(PacketCipher cipher)
    {
        _writing.Dispose();
        _writing = cipher;
    }

    /// <summary>Which directions are compressed once somebody was let in.</summary>
    public void AgreeCompression(bool reading, bool writing) => _agreed = (reading, writing);

    /// <summary>Somebody was let in.</summary>
    public void StartCompression() => _zlib = _agreed.Reading || _agreed.Writing ? new() : null;

    public ValueTask DisconnectAsync(uint reason, string text) =>
        WriteAsync(new SshWriter().Byte(SshMessage.Disconnect).Number(reason).String(text).String(""));

    public void Dispose()
    {
        _reading.Dispose();
        _writing.Dispose();
        _zlib?.Dispose();
    }

    private async ValueTask<byte[]?> NextAsync()
    {
        int head = _reading.Head;
        if (!await session.HaveAsync(head))
        {
            return null;
        }

        byte[] begin = session.Input[..head].ToArray();
        uint length = _reading.Begin(_read, begin);
        if (length is < 5 or > MaxPacket || length + 4 < head)
        {
            return null;
        }

        int total = (int)length + 4;
        if (!await session.HaveAsync(total + _reading.TagLength))
        {
            return null;
        }

        byte[] packet = session.Input[..total].ToArray();
        begin.CopyTo(packet, 0);
        if (!_reading.TryOpen(_read, packet, session.Input.Span.Slice(total, _reading.TagLength)))
        {
            await DisconnectAsync(SshMessage.MacError, "Packet corrupt");
            return null;
        }

        session.Consume(total + _reading.TagLength);
        _read++;
        int padding = packet[4];
        byte[]? payload = padding + 1 < length ? packet[5..(total - padding)] : null;
        return payload is not null && _agreed.Reading && _zlib is not null ? _zlib.Unpack(payload) : payload;
    }

    private byte[] Seal(byte[] payload)
    {
        payload = _agreed.Writing && _zlib is not null ? _zlib.Pack(payload) : payload;
        int block = _writing.Block;
        int padded = 1 + payload.Length + (_writing.LengthIsPadded ? 4 : 0);
        int padding = block - (padded % block);
        padding += padding < 4 ? block : 0;
        int length = 1 + payload.Length + padding;
        byte[] packet = new byte[4 + length + _writing.TagLength];
        BinaryPrimitives.WriteUInt32BigEndian(packet, (uint)length);
        packet[4] = (byte)padding;
        payload.CopyTo(packet, 5);
        RandomNumberGenerator.Fill(packet.AsSpan(5 + payload.Length, padding));
        _writing.Seal(_written++, packet.AsSpan(0, 4 + length), packet.AsSpan(4 + length));
        return packet;
    }
}
