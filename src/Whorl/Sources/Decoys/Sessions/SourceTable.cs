using System.Runtime.InteropServices;
using Whorl.Kernel;

namespace Whorl.Sources.Decoys.Sessions;

/// <summary>What each source, and all together, have open and took in the current minute. Bounded: sources with nothing open are forgotten first when room is needed.</summary>
internal sealed class SourceTable(DecoyLimits limits, TimeProvider clock)
{
    // A sweep that frees only one place would be done for each newcomer.
    private const int Sweep = 1024;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, Source> _sources = [];
    private Source _all = new() { Since = clock.GetTimestamp() };

    /// <summary>Takes a place for a connection; null where it got one.</summary>
    public TurnedAway? Open(PeerAddress address)
    {
        lock (_gate)
        {
            Renew(ref _all);
            if (_all.Open >= limits.Connections)
            {
                return TurnedAway.Full;
            }

            if (_all.Bytes >= Megabytes(limits.TotalMegabytesPerMinute))
            {
                return TurnedAway.Bytes;
            }

            ref Source source = ref Of(address);
            if (source.Open >= limits.ConnectionsPerSource)
            {
                return TurnedAway.SourceConnections;
            }

            if (source.Connections >= limits.ConnectionsPerMinute)
            {
                return TurnedAway.SourceRate;
            }

            if (source.Bytes >= Megabytes(limits.MegabytesPerMinute))
            {
                return TurnedAway.SourceBytes;
            }

            source.Open++;
            source.Connections++;
            _all.Open++;
            return null;
        }
    }

    public void Close(PeerAddress address)
    {
        lock (_gate)
        {
            ref Source source = ref Of(address);
            source.Open--;
            _all.Open--;
        }
    }

    /// <summary>Counts bytes that came over a connection; false where they are more than this source, or all, may send a minute.</summary>
    public bool TryTake(PeerAddress address, int bytes)
    {
        lock (_gate)
        {
            Renew(ref _all);
            ref Source source = ref Of(address);
            source.Bytes += bytes;
            _all.Bytes += bytes;
            return source.Bytes < Megabytes(limits.MegabytesPerMinute) && _all.Bytes < Megabytes(limits.TotalMegabytesPerMinute);
        }
    }

    /// <summary>Whether one more datagram of this source is heard.</summary>
    public TurnedAway? Datagram(PeerAddress address, int bytes)
    {
        lock (_gate)
        {
            Renew(ref _all);
            if (_all.Datagrams >= limits.TotalDatagramsPerMinute)
            {
                return TurnedAway.Rate;
            }

            if (_all.Bytes >= Megabytes(limits.TotalMegabytesPerMinute))
            {
                return TurnedAway.Bytes;
            }

            ref Source source = ref Of(address);
            if (source.Datagrams >= limits.DatagramsPerMinute)
            {
                return TurnedAway.SourceRate;
            }

            if (source.Bytes >= Megabytes(limits.MegabytesPerMinute))
            {
                return TurnedAway.SourceBytes;
            }

            source.Datagrams++;
            source.Bytes += bytes;
            _all.Datagrams++;
            _all.Bytes += bytes;
            return null;
        }
    }

    private static long Megabytes(int megabytes) => megabytes * 1024L * 1024L;

    private ref Source Of(PeerAddress address)
    {
        // One host of IPv6 has a /64 to draw addresses from.
        UInt128 key = address.IsV4 ? address.Bits : address.Bits >> 64 << 64;
        if (_sources.Count >= limits.Sources && !_sources.ContainsKey(key))
        {
            MakeRoom();
        }

        ref Source source = ref CollectionsMarshal.GetValueRefOrAddDefault(_sources, key, out bool known)!;
        source.Since = known ? source.Since : clock.GetTimestamp();
        Renew(ref source);
        return ref source;
    }

    // A new minute begins with what is still open.
    private void Renew(ref Source source)
    {
        long now = clock.GetTimestamp();
        if (clock.GetElapsedTime(source.Since, now) >= Window)
        {
            source = new Source { Open = source.Open, Since = now };
        }
    }

    private void MakeRoom()
    {
        List<UInt128> idle = [.. _sources.Where(entry => entry.Value.Open == 0).Select(entry => entry.Key).Take(Sweep)];
        foreach (UInt128 key in idle)
        {
            _sources.Remove(key);
        }
    }

    private struct Source
    {
        public int Open;
        public int Connections;
        public int Datagrams;
        public long Bytes;
        public long Since;
    }
}
