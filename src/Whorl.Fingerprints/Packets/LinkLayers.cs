using System.Buffers.Binary;

namespace Whorl.Fingerprints.Packets;

/// <summary>Everything that can stand before IP and is no IP tunnel.</summary>
internal static class LinkLayers
{
    // MPLS stacks of more than a handful of labels do not occur; the bound keeps the walk short.
    private const int MaxLabels = 16;

    private const ushort EtherTypeIpv4 = 0x0800;
    private const ushort EtherTypeIpv6 = 0x86DD;

    public static Layer Enter(LinkType link, ref ReadOnlySpan<byte> rest)
    {
        switch (link)
        {
            case LinkType.Ethernet:
                return Ethernet(ref rest);
            case LinkType.Raw or LinkType.RawOfDlt or LinkType.RawOfOpenBsd:
                return Layer.IpByVersion;
            case LinkType.Ipv4:
                return Layer.Ipv4;
            case LinkType.Ipv6:
                return Layer.Ipv6;
            case LinkType.Null or LinkType.Loop:
                return Family(ref rest);
            case LinkType.Ppp or LinkType.PppHdlc:
                return Layer.Ppp;
            case LinkType.PppOverEthernet:
                return Layer.PppOverEthernet;
            case LinkType.CiscoHdlc:
                return Take(ref rest, 2) ? Layer.EtherTypeNext : Layer.Truncated;
            case LinkType.LinuxCooked:
                return Take(ref rest, 14) ? Layer.EtherTypeNext : Layer.Truncated;
            case LinkType.LinuxCooked2:
                return rest.Length < 20 ? Layer.Truncated : After(BinaryPrimitives.ReadUInt16BigEndian(rest), 20, ref rest);
            case LinkType.Fddi:
                return Take(ref rest, 13) ? Layer.Llc : Layer.Truncated;
            case LinkType.Ieee80211:
                return Layer.Ieee80211;
            case LinkType.Radiotap:
                return rest.Length >= 4 && Take(ref rest, BinaryPrimitives.ReadUInt16LittleEndian(rest[2..])) ? Layer.Ieee80211 : Layer.Truncated;
            case LinkType.PacketFilterLog:
                return rest.Length >= 4 && Take(ref rest, (rest[0] + 3) & ~3) ? Layer.IpByVersion : Layer.Truncated;
            case LinkType.NetfilterLog:
                return NetfilterLog(ref rest);
            default:
                return Layer.UnknownLink;
        }
    }

    public static Layer Step(Layer layer, ref ReadOnlySpan<byte> rest, ref IpLayout layout)
    {
        switch (layer)
        {
            case Layer.Ethernet:
                return Ethernet(ref rest);
            case Layer.EtherTypeNext:
                return rest.Length < 2 ? Layer.Truncated : After(BinaryPrimitives.ReadUInt16BigEndian(rest), 2, ref rest);
            case Layer.IpByVersion:
                return rest.IsEmpty ? Layer.Truncated : ByVersion(rest[0]);
            case Layer.Vlan:
                if (rest.Length < 4)
                {
                    return Layer.Truncated;
                }

                layout.VlanId = (layout.Layers & PacketLayers.Vlan) != PacketLayers.None
                    ? layout.VlanId
                    : (ushort)(BinaryPrimitives.ReadUInt16BigEndian(rest) & 0x0FFF);
                layout.Layers |= PacketLayers.Vlan;
                rest = rest[2..];
                return Layer.EtherTypeNext;
            case Layer.ServiceInstance: // IEEE 802.1ah: four bytes of tag, then the customer's whole frame
                layout.Layers |= PacketLayers.Vlan;
                return Take(ref rest, 4) ? Layer.Ethernet : Layer.Truncated;
            case Layer.FabricPath: // Cisco: two bytes of tag, then the whole frame
                return Take(ref rest, 2) ? Layer.Ethernet : Layer.Truncated;
            case Layer.Llc:
                return Llc(ref rest);
            case Layer.Mpls:
                layout.Layers |= PacketLayers.Mpls;
                return Mpls(ref rest);
            case Layer.PppOverEthernet:
                layout.Layers |= PacketLayers.Ppp;
                return Take(ref rest, 6) ? Layer.Ppp : Layer.Truncated;
            case Layer.Ppp:
                layout.Layers |= PacketLayers.Ppp;
                return Ppp(ref rest);
            case Layer.Ieee80211:
                return Ieee80211(ref rest);
            case Layer.ErspanTwo:
                return Take(ref rest, 8) ? Layer.Ethernet : Layer.Truncated;
            case Layer.ErspanThree:
                return rest.Length >= 12 && Take(ref rest, (rest[11] & 1) != 0 ? 20 : 12) ? Layer.Ethernet : Layer.Truncated;
            default:
                return Layer.None;
        }
    }

    /// <summary>What an EtherType announces.</summary>
    public static Layer OfEtherType(ushort type) => type switch
    {
        EtherTypeIpv4 => Layer.Ipv4,
        EtherTypeIpv6 => Layer.Ipv6,
        0x8100 or 0x88A8 or 0x9100 or 0x9200 => Layer.Vlan,
        0x88E7 => Layer.ServiceInstance,
        0x8903 => Layer.FabricPath,
        0x8847 or 0x8848 => Layer.Mpls,
        0x8864 => Layer.PppOverEthernet,
        0x880B => Layer.Ppp,
        0x6558 => Layer.Ethernet,
        <= 1500 => Layer.Llc,
        _ => Layer.None,
    };

