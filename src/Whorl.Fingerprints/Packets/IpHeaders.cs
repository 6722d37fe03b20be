using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Whorl.Fingerprints.Packets;

/// <summary>IPv4 with options, IPv6 with extension headers, and the transport header behind them.</summary>
internal static class IpHeaders
{
    private const int Ipv4HeaderLength = 20;
    private const int Ipv6HeaderLength = 40;

    // RFC 8200 §4.1 knows six, one of them twice; more is an attack or a bug.
    private const int MaxExtensionHeaders = 8;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static PacketStatus ReadIpv4(ref ReadOnlySpan<byte> ip, ref IpLayout layout)
    {
        if (ip.Length < Ipv4HeaderLength)
        {
            return PacketStatus.Truncated;
        }

        int headerLength = (ip[0] & 0x0F) * 4;
        if (ip[0] >> 4 != 4 || headerLength < Ipv4HeaderLength)
        {
            return PacketStatus.Malformed;
        }

        int total = BinaryPrimitives.ReadUInt16BigEndian(ip[2..]);
        if (total == 0)
        {
            total = ip.Length; // segmentation offload: the card fills it in later
        }
        else if (total < headerLength)
        {
            return PacketStatus.Malformed;
        }

        if (ip.Length < headerLength)
        {
            return PacketStatus.Truncated;
        }

        Cut(ref ip, total, ref layout);
        int fragment = BinaryPrimitives.ReadUInt16BigEndian(ip[6..]);
        layout.Version = 4;
        layout.Protocol = ip[9];
        layout.TransportAt = headerLength;
        layout.PayloadAt = headerLength;
        layout.MoreFragments = (fragment & 0x2000) != 0;
        layout.FragmentOffset = (fragment & 0x1FFF) * 8;
        layout.IsFragment = (fragment & 0x3FFF) != 0;
        return layout.IsFragment ? PacketStatus.Fragment : PacketStatus.Done;
    }

    public static PacketStatus ReadIpv6(ref ReadOnlySpan<byte> ip, ref IpLayout layout)
    {
        if (ip.Length < Ipv6HeaderLength)
        {
            return PacketStatus.Truncated;
        }

        if (ip[0] >> 4 != 6)
        {
            return PacketStatus.Malformed;
        }

        int payload = BinaryPrimitives.ReadUInt16BigEndian(ip[4..]);
        Cut(ref ip, payload == 0 ? ip.Length : Ipv6HeaderLength + payload, ref layout);
        layout.Version = 6;
        layout.IsFragment = false;
        layout.MoreFragments = false;
        layout.FragmentOffset = 0;
        byte next = ip[6];
        int nextAt = 6;
        int at = Ipv6HeaderLength;
        for (int i = 0; i <= MaxExtensionHeaders; i++)
        {
            int length;
            switch (next)
            {
                case 0 or 43 or 60 or 135 or 139 or 140: // hop-by-hop, routing, destination, mobility, HIP, shim6
                    length = at + 2 <= ip.Length ? 8 + (ip[at + 1] * 8) : 0;
                    break;
                case 51: // authentication (RFC 4302 §2.2 counts in words, less two)
                    length = at + 2 <= ip.Length ? 8 + (ip[at + 1] * 4) : 0;
                    break;
                case 44: // fragment
                    length = 8;
                    break;
                default:
                    layout.Protocol = next;
                    layout.TransportAt = at;
                    layout.PayloadAt = at;
                    return PacketStatus.Done;
            }

            if (length == 0 || at + length > ip.Length)
            {
                return PacketStatus.Truncated;
            }

            byte following = ip[at];
            if (next == 44 && (BinaryPrimitives.ReadUInt16BigEndian(ip[(at + 2)..]) & 0xFFF9) is var fragment && fragment != 0)
            {
                layout.IsFragment = true;
                layout.MoreFragments = (fragment & 1) != 0;
                layout.FragmentOffset = fragment & 0xFFF8;
                layout.FragmentHeaderAt = at;
                layout.FragmentNextAt = nextAt;
                layout.Protocol = following;
                layout.TransportAt = at + length;
                layout.PayloadAt = at + length;
                return PacketStatus.Fragment;
            }

            nextAt = at;
            next = following;
            at += length;
        }

        return PacketStatus.Malformed;
    }

    /// <summary>Checks that the transport header is whole and finds the payload.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static PacketStatus ReadTransport(ReadOnlySpan<byte> ip, ref IpLayout layout)
    {
        ReadOnlySpan<byte> transport = ip[layout.TransportAt..];
        int length;
        switch (layout.Protocol)
        {
            case IpProtocol.Tcp:
                if (transport.Length < 20)
                {
                    length = 20;
                    break;
                }

                length = (transport[12] >> 4) * 4;
                if (length < 20)
                {
                    return PacketStatus.Malformed;
                }

                break;
            case IpProtocol.Udp or IpProtocol.Icmp or IpProtocol.IcmpV6:
                length = 8;
                break;
            default:
                return PacketStatus.Done;
        }

        if (transport.Length < length)
        {
            return layout.MissingBytes > 0 ? PacketStatus.Truncated : PacketStatus.Malformed;
        }

        layout.PayloadAt = layout.TransportAt + length;
        return PacketStatus.Done;
    }

    private static void Cut(ref ReadOnlySpan<byte> ip, int total, ref IpLayout layout)
    {
        layout.MissingBytes = Math.Max(0, total - ip.Length);
        if (total < ip.Length)
        {
            ip = ip[..total];
        }
    }
}
