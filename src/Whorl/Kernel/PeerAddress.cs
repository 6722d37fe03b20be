using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Whorl.Kernel;

/// <summary>An IPv4 or IPv6 address as one 128-bit number; IPv4 is held in its mapped form ::ffff:0:0/96 (RFC 4291 §2.5.5.2).</summary>
internal readonly record struct PeerAddress(UInt128 Bits)
{
    private static readonly UInt128 MappedV4 = (UInt128)0xFFFF << 32;

    /// <summary>Bytes that hold the text of every address: eight words of IPv6, or six and a dotted quad.</summary>
    public const int MaxTextLength = 45;

    public bool IsV4 => Bits >> 32 == 0xFFFF;

    public static PeerAddress From(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetwork
            ? new(MappedV4 | BinaryPrimitives.ReadUInt32BigEndian(bytes))
            : new(BinaryPrimitives.ReadUInt128BigEndian(bytes));
    }

    /// <summary>Reads a dotted quad of four decimal parts, or an IPv6 address without scope. Ports and brackets are refused.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out PeerAddress address)
    {
        address = default;

        // IPAddress also takes "1", "0x7f.1" and "fe80::1%eth0"; an operator never means those, an attacker might.
        if (text.IndexOfAny('%', '[', ']') >= 0 || (text.IndexOf(':') < 0 && (text.Count('.') != 3 || text.IndexOfAnyExceptInRange('.', '9') >= 0 || text.Contains('/'))))
        {
            return false;
        }

        if (!IPAddress.TryParse(text, out IPAddress? parsed) || (parsed.AddressFamily == AddressFamily.InterNetwork && HasLeadingZero(text)))
        {
            return false;
        }

        address = From(parsed);
        return true;
    }

    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Bits);
        return new IPAddress(IsV4 ? bytes[12..] : bytes);
    }

    public override string ToString() => ToIPAddress().ToString();

    /// <summary>Writes what <see cref="ToString"/> gives, without allocating but for rare forms; returns the length. <see cref="MaxTextLength"/> bytes hold every address.</summary>
    public int Write(Span<byte> utf8)
    {
        if (IsV4)
        {
            return WriteV4(utf8, (uint)Bits);
        }

        // IPAddress writes these with a dotted end; they are hardly ever seen.
        if (Bits >> 48 == 0 || (uint)(Bits >> 32) is 0x5EFE or 0x0200_5EFE)
        {
            _ = ToIPAddress().TryFormat(utf8, out int written);
            return written;
        }

        return WriteV6(utf8, Bits);
    }

    private static int WriteV4(Span<byte> utf8, uint bits)
    {
        int length = 0;
        for (int shift = 24; shift >= 0; shift -= 8)
        {
            uint part = (bits >> shift) & 0xFF;
            if (part >= 100)
            {
                utf8[length++] = (byte)('0' + (part / 100));
            }

            if (part >= 10)
            {
                utf8[length++] = (byte)('0' + (part / 10 % 10));
            }

            utf8[length++] = (byte)('0' + (part % 10));
            if (shift > 0)
            {
                utf8[length++] = (byte)'.';
            }
        }

        return length;
    }

    // RFC 5952: lower case, no leading zeros, the first longest run of two or more zero words left out.
    private static int WriteV6(Span<byte> utf8, UInt128 bits)
    {
        Span<ushort> words = stackalloc ushort[8];
        for (int i = 0; i < 8; i++)
        {
            words[i] = (ushort)(bits >> (112 - (16 * i)));
        }

        (int gap, int gapLength) = LongestZeros(words);
        int length = 0;
        for (int i = 0; i < 8; i++)
        {
            if (i == gap)
            {
                utf8[length++] = (byte)':';
                utf8[length++] = (byte)':';
                i += gapLength - 1;
                continue;
            }

            if (i > 0 && i != gap + gapLength)
            {
                utf8[length++] = (byte)':';
            }

            _ = words[i].TryFormat(utf8[length..], out int written, "x");
            length += written;
        }

        return length;
    }

    private static (int Start, int Length) LongestZeros(ReadOnlySpan<ushort> words)
    {
        (int Start, int Length) longest = (-1, 1);
        for (int i = 0; i < words.Length; i++)
        {
            int end = i;
            while (end < words.Length && words[end] == 0)
            {
                end++;
            }

            if (end - i > longest.Length)
            {
                longest = (i, end - i);
            }

            i = Math.Max(i, end - 1);
        }

        return longest;
    }

    // "010.0.0.1" is octal to some parsers and decimal to others; it is refused.
    private static bool HasLeadingZero(ReadOnlySpan<char> text)
    {
        for (int i = 0; i + 1 < text.Length; i++)
        {
            if (text[i] == '0' && char.IsAsciiDigit(text[i + 1]) && (i == 0 || text[i - 1] == '.'))
            {
                return true;
            }
        }

        return false;
    }
}
