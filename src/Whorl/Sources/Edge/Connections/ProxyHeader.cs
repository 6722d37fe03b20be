using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using Whorl.Fingerprints.Wire;
using Whorl.Kernel;

namespace Whorl.Sources.Edge.Connections;

/// <summary>
/// A PROXY protocol header, version 1 or 2 (haproxy doc/proxy-protocol.txt, 2020-03-05): who really connected.
/// <see cref="Source"/> is null where the proxy speaks for itself (LOCAL) or does not know (UNKNOWN, UNSPEC).
/// </summary>
internal readonly record struct ProxyHeader(PeerAddress? Source, int SourcePort)
{
    // §2.1: the longest line of version 1, with its line end, has 107 bytes.
    private const int MaxLineLength = 107;

    // §2.2 allows 65,535 bytes of TLVs; real ones (authority, SSL, unique id) stay under 1 KiB.
    public const int MaxLength = 16 + 4096;

    private static ReadOnlySpan<byte> Signature2 => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>Reads the header at the start of <paramref name="bytes"/>.</summary>
    /// <param name="consumed">Its length where the status is <see cref="ParseStatus.Done"/>.</param>
    public static ParseStatus TryParse(ReadOnlySpan<byte> bytes, out ProxyHeader header, out int consumed)
    {
        header = default;
        consumed = 0;
        ReadOnlySpan<byte> start = bytes[..Math.Min(bytes.Length, Signature2.Length)];
        if (start.SequenceEqual(Signature2[..start.Length]))
        {
            return start.Length < Signature2.Length ? ParseStatus.NeedMore : TryParseBinary(bytes, out header, out consumed);
        }

        start = bytes[..Math.Min(bytes.Length, 6)];
        return start.SequenceEqual("PROXY "u8[..start.Length]) ? TryParseLine(bytes, out header, out consumed) : ParseStatus.Malformed;
    }

    // 12 bytes signature | 2|command | family|protocol | 16-bit length | addresses | TLVs
    private static ParseStatus TryParseBinary(ReadOnlySpan<byte> bytes, out ProxyHeader header, out int consumed)
    {
        header = default;
        consumed = 0;
        if (bytes.Length < 16)
        {
            return ParseStatus.NeedMore;
        }

        int command = bytes[12] & 0x0F;
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[14..]);
        if (bytes[12] >> 4 != 2 || command > 1 || 16 + length > MaxLength)
        {
            return ParseStatus.Malformed;
        }

        if (bytes.Length < 16 + length)
        {
            return ParseStatus.NeedMore;
        }

        consumed = 16 + length;
        ReadOnlySpan<byte> addresses = bytes.Slice(16, length);
        if (command == 0)
        {
            return ParseStatus.Done;
        }

        switch (bytes[13])
        {
            case 0x11 when length >= 12: // TCP over IPv4
                header = new(new PeerAddress(((UInt128)0xFFFF << 32) | BinaryPrimitives.ReadUInt32BigEndian(addresses)), BinaryPrimitives.ReadUInt16BigEndian(addresses[8..]));
                return ParseStatus.Done;
            case 0x21 when length >= 36: // TCP over IPv6
                header = new(new PeerAddress(BinaryPrimitives.ReadUInt128BigEndian(addresses)), BinaryPrimitives.ReadUInt16BigEndian(addresses[32..]));
                return ParseStatus.Done;
            case 0x00: // UNSPEC: the receiver keeps the socket's address
                return ParseStatus.Done;
            default:
                consumed = 0;
                return ParseStatus.Malformed;
        }
    }

    // PROXY TCP4 203.0.113.9 192.0.2.1 40000 443\r\n
    private static ParseStatus TryParseLine(ReadOnlySpan<byte> bytes, out ProxyHeader header, out int consumed)
    {
        header = default;
        consumed = 0;
        int end = bytes[..Math.Min(bytes.Length, MaxLineLength)].IndexOf("\r\n"u8);
        if (end < 0)
        {
            return bytes.Length >= MaxLineLength ? ParseStatus.Malformed : ParseStatus.NeedMore;
        }

        ReadOnlySpan<byte> line = bytes[6..end];
        consumed = end + 2;
        if (line.StartsWith("UNKNOWN"u8))
        {
            return ParseStatus.Done;
        }

        Span<Range> parts = stackalloc Range[6];
        bool v4 = line.StartsWith("TCP4 "u8);
        if ((!v4 && !line.StartsWith("TCP6 "u8)) || Split(line, parts) != 5
            || !TryAddress(line[parts[1]], v4, out PeerAddress source) || !TryAddress(line[parts[2]], v4, out _)
            || !TryPort(line[parts[3]], out int port) || !TryPort(line[parts[4]], out _))
        {
            consumed = 0;
            return ParseStatus.Malformed;
        }

        header = new(source, port);
        return ParseStatus.Done;
    }

    private static int Split(ReadOnlySpan<byte> line, Span<Range> parts)
    {
        int count = 0;
        foreach (Range part in line.Split((byte)' '))
        {
            if (count == parts.Length)
            {
                return count;
            }

            parts[count++] = part;
        }

        return count;
    }

    private static bool TryAddress(ReadOnlySpan<byte> text, bool v4, out PeerAddress address)
    {
        Span<char> chars = stackalloc char[MaxLineLength];
        address = default;
        return text.Contains((byte)':') != v4
            && Encoding.ASCII.TryGetChars(text, chars, out int length) && PeerAddress.TryParse(chars[..length], out address);
    }

    private static bool TryPort(ReadOnlySpan<byte> text, out int port) =>
        Utf8Parser.TryParse(text, out port, out int used) && used == text.Length && port is >= 0 and <= 65535 && (text.Length == 1 || text[0] is >= (byte)'1' and <= (byte)'9');
}
