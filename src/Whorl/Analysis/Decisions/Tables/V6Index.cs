namespace Whorl.Analysis.Decisions.Tables;

/// <summary>
/// Ranges of IPv6 addresses. Nearly all prefixes in use are /64 or shorter, so the upper halves alone are searched first;
/// an upper half that is divided further down leads to a short sorted list of lower halves.
/// </summary>
internal sealed class V6Index
{
    // Values below this are numbers of a divided /64, counted down.
    private const int Divided = DecisionEntry.None - 1;

    private readonly RangeIndex<ulong> _upper;
    private readonly AddressSieve? _sieve;

    // Divided /64 number i has the lower halves from _parts[i] to before _parts[i + 1].
    private readonly int[] _parts;
    private readonly ulong[] _lower;
    private readonly int[] _values;

    private V6Index(Builder builder)
    {
        _upper = builder.Upper.Build();
        if (_upper.Count >= AddressSieve.MinRanges)
        {
            _sieve = new();
            foreach ((ulong first, ulong last) in _upper.Taken())
            {
                _sieve.Add(first, last);
            }
        }

        _parts = [.. builder.Parts, builder.Lower.Count];
        _lower = [.. builder.Lower];
        _values = [.. builder.Values];
    }

    public long Bytes => _upper.Bytes + (_sieve?.Bytes ?? 0) + (_lower.Length * 12L) + (_parts.Length * 4L);

    public int Find(UInt128 address)
    {
        ulong upper = (ulong)(address >> 64);
        if (_sieve is not null && !_sieve.MayHold(upper))
        {
            return DecisionEntry.None;
        }

        int value = _upper.Find(upper);
        if (value > Divided)
        {
            return value;
        }

        int part = Divided - value;
        int from = _parts[part];
        int at = _lower.AsSpan(from, _parts[part + 1] - from).BinarySearch((ulong)address);
        return _values[from + (at >= 0 ? at : ~at - 1)];
    }

    public IEnumerable<(UInt128 Start, int Value)> Ranges()
    {
        for (int range = 0; range < _upper.Count; range++)
        {
            (ulong upper, int value) = _upper[range];
            if (value > Divided)
            {
                yield return (new(upper, 0), value);
                continue;
            }

            for (int i = _parts[Divided - value]; i < _parts[Divided - value + 1]; i++)
            {
                yield return (new(upper, _lower[i]), _values[i]);
            }
        }
    }

    /// <summary>Collects ranges in rising order of their start.</summary>
    internal sealed class Builder(int capacity)
    {
        private ulong? _open;
        private int _last = DecisionEntry.None;

        public RangeIndex<ulong>.Builder Upper { get; } = new(DecisionEntry.None, capacity);

        public List<int> Parts { get; } = [];

        public List<ulong> Lower { get; } = [];

        public List<int> Values { get; } = [];

        public void Add(UInt128 start, int value)
        {
            ulong upper = (ulong)(start >> 64);
            ulong lower = (ulong)start;
            if (_open is not null && _open != upper)
            {
                Close();
            }

            if (_open is null && lower == 0)
            {
                Upper.Add(upper, value);
            }
            else if (_open is null)
            {
                _open = upper;
                Upper.Add(upper, Divided - Parts.Count);
                Parts.Add(Lower.Count);
                Lower.AddRange([0, lower]);
                Values.AddRange([_last, value]);
            }
            else if (Lower[^1] == lower)
            {
                Values[^1] = value;
            }
            else
            {
                Lower.Add(lower);
                Values.Add(value);
            }

            _last = value;
        }

        public V6Index Build()
        {
            if (_open is not null)
            {
                Close();
            }

            return new(this);
        }

        // The /64 behind a divided one starts with what is in force at its end.
        private void Close()
        {
            if (_open < ulong.MaxValue)
            {
                Upper.Add(_open.Value + 1, _last);
            }

            _open = null;
        }
    }
}
