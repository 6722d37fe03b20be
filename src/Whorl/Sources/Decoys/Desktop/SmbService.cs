using System.Buffers.Binary;
using System.Security.Cryptography;
using Whorl.Sources.Decoys.Sessions;

namespace Whorl.Sources.Decoys.Desktop;

/// <summary>SMB 2 and 3.0 as far as signing in ([MS-SMB2] §2.2): hears NTLM and refuses it. Clients that only know SMB 1 are heard once.</summary>
internal sealed class SmbService(DecoyPlace place) : IDecoyService
{
    private const int HeaderLength = 64;

    // Negotiation and sign-in; what carries files is longer and never comes.
    private const int MaxMessage = 32 * 1024;

    // Rounds of one conversation: negotiation twice, sign-in twice, some tries more.
    private const int MaxRounds = 32;

    private const uint MoreProcessing = 0xC000_0016;

    private const uint LogonFailure = 0xC000_006D;

    private const uint NotSupported = 0xC000_00BB;

    private readonly byte[] _guid = RandomNumberGenerator.GetBytes(16);

    public async Task ServeAsync(DecoySession session)
    {
        byte[] nonce = RandomNumberGenerator.GetBytes(8);
        for (int i = 0; i < MaxRounds && await ReadAsync(session) is { } message; i++)
        {
            byte[]? answer = message[0] == 0xFF ? First(session, message) : Answer(session, message, nonce);
            if (answer is null)
            {
                return;
            }

            await session.WriteAsync((byte[])[0, (byte)(answer.Length >> 16), (byte)(answer.Length >> 8), (byte)answer.Length, .. answer]);
        }
    }

    private static async Task<byte[]?> ReadAsync(DecoySession session)
    {
        if (!await session.HaveAsync(4))
        {
            return null;
        }

        int length = Length(session.Input.Span);
        if (length is < 4 or > MaxMessage || !await session.HaveAsync(4 + length))
        {
            return null;
        }

        byte[] message = session.Input.Slice(4, length).ToArray();
        session.Consume(4 + length);
        return message;
    }

    private static int Length(ReadOnlySpan<byte> head) => head[0] != 0 ? -1 : (head[1] << 16) | (head[2] << 8) | head[3];

    // An SMB 1 negotiation that also offers SMB 2.
    private byte[]? First(DecoySession session, ReadOnlySpan<byte> message)
    {
        if (message.Length < 5 || message[4] != 0x72)
        {
            return null;
        }

        ushort dialect = message.IndexOf("SMB 2.???"u8) >= 0 ? (ushort)0x02FF : message.IndexOf("SMB 2.002"u8) >= 0 ? (ushort)0x0202 : (ushort)0;
        return dialect == 0 ? null : Negotiated(new byte[HeaderLength], dialect, session.Clock.GetUtcNow());
    }

    private byte[]? Answer(DecoySession session, ReadOnlySpan<byte> message, byte[] nonce)
    {
        if (message.Length < HeaderLength || !message.StartsWith((ReadOnlySpan<byte>)[0xFE, (byte)'S', (byte)'M', (byte)'B']))
        {
            return null;
        }

        switch (BinaryPrimitives.ReadUInt16LittleEndian(message[12..]))
        {
            case 0:
                return Negotiated(message, Dialect(message[HeaderLength..]), session.Clock.GetUtcNow());
            case 1:
                int at = Ntlm.Find(message);
                if (at >= 0 && Ntlm.IsNegotiate(message[at..]))
                {
                    return SessionSetup(message, MoreProcessing, Der.GoOn(Ntlm.Challenge(place.Persona.Host, nonce)));
                }

                if (at >= 0 && Ntlm.Read(message[at..]) is { } answer)
                {
                    NtlmReport.Tell(session, answer, nonce);
                }

                return SessionSetup(message, LogonFailure, []);
            default:
                return [.. Header(message, NotSupported), 9, 0, 0, 0, 0, 0, 0, 0, 0];
        }
    }

    // The highest that both know; 3.1.1 would need contexts.
    private static ushort Dialect(ReadOnlySpan<byte> body)
    {
        ushort best = 0x0202;
        int count = body.Length >= 36 ? Math.Min((int)BinaryPrimitives.ReadUInt16LittleEndian(body[2..]), (body.Length - 36) / 2) : 0;
        for (int i = 0; i < count; i++)
        {
            ushort offered = BinaryPrimitives.ReadUInt16LittleEndian(body[(36 + (2 * i))..]);
            best = offered is 0x0210 or 0x0300 or 0x0302 && offered > best ? offered : best;
        }

        return best;
    }

    private byte[] Negotiated(ReadOnlySpan<byte> request, ushort dialect, DateTimeOffset now)
    {
        byte[] offer = Der.Offer();
        byte[] body = new byte[64];
        body[0] = 65;
        body[2] = 1; // signing enabled
        BinaryPrimitives.WriteUInt16LittleEndian(body.AsSpan(4), dialect);
        _guid.CopyTo(body, 8);
        body[24] = 7; // DFS, leasing, large reads
        for (int i = 28; i < 40; i += 4)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(i), 8 * 1024 * 1024);
        }

        BinaryPrimitives.WriteInt64LittleEndian(body.AsSpan(40), now.ToFileTime());
        BinaryPrimitives.WriteUInt16LittleEndian(body.AsSpan(56), HeaderLength + 64);
        BinaryPrimitives.WriteUInt16LittleEndian(body.AsSpan(58), (ushort)offer.Length);
        return [.. Header(request, 0), .. body, .. offer];
    }

    private static byte[] SessionSetup(ReadOnlySpan<byte> request, uint status, byte[] token) =>
        [.. Header(request, status), 9, 0, 0, 0, HeaderLength + 8, 0, (byte)token.Length, (byte)(token.Length >> 8), .. token];

    private static byte[] Header(ReadOnlySpan<byte> request, uint status)
    {
        byte[] header = new byte[HeaderLength];
        ((ReadOnlySpan<byte>)[0xFE, (byte)'S', (byte)'M', (byte)'B', HeaderLength, 0, 1, 0]).CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), status);
        request.Slice(12, 2).CopyTo(header.AsSpan(12));
        header[14] = 31; // credits
        header[16] = 1; // from the server
        request.Slice(24, 8).CopyTo(header.AsSpan(24));
        request.Slice(40, 8).CopyTo(header.AsSpan(40));
        if (status == MoreProcessing && request[40..48].IndexOfAnyExcept((byte)0) < 0)
        {
            RandomNumberGenerator.Fill(header.AsSpan(40, 4));
        }

        return header;
    }
}
