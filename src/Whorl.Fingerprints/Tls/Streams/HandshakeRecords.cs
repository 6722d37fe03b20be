using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tls;

/// <summary>The TLS record header (RFC 8446 §5.1).</summary>
internal static class TlsRecord
{
    // +------+---------+---------+------------+
    // | type | major 3 | minor   | length, 16 |
    // +------+---------+---------+------------+
    public const int HeaderLength = 5;
    public const byte Handshake = 22;

    // 2^14 plaintext bytes; hellos are sent before anything is encrypted, so the allowance for expansion does not apply.
    public const int MaxPayload = 1 << 14;

    /// <summary>Checks as much of a handshake record header as there is.</summary>
    public static ParseStatus CheckHandshakeHeader(ReadOnlySpan<byte> bytes, out int payload)
    {
        payload = 0;
        if ((bytes.Length > 0 && bytes[0] != Handshake) || (bytes.Length > 1 && bytes[1] != 3))
        {
            return ParseStatus.Malformed;
        }

        if (bytes.Length < HeaderLength)
        {
            return ParseStatus.NeedMore;
        }

        payload = (bytes[3] << 8) | bytes[4];

        // RFC 8446 §5.1 forbids empty handshake fragments; without them every record brings the message nearer to its end.
        return payload is 0 or > MaxPayload ? ParseStatus.Malformed : ParseStatus.Done;
    }
}

/// <summary>Finds one handshake message at the start of a stream of TLS records, and joins it where it is spread out.</summary>
internal static class HandshakeRecords
{
    internal readonly record struct Found(int MessageLength, int Consumed, bool InOneRecord);

    /// <summary>Checks as much of a handshake header as there is; gives the message length with header.</summary>
    public static ParseStatus CheckHeader(ReadOnlySpan<byte> bytes, byte type, int maxLength, out int length)
    {
        length = 0;
        if (bytes.Length > 0 && bytes[0] != type)
        {
            return ParseStatus.Malformed;
        }

        if (bytes.Length < ClientHello.HeaderLength)
        {
            return ParseStatus.NeedMore;
        }

        length = ClientHello.HeaderLength + ((bytes[1] << 16) | (bytes[2] << 8) | bytes[3]);
        return length > maxLength ? ParseStatus.Malformed : ParseStatus.Done;
    }

    public static ParseStatus Find(ReadOnlySpan<byte> stream, byte type, int maxLength, out Found found)
    {
        found = default;
        Span<byte> header = stackalloc byte[ClientHello.HeaderLength];
        int gathered = 0;
        int at = 0;
        int records = 0;
        while (true)
        {
            ReadOnlySpan<byte> rest = stream[at..];
            ParseStatus status = TlsRecord.CheckHandshakeHeader(rest, out int payload);
            if (status != ParseStatus.Done)
            {
                return status;
            }

            records++;
            rest = rest[TlsRecord.HeaderLength..];
            ReadOnlySpan<byte> fragment = rest[..Math.Min(payload, rest.Length)];
            if (gathered < header.Length)
            {
                int take = Math.Min(header.Length - gathered, fragment.Length);
                fragment[..take].CopyTo(header[gathered..]);
            }

            gathered += fragment.Length;
            status = CheckHeader(header[..Math.Min(gathered, header.Length)], type, maxLength, out int length);
            if (status == ParseStatus.Malformed)
            {
                return status;
            }

            if (fragment.Length < payload && (status == ParseStatus.NeedMore || gathered < length))
            {
                return ParseStatus.NeedMore;
            }

            at += TlsRecord.HeaderLength + payload;
            if (status == ParseStatus.Done && gathered >= length)
            {
                // The message may be complete although its record is not: another message follows it there.
                found = new Found(length, Math.Min(at, stream.Length), records == 1);
                return ParseStatus.Done;
            }
        }
    }

    /// <summary>Joins a message that <see cref="Find"/> has found whole; so the length is backed by bytes received.</summary>
    public static byte[] Join(ReadOnlySpan<byte> stream, int length)
    {
        byte[] message = new byte[length];
        int gathered = 0;
        int at = 0;
        while (gathered < length)
        {
            int payload = (stream[at + 3] << 8) | stream[at + 4];
            at += TlsRecord.HeaderLength;
            int take = Math.Min(Math.Min(payload, length - gathered), stream.Length - at);
            stream.Slice(at, take).CopyTo(message.AsSpan(gathered));
            gathered += take;
            at += payload;
        }

        return message;
    }
}
