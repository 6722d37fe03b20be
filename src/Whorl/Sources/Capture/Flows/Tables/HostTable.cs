using Whorl.Fingerprints.Tcp;

namespace Whorl.Sources.Capture.Flows.Tables;

/// <summary>
/// What the last openings of each host told about how it counts: sequence numbers, IP ids, clock. A host that was heard once
/// goes before one that was heard again, so that a flood of made-up senders does not push the real ones out.
/// </summary>
internal sealed class HostTable(int capacity, EngineCounters counters)
{
    private const int HeardOnce = 0;
    private const int HeardAgain = 1;
    private const int Remembered = 8;

    // What the classes are computed over ends here: a host that was quiet longer may have been started anew.
    private const long MaxGap = 600 * 1_000_000_000L;

    private readonly LruTable<HostKey, Host> _hosts = new(capacity, 2);

    public int Count => _hosts.Count;

    /// <summary>Notes a SYN or a SYN-ACK and tells what is known of the host with it.</summary>
    public (IsnClass? Isn, IpIdClass? IpId, TcpClock? Clock) Note(UInt128 address, bool answers, in Opening opening)
    {
        HostKey key = new(address, answers);
        uint hash = key.Hash();
        int index = _hosts.Find(key, hash);
        if (index < 0)
        {
            if (_hosts.IsFull)
            {
                _hosts.Remove(_hosts.Oldest(HeardOnce) is >= 0 and int once ? once : _hosts.Oldest(HeardAgain));
                counters.HostsEvicted++;
            }

            index = _hosts.Add(key, hash, HeardOnce);
        }
        else
        {
            _hosts.Move(index, HeardAgain);
        }

        ref Host host = ref _hosts[index];
        if (host.Count > 0 && (opening.Time - host.LastTime > MaxGap || opening.Time < host.LastTime))
        {
            host = default;
        }

        if (host.Count > 0 && opening.Sequence == host.LastSequence && opening.Peer == host.LastPeer)
        {
            return Tell(ref host); // sent again
        }

        Measure(ref host, opening);
        int at = host.Count % Remembered;
        host.Sequences[at] = opening.Sequence;
        host.Times[at] = opening.Time;
        host.Ids[at] = opening.Id;
        host.HasIds = opening.HasId && (host.HasIds || host.Count == 0);
        host.LastSequence = opening.Sequence;
        host.LastPeer = opening.Peer;
        host.LastTime = opening.Time;
        host.Count++;
        return Tell(ref host);
    }

    /// <summary>Keeps a clock that was measured inside a conversation.</summary>
    public void KeepClock(UInt128 address, bool answers, TcpClock clock)
    {
        HostKey key = new(address, answers);
        int index = _hosts.Find(key, key.Hash());
        if (index >= 0)
        {
            _hosts[index].Clock = clock;
        }
    }

    // Many stacks give every peer another clock, so only two openings towards one peer are compared.
    private static void Measure(ref Host host, in Opening opening)
    {
        if (opening.Timestamp == 0)
        {
            return;
        }

        if (host.ClockPeer == opening.Peer && host.ClockTime != 0
            && TcpClock.TryMeasure(host.ClockTicks, opening.Timestamp, TimeSpan.FromTicks((opening.Time - host.ClockTime) / 100), out TcpClock clock))
        {
            host.Clock = clock;
        }

        (host.ClockPeer, host.ClockTicks, host.ClockTime) = (opening.Peer, opening.Timestamp, opening.Time);
    }

    private static (IsnClass?, IpIdClass?, TcpClock?) Tell(ref Host host)
    {
        int count = Math.Min(host.Count, Remembered);
        if (count < IpIdSequence.MinCount)
        {
            return (null, null, host.Clock);
        }

        Span<uint> numbers = stackalloc uint[Remembered];
        Span<ushort> ids = stackalloc ushort[Remembered];
        Span<TimeSpan> times = stackalloc TimeSpan[Remembered];
        int first = host.Count - count;
        for (int i = 0; i < count; i++)
        {
            int at = (first + i) % Remembered;
            numbers[i] = host.Sequences[at];
            ids[i] = host.Ids[at];
            times[i] = TimeSpan.FromTicks(host.Times[at] / 100);
        }

        IsnClass isn = IsnSequence.Classify(numbers[..count], times[..count]);
        IpIdClass id = host.HasIds ? IpIdSequence.Classify(ids[..count]) : IpIdClass.Unknown;
        return (isn == IsnClass.Unknown ? null : isn, id == IpIdClass.Unknown ? null : id, host.Clock);
    }

    /// <summary>A SYN or SYN-ACK, as far as it tells how its sender counts.</summary>
    internal readonly record struct Opening(uint Peer, uint Sequence, ushort Id, bool HasId, uint Timestamp, long Time);

    private readonly struct HostKey(UInt128 address, bool answers) : ITableKey<HostKey>
    {
        private readonly UInt128 _address = address;
        private readonly bool _answers = answers;

        public uint Hash() => SecretHash.Finish(SecretHash.Mix((ulong)_address, (ulong)(_address >> 64)), _answers ? 1UL : 0);

        public bool Equals(HostKey other) => _address == other._address && _answers == other._answers;

        public override bool Equals(object? obj) => obj is HostKey other && Equals(other);

        public override int GetHashCode() => (int)Hash();
    }

    private struct Host
    {
        public Ring<uint> Sequences;
        public Ring<long> Times;
        public Ring<ushort> Ids;
        public bool HasIds;
        public int Count;
        public uint LastSequence;
        public uint LastPeer;
        public long LastTime;
        public uint ClockPeer;
        public uint ClockTicks;
        public long ClockTime;
        public TcpClock? Clock;
    }

    [System.Runtime.CompilerServices.InlineArray(Remembered)]
    private struct Ring<T>
    {
        private T _first;
    }
}
