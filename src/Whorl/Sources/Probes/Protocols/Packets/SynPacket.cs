using System.Buffers.Binary;
using System.Net;
using Whorl.Fingerprints.Tcp;
using Whorl.Fingerprints.Wire;
using Whorl.Kernel;

namespace Whorl.Sources.Probes.Protocols.Packets;

/// <summary>The SYN of a probe, as a Linux client would send it, and what may come back.</summary>
internal static class SynPacket
{
    /// <summary>Segment size that we offer; some stacks derive their window from it.</summary>
    public const ushort Mss = 1460;

    /// <summary>Bytes of header and options.</summary>
    public const int Length = 40;

    private const byte Protocol = 6;
    private const byte Syn = 0x02;
    private const byte Rst = 0x04;
    private const byte Ack = 0x10;

    // mss 1460 | sack permitted | timestamps | nop | window scale 7: the order in which Linux has them, because servers answer in kind.
    private static ReadOnlySpan<byte> Options => [2, 4, Mss >> 8, Mss & 0xFF, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7];

    /// <summary>The TCP segment with its checksum.</summary>
    public static byte[] Make(IPAddress source, ushort sourcePort, IPAddress target, ushort targetPort, uint sequence)
    {
        byte[] segment = new byte[Length];
        BinaryPrimitives.WriteUInt16BigEndian(segment, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(2), targetPort);
        BinaryPrimitives.WriteUInt32BigEndian(segment.AsSpan(4), sequence);
        segment[12] = Length / 4 << 4;
        segment[13] = Syn;
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(14), 64_240);
        Options.CopyTo(segment.AsSpan(20));
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(16), Checksum(source, target, segment));
        return segment;
    }

    /// <summary>
    /// Reads an IP packet that may be an answer: whom it is from and to, what it acknowledges, and the stack where it accepts the connection;
    /// null where it refuses.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> packet, out SynAnswer answer)
    {
        answer = default;
        int header = packet.IsEmpty ? 0 : (packet[0] >> 4) switch
        {
            4 when packet.Length >= 20 && packet[9] == Protocol => (packet[0] & 0x0F) * 4,
            6 when packet.Length >= 40 && packet[6] == Protocol => 40,
            _ => 0,
        };
        if (header < 20 || packet.Length < header + 20)
        {
            return false;
        }

        ReadOnlySpan<byte> tcp = packet[header..];
        byte flags = tcp[13];
        bool accepts = (flags & (Syn | Ack | Rst)) == (Syn | Ack);
        TcpStack? stack = null;
        if ((!accepts && (flags & Rst) == 0) || (accepts && TcpStack.TryParseSynAck(packet, Mss, out stack) != ParseStatus.Done))
        {
            return false;
        }

        bool v4 = header != 40 || packet[0] >> 4 == 4;
        PeerAddress source = PeerAddress.From(new IPAddress(v4 ? packet.Slice(12, 4) : packet.Slice(8, 16)));
        answer = new(
            source, BinaryPrimitives.ReadUInt16BigEndian(tcp), BinaryPrimitives.ReadUInt16BigEndian(tcp[2..]), BinaryPrimitives.ReadUInt32BigEndian(tcp[8..]), v4 ? packet[8] : packet[7], stack);
        return true;
    }

    // RFC 9293 §3.1: over the addresses, the length, the protocol and the segment.
    private static ushort Checksum(IPAddress source, IPAddress target, ReadOnlySpan<byte> segment)
    {
        uint sum = (uint)segment.Length + Protocol;
        foreach (byte[] part in (byte[][])[source.GetAddressBytes(), target.GetAddressBytes(), segment.ToArray()])
        {
            for (int i = 0; i < part.Length; i += 2)
            {
                sum += (uint)((part[i] << 8) | (i + 1 < part.Length ? part[i + 1] : 0));
            }
        }

        while (sum >> 16 != 0)
        {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        return (ushort)~sum;
    }
}

/// <summary>An answer to a SYN.</summary>
/// <param name="Source">Who answers.</param>
/// <param name="SourcePort">From which port.</param>
/// <param name="Port">To which port of ours.</param>
/// <param name="Acknowledged">What it acknowledges: our sequence number and one.</param>
/// <param name="Ttl">Its time to live as it arrived.</param>
/// <param name="Stack">What it looks like; null where it refuses.</param>
internal readonly record struct SynAnswer(PeerAddress Source, ushort SourcePort, ushort Port, uint Acknowledged, byte Ttl, TcpStack? Stack);
