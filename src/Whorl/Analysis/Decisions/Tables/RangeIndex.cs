using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Whorl.Analysis.Decisions.Tables;

/// <summary>
/// The whole key space cut into ranges that do not overlap, each with a number; finds the range of a key.
/// The starts lie sorted in one array, and above it stand arrays of every 16th start of the one below (a B+ tree without pointers):
/// a search compares one run of 16 keys a level at once, and all but the lowest two levels stay in the processor's cache.
/// </summary>
internal sealed class RangeIndex<TKey>
    where TKey : unmanaged, IBinaryInteger<TKey>, IMinMaxValue<TKey>
{
    // 16 keys of 32 bits are one cache line, of 64 bits two, which the processor fetches as a pair.
    private const int Fan = 16;

    private const int FanShift = 4;

    // Top first, without the lowest; every level is filled up to whole runs with the largest key.
    private readonly TKey[][] _levels;

    // A run of starts and their numbers lie side by side, so that a look-up pays for one far place in memory, not for two.
    private readonly Leaf[] _leaves;

    private RangeIndex(TKey[][] levels, Leaf[] leaves, int count)
    {
        _levels = levels;
        _leaves = leaves;
        Count = count;
    }

    /// <summary>Number of ranges.</summary>
    public int Count { get; }

    public long Bytes => (_levels.Sum(level => (long)level.Length) * Unsafe.SizeOf<TKey>()) + ((long)_leaves.Length * Unsafe.SizeOf<Leaf>());

    public (TKey Start, int Value) this[int range] => (_leaves[range >> FanShift].Starts[range & (Fan - 1)], _leaves[range >> FanShift].Values[range & (Fan - 1)]);

    /// <summary>First and last key of every range that does not have the number <see cref="DecisionEntry.None"/>.</summary>
    public IEnumerable<(TKey First, TKey Last)> Taken()
    {
        for (int range = 0; range < Count; range++)
        {
            (TKey start, int value) = this[range];
            if (value != DecisionEntry.None)
            {
                yield return (start, range + 1 < Count ? this[range + 1].Start - TKey.One : TKey.MaxValue);
            }
        }
    }

    /// <summary>The number of the range that holds <paramref name="key"/>.</summary>
    public int Find(TKey key)
    {
        int at = 0;
        foreach (TKey[] level in _levels)
        {
            // The largest key of all equals the filling and would run past the end.
            at = Math.Min(at, (level.Length >> FanShift) - 1);
            at = (at << FanShift) + Below(level.AsSpan(at << FanShift, Fan), key) - 1;
        }

        at = Math.Min(at, _leaves.Length - 1);
        ref readonly Leaf leaf = ref _leaves[at];
        return leaf.Values[Below(leaf.Starts, key) - 1];
    }

    // Counting has no branch to guess wrong, unlike halving.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Below(ReadOnlySpan<TKey> run, TKey key)
    {
        Vector256<TKey> keys = Vector256.Create(key);
        int below = 0;
        foreach (Vector256<TKey> some in MemoryMarshal.Cast<TKey, Vector256<TKey>>(run))
        {
            below += BitOperations.PopCount(Vector256.LessThanOrEqual(some, keys).ExtractMostSignificantBits());
        }

        return below;
    }

    [InlineArray(Fan)]
    private struct Run<T>
    {
        private T _first;
    }

    private struct Leaf
    {
        public Run<TKey> Starts;
        public Run<int> Values;
    }

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
            Leaf[] leaves = new Leaf[(_starts.Count + Fan - 1) / Fan];
            TKey[] firsts = new TKey[leaves.Length];
            for (int i = 0; i < leaves.Length * Fan; i++)
            {
                // What fills the last run up answers as its last range does.
                bool filling = i >= _starts.Count;
                leaves[i / Fan].Starts[i % Fan] = filling ? TKey.MaxValue : _starts[i];
                leaves[i / Fan].Values[i % Fan] = filling ? _values[^1] : _values[i];
                firsts[i / Fan] = leaves[i / Fan].Starts[0];
            }

            List<TKey[]> levels = [];
            for (TKey[] below = firsts; below.Length > 1; below = [.. below.Where((_, i) => i % Fan == 0)])
            {
                TKey[] level = new TKey[(below.Length + Fan - 1) / Fan * Fan];
                level.AsSpan().Fill(TKey.MaxValue);
                below.CopyTo(level, 0);
                levels.Add(level);
            }

            levels.Reverse();
            return new([.. levels], leaves, _starts.Count);
        }
    }
}
