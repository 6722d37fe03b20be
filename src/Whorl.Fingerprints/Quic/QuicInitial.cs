using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Whorl.Fingerprints.Quic;

/// <summary>Takes the protection off Initial packets (RFC 9001 §5.3, §5.4).</summary>
public static class QuicInitial
{
    private const int BlockLength = 16;
    private const int TagLength = 16;
    private const int SampleOffset = 4;

    /// <summary>Opens an Initial packet.</summary>
    /// <param name="packet">A packet of kind <see cref="QuicPacketType.Initial"/>.</param>
    /// <param name="keys">The keys of its sender.</param>
    /// <param name="frames">Its frames, in a new array.</param>
    /// <returns>False when the packet was not made with these keys.</returns>
    public static bool TryOpen(in QuicPacket packet, QuicInitialKeys keys, out ReadOnlyMemory<byte> frames)
    {
        frames = default;
        ReadOnlySpan<byte> bytes = packet.Bytes;
        int numberAt = packet.NumberAt;
        if (packet.Type != QuicPacketType.Initial || bytes.Length < numberAt + SampleOffset + BlockLength)
        {
            return false;
        }

        Span<byte> mask = stackalloc byte[BlockLength];
        using (Aes headerCipher = Aes.Create())
        {
            headerCipher.SetKey(keys.HeaderKey.Span);
            headerCipher.EncryptEcb(bytes.Slice(numberAt + SampleOffset, BlockLength), mask, PaddingMode.None);
        }

        int numberLength = ((bytes[0] ^ mask[0]) & 3) + 1;
        byte[] header = bytes[..(numberAt + numberLength)].ToArray();
        header[0] ^= (byte)(mask[0] & 0x0F);
        ulong number = 0;
        for (int i = 0; i < numberLength; i++)
        {
            header[numberAt + i] ^= mask[1 + i];
            number = (number << 8) | header[numberAt + i];
        }

        Span<byte> nonce = stackalloc byte[12];
        keys.Iv.Span.CopyTo(nonce);
        BinaryPrimitives.WriteUInt64BigEndian(nonce[4..], BinaryPrimitives.ReadUInt64BigEndian(nonce[4..]) ^ number);
        return TryDecrypt(keys.Key.Span, nonce, header, bytes[header.Length..], out frames);
    }

    private static bool TryDecrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> header, ReadOnlySpan<byte> sealedBytes, out ReadOnlyMemory<byte> opened)
    {
        opened = default;
        int length = sealedBytes.Length - TagLength;
        if (length < 0)
        {
            return false;
        }

        // One call enciphers everything that GCM needs: zeros (hash key), counter 1 (tag mask), counters 2 … (key stream).
        int blocks = 2 + ((length + BlockLength - 1) / BlockLength);
        byte[] stream = new byte[blocks * BlockLength];
        for (int i = 1; i < blocks; i++)
        {
            nonce.CopyTo(stream.AsSpan(i * BlockLength));
            BinaryPrimitives.WriteInt32BigEndian(stream.AsSpan((i * BlockLength) + 12), i);
        }

        using (Aes cipher = Aes.Create())
        {
            cipher.SetKey(key);
            cipher.EncryptEcb(stream, stream, PaddingMode.None);
        }

        GaloisHash hash = new(stream.AsSpan(0, BlockLength), stackalloc UInt128[GaloisHash.TableLength]);
        hash.Add(header);
        hash.Add(sealedBytes[..length]);
        UInt128 tag = hash.Finish(header.Length, length) ^ BinaryPrimitives.ReadUInt128BigEndian(stream.AsSpan(BlockLength));
        if (tag != BinaryPrimitives.ReadUInt128BigEndian(sealedBytes[length..]))
        {
            return false;
        }

        Span<byte> text = stream.AsSpan(2 * BlockLength, length);
        for (int i = 0; i < length; i++)
        {
            text[i] ^= sealedBytes[i];
        }

        opened = stream.AsMemory(2 * BlockLength, length);
        return true;
    }
}
