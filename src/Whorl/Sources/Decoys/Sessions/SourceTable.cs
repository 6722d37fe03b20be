using System.Runtime.InteropServices;
using Whorl.Kernel;

namespace Whorl.Sources.Decoys.Sessions;

/// <summary>What each source has open and took in the current minute. Bounded: sources with nothing open are forgotten first when room is needed.</summary>
internal sealed class SourceTable(DecoyLimits limits, TimeProvider clock)
{
    // A sweep that frees only one place would be done for each newcomer.
    private const int Sweep = 1024;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, Source> _sources = [];
    private int _open;

    /// <summary>Takes a place for a connection; null where it got one.</summary>
    public TurnedAway? Open(PeerAddress address)
    {
        lock (_gate)
        {
            if (_open >= limits.Connections)
            {
                return TurnedAway.Full;
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

            if (source.Bytes >= limits.MegabytesPerMinute * 1024L * 1024L)
            {
                return TurnedAway.SourceBytes;
            }

            source.Open++;
            source.Connections++;
            _open++;
            return null;
        }
    }

    public void Close(PeerAddress address, long bytes)
    {
        lock (_gate)
        {
            ref Source source = ref Of(address);
            source.Open--;
            source.Bytes += bytes;
            _open--;
        }
    }

    /// <summary>Whether one more datagram of this source is heard.</summary>
    public TurnedAway? Datagram(PeerAddress address, int bytes)
    {
        lock (_gate)
        {
            ref Source source = ref Of(address);
            if (source.Datagrams >= limits.DatagramsPerMinute)
            {
                return TurnedAway.SourceRate;
            }

            source.Datagrams++;
            source.Bytes += bytes;
            return null;
        }
    }

    private ref Source Of(PeerAddress address)
    {
        // One host of IPv6 has a /64 to draw addresses from.
        UInt128 key = address.IsV4 ? address.Bits : address.Bits >> 64 << 64;
        if (_sources.Count >= limits.Sources && !_sources.ContainsKey(key))
        {
            MakeRoom();
        }

        ref Source source = ref CollectionsMarshal.GetValueRefOrAddDefault(_sources, key, out bool known)!;
        long now = clock.GetTimestamp();
        if (!known || clock.GetElapsedTime(source.Since, now) >= Window)
        {
            source = new Source { Open = source.Open, Since = now };
        }

        return ref source;
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
