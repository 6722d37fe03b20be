using System.Runtime.CompilerServices;
using Whorl.Fingerprints.Packets;
using Whorl.Fingerprints.Tcp;
using Whorl.Sources.Capture.Flows.Protocols;
using Whorl.Sources.Capture.Flows.Streams;
using Whorl.Sources.Capture.Flows.Tables;

namespace Whorl.Sources.Capture.Flows;

/// <summary>
/// From frames to what they tell: follows conversations, puts streams together, reads openings, and tells
/// <see cref="IFlowEvents"/>. One thread; no locks; nothing is allocated for a packet, only for a message that is told.
/// <code>
/// frame ─ decode ─┬─ TCP ─ SYN records, conversations ─ reassembly ─ readers: TLS, SSH, HTTP
///                 ├─ UDP ─ conversations ─ QUIC, DTLS
///                 ├─ ICMP
///                 └─ not IP: ARP ─ neighbours
/// </code>
/// </summary>
internal sealed class FlowEngine
{
    // How much time passes between two looks for what was quiet too long.
    private const long ExpiryStep = 100_000_000;

    private readonly EngineCounters _counters = new();
    private readonly FragmentTable _fragments = new();
    private readonly IFlowEvents _events;
    private readonly StreamBuffers _buffers;
    private readonly ConversationTable _conversations;
    private readonly HostTable _hosts;
    private readonly NeighbourTable _neighbours;
    private readonly Openings _openings;
    private readonly TcpTracker _tcp;
    private readonly UdpTracker _udp;
    private long _expired;

    /// <param name="limits">How much it remembers.</param>
    /// <param name="signatures">What stacks are compared with; null without a signature file.</param>
    /// <param name="events">Who is told.</param>
    public FlowEngine(FlowLimits limits, P0fSignatures? signatures, IFlowEvents events)
    {
        _events = events;
        _buffers = new StreamBuffers(limits.StreamBytes, limits.BufferBytes);
        _conversations = new ConversationTable(limits, _buffers, events, _counters);
        _hosts = new HostTable(limits.MaxHosts, _counters);
        _neighbours = new NeighbourTable(limits.MaxNeighbours, events);
        _openings = new Openings(limits, _conversations, _counters);
        StreamReaders readers = new(_conversations, _openings, events, _counters);
        _conversations.Leaving = index =>
        {
            readers.Leave(index);
            _openings.Remove(index);
        };
        _tcp = new TcpTracker(_conversations, _hosts, new Reassembly(_conversations, _buffers, readers, _counters), signatures, events);
        _udp = new UdpTracker(
            _conversations, new QuicReader(_conversations, _openings, events, _counters), new DtlsFlowReader(_conversations, _openings, events, _counters));
    }

    /// <summary>Takes the next frame.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Take(in CapturedFrame frame)
    {
        _counters.Frames++;
        _counters.Bytes += frame.Bytes.Length;
        if (frame.Time - _expired is > ExpiryStep or < -ExpiryStep)
        {
            Tick(frame.Time);
        }

        switch (Packet.TryDecode(frame.Link, frame.Bytes, out Packet packet))
        {
            case PacketStatus.Done:
                TakePacket(frame, packet);
                break;
            case PacketStatus.Fragment:
                TakeFragment(frame, packet);
                break;
            case PacketStatus.NotIp:
                _counters.NotIp++;
                _neighbours.TakeOther(frame);
                break;
            case PacketStatus.Truncated:
                _counters.Truncated++;
                break;
            case PacketStatus.UnknownLink:
                _counters.UnknownLink++;
                break;
            default:
                _counters.Malformed++;
                break;
        }
    }

    /// <summary>Ends what was quiet too long; for when no frames come.</summary>
    /// <param name="now">Nanoseconds since 1970, of the clock that stamps the frames.</param>
    public void Tick(long now)
    {
        _expired = now;
        _conversations.Expire(now);
    }

    /// <summary>Ends everything: the capture is over.</summary>
    public void Finish() => _conversations.EndAll();

    /// <summary>A copy of the counters.</summary>
    public EngineCounters Counters() => _counters with
    {
        FragmentsDropped = _fragments.DroppedCount,
        BuffersReclaimed = _buffers.Reclaimed,
        Flows = _conversations.Count,
        Syns = _conversations.SynCount,
        Hosts = _hosts.Count,
        BufferedBytes = _buffers.Used + _openings.Bytes,
        Openings = _openings.Count,
    };

    private void TakeFragment(in CapturedFrame frame, in Packet fragment)
    {
        _counters.Fragments++;
        DateTimeOffset seen = DateTimeOffset.UnixEpoch.AddTicks(Math.Clamp(frame.Time / 100, 0, DateTimeOffset.MaxValue.Ticks - DateTimeOffset.UnixEpoch.Ticks));
        if (!_fragments.TryAdd(fragment, seen, out ReadOnlyMemory<byte> whole))
        {
            return;
        }

        _counters.Reassembled++;
        if (Packet.TryDecode(LinkType.Raw, whole.Span, out Packet packet) == PacketStatus.Done)
        {
            TakePacket(frame, packet);
        }
        else
        {
            _counters.Malformed++;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TakePacket(in CapturedFrame frame, in Packet packet)
    {
        if (packet.IpVersion == 6 ? packet.Ip[8] == 0xFE : packet.Ip[16] >= 224)
        {
            TakeNeighbour(frame, packet);
        }

        switch (packet.Protocol)
        {
            case IpProtocol.Tcp:
                _tcp.Take(frame, packet);
                break;
            case IpProtocol.Udp:
                _udp.Take(frame, packet);
                break;
            case IpProtocol.Icmp or IpProtocol.IcmpV6:
                TakeIcmp(frame, packet);
                break;
            default:
                _counters.OtherProtocol++;
                break;
        }
    }

    // fe80::/10 as sender; IPv4 towards groups of this link (224.0.0.0/24) or everybody (255.255.255.255).
    private void TakeNeighbour(in CapturedFrame frame, in Packet packet)
    {
        if (packet.Layers is not (PacketLayers.None or PacketLayers.Vlan))
        {
            return;
        }

        ReadOnlySpan<byte> ip = packet.Ip;
        if (packet.IpVersion == 6)
        {
            if ((ip[9] & 0xC0) == 0x80)
            {
                _neighbours.TakeLinkLocal(frame, packet, AtOf(frame, packet));
            }
        }
        else if (ip[16..20] is [224, 0, 0, _] or [255, 255, 255, 255])
        {
            _neighbours.TakeLocal(frame, packet);
        }
    }

    private void TakeIcmp(in CapturedFrame frame, in Packet packet)
    {
        // Version 6: errors and echoes; neighbour discovery and group membership are every link's own noise.
        bool tells = packet.IpVersion == 4 ? packet.Protocol == IpProtocol.Icmp : packet.Protocol == IpProtocol.IcmpV6 && packet.IcmpType is >= 1 and <= 4 or 128 or 129;
        if (tells)
        {
            IcmpSighting message = new(packet.IpVersion, packet.IcmpType, packet.IcmpCode, packet.Payload.Length + packet.MissingBytes);
            _events.Icmp(AtOf(frame, packet), message);
        }
    }

    private static Sighting AtOf(in CapturedFrame frame, in Packet packet)
    {
        FlowKey flow = packet.Flow;
        return new Sighting(flow.Source, flow.SourcePort, flow.Destination, flow.DestinationPort, frame.Time, frame.Interface, packet.VlanId, 0);
    }
}
