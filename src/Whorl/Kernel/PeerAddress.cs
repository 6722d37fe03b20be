using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Whorl.Kernel;

/// <summary>An IPv4 or IPv6 address as one 128-bit number; IPv4 is held in its mapped form ::ffff:0:0/96 (RFC 4291 §2.5.5.2).</summary>
internal readonly record struct PeerAddress(UInt128 Bits)
{
    private static readonly UInt128 MappedV4 = (UInt128)0xFFFF << 32;

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
