using System.Buffers.Binary;

namespace Whorl.Fingerprints.Packets;

/// <summary>IP packets that carry other packets.</summary>
internal static class Tunnels
{
    private const int VxlanPort = 4789;
    private const int VxlanPortOfOldLinux = 8472;
    private const int VxlanGpePort = 4790;
    private const int GenevePort = 6081;
    private const int GtpUPort = 2152;

    // 3GPP TS 29.281 §5.2 defines fewer than ten extension headers.
    private const int MaxGtpExtensions = 8;

    /// <summary>Steps into the packet's payload if it is a tunnel; <see cref="Layer.None"/> if it is not.</summary>
    public static Layer Enter(ref ReadOnlySpan<byte> ip, ref IpLayout layout)
    {
        switch (layout.Protocol)
        {
            case IpProtocol.Udp:
                ReadOnlySpan<byte> udp = ip[layout.TransportAt..];
                return EnterUdp(BinaryPrimitives.ReadUInt16BigEndian(udp), BinaryPrimitives.ReadUInt16BigEndian(udp[2..]), ref ip, ref layout);
            case 4:
                return Into(Layer.Ipv4, PacketLayers.IpInIp, ip[layout.PayloadAt..], ref ip, ref layout);
            case 41:
                return Into(Layer.Ipv6, PacketLayers.IpInIp, ip[layout.PayloadAt..], ref ip, ref layout);
            case 47:
                return Gre(ref ip, ref layout);
            case 137:
                return Into(Layer.Mpls, PacketLayers.Mpls, ip[layout.PayloadAt..], ref ip, ref layout);
            default:
                return Layer.None;
        }
    }

    private static Layer EnterUdp(ushort source, ushort destination, ref ReadOnlySpan<byte> ip, ref IpLayout layout)
    {
        ReadOnlySpan<byte> payload = ip[layout.PayloadAt..];
        return destination switch
        {
            VxlanPort or VxlanPortOfOldLinux => Vxlan(payload, ref ip, ref layout),
            VxlanGpePort => VxlanGpe(payload, ref ip, ref layout),
            GenevePort => Geneve(payload, ref ip, ref layout),
            _ => destination == GtpUPort || source == GtpUPort ? GtpU(payload, ref ip, ref layout) : Layer.None,
        };
    }

    private static Layer Into(Layer layer, PacketLayers seen, ReadOnlySpan<byte> inner, ref ReadOnlySpan<byte> ip, ref IpLayout layout)
    {
        layout.Layers |= seen;
        ip = inner;
        return layer;
    }

    // RFC 2784, RFC 2890; version 1 is that of PPTP (RFC 2637 §4.1).
    private static Layer Gre(ref ReadOnlySpan<byte> ip, ref IpLayout layout)
    {
        ReadOnlySpan<byte> rest = ip[layout.PayloadAt..];
        if (rest.Length < 4)
        {
            return Layer.None;
        }

        int flags = BinaryPrimitives.ReadUInt16BigEndian(rest);
        ushort type = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
        int version = flags & 7;
        bool hasSequence = (flags & 0x1000) != 0;
        int length = 4
            + ((flags & 0xC000) != 0 ? 4 : 0)
            + ((flags & 0x2000) != 0 ? 4 : 0)
            + (hasSequence ? 4 : 0)
            + (version == 1 && (flags & 0x0080) != 0 ? 4 : 0);
        if (version > 1 || !LinkLayers.Take(ref rest, length))
        {
            return Layer.None;
        }

        Layer layer = type switch
        {
            0x88BE => hasSequence ? Layer.ErspanTwo : Layer.Ethernet, // type I has no header of its own
            0x22EB => Layer.ErspanThree,
            _ => LinkLayers.OfEtherType(type),
        };
        return layer is Layer.None or Layer.Llc ? Layer.None : Into(layer, PacketLayers.Gre, rest, ref ip, ref layout);
    }

    // RFC 7348 §5: flags with the I bit alone, 24 reserved bits, identifier, reserved.
    private static Layer Vxlan(ReadOnlySpan<byte> payload, ref ReadOnlySpan<byte> ip, ref IpLayout layout) =>
        payload.Length >= 8 && (payload[0] & 0x08) != 0 && payload[7] == 0
            ? Into(Layer.Ethernet, PacketLayers.Vxlan, payload[8..], ref ip, ref layout)
            : Layer.None;

    // draft-ietf-nvo3-vxlan-gpe §3: the P bit says that the fourth byte names what follows.
    private static Layer VxlanGpe(ReadOnlySpan<byte> payload, ref ReadOnlySpan<byte> ip, ref IpLayout layout)
    {
        if (payload.Length < 8 || (payload[0] & 0x0C) != 0x0C)
        {
            return Layer.None;
        }

        Layer layer = payload[3] switch
        {
            1 => Layer.Ipv4,
            2 => Layer.Ipv6,
            3 => Layer.Ethernet,
            _ => Layer.None,
        };
        return layer == Layer.None ? layer : Into(layer, PacketLayers.Vxlan, payload[8..], ref ip, ref layout);
    }

    // RFC 8926 §3.4: version and option length, flags, EtherType, identifier, reserved.
    private static Layer Geneve(ReadOnlySpan<byte> payload, ref ReadOnlySpan<byte> ip, ref IpLayout layout)
    {
        if (payload.Length < 8 || payload[0] >> 6 != 0)
        {
            return Layer.None;
        }

        Layer layer = LinkLayers.OfEtherType(BinaryPrimitives.ReadUInt16BigEndian(payload[2..]));
        int length = 8 + ((payload[0] & 0x3F) * 4);
        return layer is Layer.None or Layer.Llc || payload.Length < length
            ? Layer.None
            : Into(layer, PacketLayers.Geneve, payload[length..], ref ip, ref layout);
    }

    // 3GPP TS 29.281 §5.1: version 1, message 255 is a user packet; any of three flags adds four bytes.
    private static Layer GtpU(ReadOnlySpan<byte> payload, ref ReadOnlySpan<byte> ip, ref IpLayout layout)
    {
        if (payload.Length < 8 || (payload[0] & 0xF0) != 0x30 || payload[1] != 255)
        {
            return Layer.None;
        }

        int at = 8;
        if ((payload[0] & 7) != 0)
        {
            at = 12;
            for (int i = 0; (payload[0] & 4) != 0 && at <= payload.Length && payload[at - 1] != 0; i++)
            {
                if (i == MaxGtpExtensions || at >= payload.Length || payload[at] == 0)
                {
                    return Layer.None;
                }

                at += payload[at] * 4;
            }
        }

        return at < payload.Length ? Into(Layer.IpByVersion, PacketLayers.GtpU, payload[at..], ref ip, ref layout) : Layer.None;
    }
}
