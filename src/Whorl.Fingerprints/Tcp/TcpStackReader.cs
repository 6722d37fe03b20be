using System.Buffers.Binary;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tcp;

/// <summary>Reads the IP and TCP headers of an opening packet.</summary>
internal static class TcpStackReader
{
    private const int Ipv6HeaderLength = 40;
    private const int MinTcpHeaderLength = 20;

    // A sane packet has none or one or two; the kernel refuses long chains as well.
    private const int MaxExtensionHeaders = 8;

    private const byte Fin = 0x01;
    private const byte Syn = 0x02;
    private const byte Rst = 0x04;
    private const byte Psh = 0x08;
    private const byte Ack = 0x10;
    private const byte Urg = 0x20;
    private const byte EceOrCwr = 0xC0;

    public static ParseStatus TryParse(ReadOnlySpan<byte> packet, bool synAck, ushort peerMss, out TcpStack? stack)
    {
        stack = null;
        if (packet.IsEmpty)
        {
            return ParseStatus.NeedMore;
        }

        IpFacts ip = default;
        ParseStatus status = (packet[0] >> 4) switch
        {
            4 => TryReadIpv4(packet, out ip),
            6 => TryReadIpv6(packet, out ip),
            _ => ParseStatus.Malformed,
        };
        return status == ParseStatus.Done ? TryReadTcp(packet, ip, synAck, peerMss, out stack) : status;
    }

    private static ParseStatus TryReadIpv4(ReadOnlySpan<byte> packet, out IpFacts ip)
    {
        const int Length = 20;
        ip = default;
        if (packet.Length < Length)
        {
            return ParseStatus.NeedMore;
        }

        int headerLength = (packet[0] & 0x0F) * 4;
        int totalLength = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        ushort id = BinaryPrimitives.ReadUInt16BigEndian(packet[4..]);
        ushort fragment = BinaryPrimitives.ReadUInt16BigEndian(packet[6..]);

        // A fragment never carries a whole SYN of an honest stack; p0f passes it by as well.
        if (headerLength < Length || packet[9] != 6 || (fragment & 0x3FFF) != 0)
        {
            return ParseStatus.Malformed;
        }

        bool dontFragment = (fragment & 0x4000) != 0;
        ip = new IpFacts
        {
            Version = 4,
            Ttl = packet[8],
            OptionLength = headerLength - Length,
            HeaderLength = headerLength,

            // Segmentation offload leaves zero here; then what was captured is all there is to go by.
            TotalLength = totalLength == 0 ? packet.Length : totalLength,
            Quirks = ((fragment & 0x8000) != 0 ? TcpQuirks.ReservedIpFlag : TcpQuirks.None)
                | ((packet[1] & 3) != 0 ? TcpQuirks.Ecn : TcpQuirks.None)
                | (dontFragment ? TcpQuirks.DontFragment : TcpQuirks.None)
                | (dontFragment && id != 0 ? TcpQuirks.IdWithDontFragment : TcpQuirks.None)
                | (!dontFragment && id == 0 ? TcpQuirks.ZeroId : TcpQuirks.None),
        };
        return ParseStatus.Done;
    }

    private static ParseStatus TryReadIpv6(ReadOnlySpan<byte> packet, out IpFacts ip)
    {
        ip = default;
        if (packet.Length < Ipv6HeaderLength)
        {
            return ParseStatus.NeedMore;
        }

        uint first = BinaryPrimitives.ReadUInt32BigEndian(packet);
        int payloadLength = BinaryPrimitives.ReadUInt16BigEndian(packet[4..]);
        byte next = packet[6];
        int at = Ipv6HeaderLength;
        for (int i = 0; next is 0 or 43 or 60; i++)
        {
            if (i == MaxExtensionHeaders)
            {
                return ParseStatus.Malformed;
            }

            if (packet.Length < at + 2)
            {
                return ParseStatus.NeedMore;
            }

            next = packet[at];
            at += 8 + (packet[at + 1] * 8);
        }

        if (next != 6)
        {
            return ParseStatus.Malformed;
        }

        ip = new IpFacts
        {
            Version = 6,
            Ttl = packet[7],
            OptionLength = at - Ipv6HeaderLength,
            HeaderLength = at,
            TotalLength = payloadLength == 0 ? packet.Length : Ipv6HeaderLength + payloadLength,
            Quirks = ((first & 0xFFFFF) != 0 ? TcpQuirks.FlowLabel : TcpQuirks.None) | (((first >> 20) & 3) != 0 ? TcpQuirks.Ecn : TcpQuirks.None),
        };
        return ParseStatus.Done;
    }

