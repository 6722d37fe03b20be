using Whorl.Fingerprints.Packets;
using Whorl.Tests.Support;

namespace Whorl.Fingerprints.Tests.Captures;

/// <summary>Puts the TCP streams of a capture together, whatever the ports; where segments overlap, the first copy stays.</summary>
internal sealed class TcpStreams
{
    // A new SYN with another number on the same ports is a new stream.
    private readonly Dictionary<FlowKey, List<Stream>> _streams = [];
    private readonly FragmentTable _fragments = new();

    /// <summary>Each direction of each connection: its ends and its bytes up to the first gap.</summary>
    public static IEnumerable<(FlowKey Flow, byte[] Bytes)> Read(string path)
    {
        TcpStreams streams = new();
        foreach (CapturedPacket captured in PcapReader.Read(path))
        {
            streams.Add(captured);
        }

        return streams._streams.SelectMany(pair => pair.Value.Select(stream => (pair.Key, stream.Join())));
    }

    private void Add(in CapturedPacket captured)
    {
        PacketStatus status = Packet.TryDecode((LinkType)captured.LinkType, captured.Bytes, out Packet packet);
        DateTimeOffset seen = DateTimeOffset.UnixEpoch.AddMicroseconds(captured.Micros);
        if (status == PacketStatus.Fragment && _fragments.TryAdd(packet, seen, out ReadOnlyMemory<byte> whole))
        {
            status = Packet.TryDecode(LinkType.Raw, whole.Span, out packet);
        }

        if (status != PacketStatus.Done || !packet.IsTcp)
        {
            return;
        }

        if (!_streams.TryGetValue(packet.Flow, out List<Stream>? streams))
        {
            _streams.Add(packet.Flow, streams = []);
        }

        bool syn = (packet.TcpFlags & TcpFlags.Syn) != TcpFlags.None;
        uint start = syn ? packet.Sequence + 1 : packet.Sequence;
        if (streams.Count == 0 || (syn && streams[^1].Start != start))
        {
            streams.Add(new Stream(start));
        }

        streams[^1].Add(start, packet.Payload);
    }

    private sealed class Stream(uint start)
    {
        private readonly SortedDictionary<uint, byte[]> _segments = [];

        public uint Start { get; } = start;

        public void Add(uint sequence, ReadOnlySpan<byte> bytes)
        {
            uint offset = sequence - Start;
            if (!bytes.IsEmpty && offset < int.MaxValue && !(_segments.TryGetValue(offset, out byte[]? held) && held.Length >= bytes.Length))
            {
                _segments[offset] = bytes.ToArray();
            }
        }

        public byte[] Join()
        {
            List<byte> bytes = [];
            foreach ((uint offset, byte[] segment) in _segments)
            {
                if (offset > bytes.Count)
                {
                    break;
                }

                bytes.AddRange(segment.Skip(bytes.Count - (int)offset));
            }

            return [.. bytes];
        }
    }
}
