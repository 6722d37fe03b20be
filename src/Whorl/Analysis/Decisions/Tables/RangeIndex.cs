using System.Numerics;

namespace Whorl.Analysis.Decisions.Tables;

/// <summary>
/// The whole key space cut into ranges that do not overlap, each with a number; finds the range of a key.
/// The starts lie sorted in one array, and above it stand arrays of every 16th start of the one below (a B+ tree without pointers):
/// a search reads one run of 16 keys a level, and all but the lowest two levels stay in the processor's cache.
/// </summary>
internal sealed class RangeIndex<TKey>
    where TKey : unmanaged, IBinaryInteger<TKey>, IMinMaxValue<TKey>
{
    // 16 IPv4 keys are one cache line; 16 IPv6 keys are four, which the processor fetches ahead.
    private const int Fan = 16;

    private const int FanShift = 4;

    // Top first; every level is filled up to whole runs with the largest key.
    private readonly TKey[][] _levels;

    private readonly int[] _values;

    private RangeIndex(TKey[][] levels, int[] values)
    {
        _levels = levels;
        _values = values;
    }

    /// <summary>Number of ranges.</summary>
    public int Count => _values.Length;

    public long Bytes => _levels.Sum(level => (long)level.Length * System.Runtime.CompilerServices.Unsafe.SizeOf<TKey>()) + ((long)_values.Length * sizeof(int));

    /// <summary>The number of the range that holds <paramref name="key"/>.</summary>
    public int Find(TKey key)
    {
        int at = 0;
        foreach (TKey[] level in _levels)
        {
            // The largest key of all equals the filling and would run past the end.
            at = Math.Min(at, (level.Length >> FanShift) - 1);
            ReadOnlySpan<TKey> run = level.AsSpan(at << FanShift, Fan);
            int below = 0;

            // Counting has no branch to guess wrong, unlike halving.
            for (int i = 0; i < run.Length; i++)
            {
                below += run[i] <= key ? 1 : 0;
            }

            at = (at << FanShift) + below - 1;
        }

        return _values[Math.Min(at, _values.Length - 1)];
    }

    public (TKey Start, int Value) this[int range] => (_levels[^1][range], _values[range]);

    /// <summary>Collects ranges in rising order of their start.</summary>
    internal sealed class Builder
    {
        private readonly List<TKey> _starts = [TKey.MinValue];
        private readonly List<int> _values;

        public Builder(int first, int capacity)
        {
            _values = [first];
            _starts.EnsureCapacity(capacity);
            _values.EnsureCapacity(capacity);
        }

        public int LastValue => _values[^1];

        public void Add(TKey start, int value)
        {
            if (_starts[^1] == start)
            {
                _values[^1] = value;
            }
            else if (_values[^1] != value)
            {
                _starts.Add(start);
                _values.Add(value);
            }
        }

        public RangeIndex<TKey> Build()
        {
            List<TKey[]> levels = [Fill(_starts.Count, i => _starts[i])];
            for (int count = _starts.Count; count > Fan;)
            {
                TKey[] below = levels[^1];
                count = below.Length >> FanShift;
                levels.Add(Fill(count, i => below[i << FanShift]));
            }

            levels.Reverse();
            return new([.. levels], [.. _values]);
        }

        private static TKey[] Fill(int count, Func<int, TKey> key)
        {
            TKey[] level = new TKey[(count + Fan - 1) / Fan * Fan];
            for (int i = 0; i < level.Length; i++)
            {
                level[i] = i < count ? key(i) : TKey.MaxValue;
            }

            return level;
        }
    }
}
