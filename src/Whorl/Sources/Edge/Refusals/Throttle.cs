using Whorl.Kernel;

namespace Whorl.Sources.Edge.Refusals;

/// <summary>
/// A token bucket for each throttled client, in a table of fixed size. An IPv6 client is its /64: whoever has one address there has them all.
/// A newcomer to a full slot takes the place of the one seen longest ago, so a flood of addresses costs no memory; it can only make the edge forgetful.
/// </summary>
internal sealed class Throttle
{
    private const int Ways = 4;

    private readonly Bucket[] _buckets;

    private readonly Lock[] _locks;

    private readonly TimeProvider _clock;

    private readonly double _perTick;

    private readonly double _burst;

    private readonly int _sets;

    public Throttle(ThrottleOptions options, TimeProvider clock)
    {
        _clock = clock;
        _burst = options.Burst;
        _perTick = options.RequestsPerSecond / clock.TimestampFrequency;
        SecondsToNext = Math.Max(1, (int)Math.Ceiling(1 / options.RequestsPerSecond));
        _sets = Math.Max(1, options.Clients / Ways);
        _buckets = new Bucket[_sets * Ways];
        _locks = [.. Enumerable.Range(0, 64).Select(_ => new Lock())];
    }

    /// <summary>What Retry-After says.</summary>
    public int SecondsToNext { get; }

    /// <summary>Takes a token; false where the client has none left.</summary>
    public bool TryPass(PeerAddress client)
    {
        UInt128 key = client.IsV4 ? client.Bits : client.Bits >> 64 << 64;
        int set = (int)((uint)HashCode.Combine(key) % (uint)_sets);
        long now = _clock.GetTimestamp();
        lock (_locks[set % _locks.Length])
        {
            Span<Bucket> ways = _buckets.AsSpan(set * Ways, Ways);
            ref Bucket bucket = ref ways[0];
            foreach (ref Bucket way in ways)
            {
                if (way.Used && way.Key == key)
                {
                    bucket = ref way;
                    break;
                }

                if (!way.Used || (bucket.Used && way.Seen < bucket.Seen))
                {
                    bucket = ref way;
                }
            }

            if (!bucket.Used || bucket.Key != key)
            {
                bucket = new() { Used = true, Key = key, Seen = now, Tokens = _burst };
            }

            bucket.Tokens = Math.Min(_burst, bucket.Tokens + ((now - bucket.Seen) * _perTick));
            bucket.Seen = now;
            if (bucket.Tokens < 1)
            {
                return false;
            }

            bucket.Tokens -= 1;
            return true;
        }
    }

    private struct Bucket
    {
        public bool Used;

        public UInt128 Key;

        public long Seen;

        public double Tokens;
    }
}
