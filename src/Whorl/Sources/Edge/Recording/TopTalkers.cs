using Whorl.Kernel;

namespace Whorl.Sources.Edge.Recording;

/// <summary>
/// The busiest addresses of a second in bounded room (space-saving: a newcomer takes the place and the count of the quietest, so counts are never
/// too low and a busy address is never missed).
/// </summary>
internal sealed class TopTalkers
{
    // An address with more than 1/256 of the requests is sure to be among them.
    private const int MaxTracked = 256;

    private readonly Dictionary<PeerAddress, int> _places = new(MaxTracked);

    private readonly Talker[] _talkers = new Talker[MaxTracked];

    private int _count;

    private int _last;

    public void Add(PeerAddress address, int count, bool refused)
    {
        int place;
        if (_count > 0 && _talkers[_last].Address == address)
        {
            place = _last;
        }
        else if (!_places.TryGetValue(address, out place))
        {
            place = Place(address);
        }

        _last = place;
        ref Talker talker = ref _talkers[place];
        talker.Requests += count;
        talker.Refused += refused ? count : 0;
    }

    public IEnumerable<(PeerAddress Address, int Requests, int Refused)> Top(int count) =>
        _talkers.Take(_count).OrderByDescending(talker => talker.Requests).Take(count).Select(talker => (talker.Address, talker.Requests, talker.Refused));

    public void Clear()
    {
        _places.Clear();
        _count = 0;
        _last = 0;
    }

    private int Place(PeerAddress address)
    {
        int place = _count;
        if (_count < MaxTracked)
        {
            _count++;
            _talkers[place] = new() { Address = address };
        }
        else
        {
            place = 0;
            for (int i = 1; i < MaxTracked; i++)
            {
                place = _talkers[i].Requests < _talkers[place].Requests ? i : place;
            }

            _places.Remove(_talkers[place].Address);
            _talkers[place].Address = address;
            _talkers[place].Refused = 0;
        }

        _places[address] = place;
        return place;
    }

    private struct Talker
    {
        public PeerAddress Address;

        public int Requests;

        public int Refused;
    }
}

/// <summary>Durations in buckets an eighth of a power of two wide: quantiles are right to about 9 percent.</summary>
internal sealed class DurationHistogram
{
    private readonly int[] _buckets = new int[64 * 8];

    private int _total;

    public void Add(long microseconds)
    {
        _buckets[Bucket(Math.Max(1, microseconds))]++;
        _total++;
    }

    public long Quantile(double share)
    {
        long wanted = (long)Math.Ceiling(_total * share), seen = 0;
        for (int i = 0; i < _buckets.Length && _total > 0; i++)
        {
            seen += _buckets[i];
            if (seen >= wanted)
            {
                return (long)Math.Round(Math.Pow(2, i / 8) * (1 + ((i % 8) + 0.5) / 8));
            }
        }

        return 0;
    }

    public void Clear()
    {
        Array.Clear(_buckets);
        _total = 0;
    }

    private static int Bucket(long value)
    {
        int power = System.Numerics.BitOperations.Log2((ulong)value);
        long eighth = power >= 3 ? (value >> (power - 3)) & 7 : (value << (3 - power)) & 7;
        return (power * 8) + (int)eighth;
    }
}