    public static bool Take(ref ReadOnlySpan<byte> rest, int count)
    {
        if (count > rest.Length)
        {
            return false;
        }

        rest = rest[count..];
        return true;
    }

    private static Layer Ethernet(ref ReadOnlySpan<byte> rest) =>
        rest.Length < 14 ? Layer.Truncated : After(BinaryPrimitives.ReadUInt16BigEndian(rest[12..]), 14, ref rest);

    private static Layer After(ushort type, int headerLength, ref ReadOnlySpan<byte> rest)
    {
        rest = rest[headerLength..];
        return OfEtherType(type);
    }

    private static Layer ByVersion(byte first) => (first >> 4) switch
    {
        4 => Layer.Ipv4,
        6 => Layer.Ipv6,
        _ => Layer.None,
    };

    // The byte order is that of the capturing host, so the small number is looked for at both ends.
    private static Layer Family(ref ReadOnlySpan<byte> rest)
    {
        if (rest.Length < 4)
        {
            return Layer.Truncated;
        }

        int family = rest[0] | rest[3];
        rest = rest[4..];
        return OfFamily(family);
    }

    private static Layer OfFamily(int family) => family switch
    {
        2 => Layer.Ipv4,
        10 or 24 or 28 or 30 => Layer.Ipv6, // Linux, NetBSD, FreeBSD, macOS
        _ => Layer.None,
    };

    private static Layer Llc(ref ReadOnlySpan<byte> rest)
    {
        if (rest.Length < 8)
        {
            return rest is [6, 6, 3, ..] ? Layer.Truncated : Layer.None;
        }

        if (rest is [0xAA, 0xAA, 3, _, _, _, ..])
        {
            rest = rest[6..];
            return Layer.EtherTypeNext;
        }

        if (rest is [6, 6, 3, ..])
        {
            rest = rest[3..];
            return Layer.IpByVersion;
        }

        return Layer.None;
    }

    private static Layer Mpls(ref ReadOnlySpan<byte> rest)
    {
        for (int i = 0; i < MaxLabels; i++)
        {
            if (rest.Length < 4)
            {
                return Layer.Truncated;
            }

            bool bottom = (rest[2] & 1) != 0;
            rest = rest[4..];
            if (bottom)
            {
                if (rest.IsEmpty)
                {
                    return Layer.Truncated;
                }

                // No label says what it carries; a pseudowire's control word begins with 0 (RFC 4385 §2).
                Layer inner = ByVersion(rest[0]);
                return inner != Layer.None ? inner : rest[0] >> 4 == 0 && !Take(ref rest, 4) ? Layer.Truncated : Layer.Ethernet;
            }
        }

        return Layer.None;
    }

    private static Layer Ppp(ref ReadOnlySpan<byte> rest)
    {
        if (rest is [0xFF, 3, ..])
        {
            rest = rest[2..];
        }
        else if (rest is [0x0F or 0x8F, 0, ..])
        {
            rest = rest[2..];
            return Layer.EtherTypeNext; // Cisco HDLC
        }

        if (rest.Length < 2)
        {
            return Layer.Truncated;
        }

        // The protocol may be compressed to one odd byte (RFC 1661 §6.5).
        bool compressed = (rest[0] & 1) != 0;
        int protocol = compressed ? rest[0] : BinaryPrimitives.ReadUInt16BigEndian(rest);
        rest = rest[(compressed ? 1 : 2)..];
        return protocol switch
        {
            0x0021 => Layer.Ipv4,
            0x0057 => Layer.Ipv6,
            0x0281 or 0x0283 => Layer.Mpls,
            _ => Layer.None,
        };
    }

    private static Layer Ieee80211(ref ReadOnlySpan<byte> rest)
    {
        const byte Protected = 0x40;
        if (rest.Length < 2)
        {
            return Layer.Truncated;
        }

        byte type = rest[0];
        byte flags = rest[1];
        bool data = (type & 0x0C) == 0x08;
        bool empty = (type & 0x40) != 0;
        if (!data || empty || (flags & Protected) != 0)
        {
            return Layer.None;
        }

        bool qos = (type & 0x80) != 0;
        int length = 24 + ((flags & 3) == 3 ? 6 : 0) + (qos ? 2 : 0) + (qos && (flags & 0x80) != 0 ? 4 : 0);
        if (!Take(ref rest, length))
        {
            return Layer.Truncated;
        }

        // Some drivers pad the header to four bytes; the LLC header shows where it really begins.
        if (length % 4 != 0 && rest is [not 0xAA, ..] && rest.Length >= 4 && rest[2] == 0xAA)
        {
            rest = rest[2..];
        }

        return Layer.Llc;
    }

    private static Layer NetfilterLog(ref ReadOnlySpan<byte> rest)
    {
        // A log record has about a dozen attributes.
        const int MaxAttributes = 32;
        const ushort Payload = 9;
        if (rest.Length < 4)
        {
            return Layer.Truncated;
        }

        int family = rest[0];
        rest = rest[4..];
        for (int i = 0; i < MaxAttributes && rest.Length >= 4; i++)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(rest);
            ushort type = BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]);
            if (length < 4)
            {
                return Layer.None;
            }

            if (type == Payload)
            {
                rest = rest[4..Math.Min(length, rest.Length)];
                return OfFamily(family);
            }

            if (!Take(ref rest, (length + 3) & ~3))
            {
                return Layer.Truncated;
            }
        }

        return Layer.None;
    }
}