    private static ParseStatus TryReadTcp(ReadOnlySpan<byte> packet, in IpFacts ip, bool synAck, ushort peerMss, out TcpStack? stack)
    {
        stack = null;
        if (ip.TotalLength < ip.HeaderLength + MinTcpHeaderLength)
        {
            return ParseStatus.Malformed;
        }

        if (packet.Length < ip.HeaderLength + MinTcpHeaderLength)
        {
            return ParseStatus.NeedMore;
        }

        ReadOnlySpan<byte> tcp = packet[ip.HeaderLength..];
        int tcpLength = (tcp[12] >> 4) * 4;
        byte flags = tcp[13];
        if (tcpLength < MinTcpHeaderLength
            || ip.TotalLength < ip.HeaderLength + tcpLength
            || (flags & (Syn | Fin | Rst)) != Syn
            || ((flags & Ack) != 0) != synAck)
        {
            return ParseStatus.Malformed;
        }

        if (tcp.Length < tcpLength)
        {
            return ParseStatus.NeedMore;
        }

        TcpOptionReader options = new(stackalloc TcpOption[TcpOptionReader.MaxOptions]);
        options.Read(tcp[MinTcpHeaderLength..tcpLength], isSyn: !synAck);
        stack = new TcpStack
        {
            IsSynAck = synAck,
            IpVersion = ip.Version,
            ObservedTtl = ip.Ttl,
            IpOptionLength = ip.OptionLength,
            HeaderLength = ip.HeaderLength + tcpLength,
            Window = BinaryPrimitives.ReadUInt16BigEndian(tcp[14..]),
            Mss = options.Mss,
            WindowScale = options.WindowScale,
            Timestamp = options.Timestamp,
            PeerMss = peerMss,
            HasPayload = ip.TotalLength > ip.HeaderLength + tcpLength,
            Options = options.Options,
            Quirks = ip.Quirks | TcpHeaderQuirks(tcp, flags) | options.Quirks,
        };
        return ParseStatus.Done;
    }

    private static TcpQuirks TcpHeaderQuirks(ReadOnlySpan<byte> tcp, byte flags)
    {
        uint acknowledged = BinaryPrimitives.ReadUInt32BigEndian(tcp[8..]);
        TcpQuirks quirks = (flags & EceOrCwr) != 0 || (tcp[12] & 1) != 0 ? TcpQuirks.Ecn : TcpQuirks.None;
        quirks |= BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]) == 0 ? TcpQuirks.ZeroSequence : TcpQuirks.None;
        if ((flags & Ack) != 0)
        {
            quirks |= acknowledged == 0 ? TcpQuirks.ZeroAck : TcpQuirks.None;
        }
        else if ((tcp[8] & 1) != 0)
        {
            // p0f 3.09b looks at one bit of the number only (a bitwise "and" where a logical one was meant);
            // its signatures are made and matched with that, so it is kept.
            quirks |= TcpQuirks.AckWithoutFlag;
        }

        if ((flags & Urg) != 0)
        {
            quirks |= TcpQuirks.Urgent;
        }
        else if (BinaryPrimitives.ReadUInt16BigEndian(tcp[18..]) != 0)
        {
            quirks |= TcpQuirks.UrgentPointerWithoutFlag;
        }

        return (flags & Psh) != 0 ? quirks | TcpQuirks.Push : quirks;
    }

    private readonly struct IpFacts
    {
        public required byte Version { get; init; }

        public required byte Ttl { get; init; }

        public required int OptionLength { get; init; }

        public required int HeaderLength { get; init; }

        public required int TotalLength { get; init; }

        public required TcpQuirks Quirks { get; init; }
    }
}
