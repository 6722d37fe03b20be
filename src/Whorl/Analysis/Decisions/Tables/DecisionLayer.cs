using Whorl.Kernel;

namespace Whorl.Analysis.Decisions.Tables;

/// <summary>
/// Decisions indexed by value. Entries lie sorted by id; the entries that can govern one value are linked, nearest first.
/// The chain of a prefix goes on with the chain of the prefix around it, so one range look-up leads to all candidates.
/// </summary>
internal sealed class DecisionLayer
{
    public static readonly DecisionLayer Empty = DecisionLayerBuilder.Build([]);

    private readonly RangeIndex<uint> _v4;
    private readonly AddressSieve? _v4Sieve;
    private readonly V6Index _v6;

    // Ordinary dictionaries that nobody writes to any more: a layer is rebuilt at every change, and frozen ones take long to make.
    private readonly Dictionary<string, int> _sessions;
    private readonly Dictionary<string, int> _ja4s;
    private readonly Dictionary<string, int> _countries;
    private readonly Dictionary<uint, int> _asns;
    private readonly DecisionEntry[] _entries;
    private readonly DecisionSource[] _sources;

    internal DecisionLayer(DecisionLayerBuilder built)
    {
        _entries = built.Entries;
        _sources = [.. built.Sources];
        _v4 = built.V4.Build();
        if (_v4.Count >= AddressSieve.MinRanges)
        {
            _v4Sieve = new();
            foreach ((uint first, uint last) in _v4.Taken())
            {
                _v4Sieve.Add(first, last);
            }
        }

        _v6 = built.V6.Build();
        _sessions = built.Sessions;
        _ja4s = built.Ja4s;
        _countries = built.Countries;
        _asns = built.Asns;
    }

    public int Count => _entries.Length;

    /// <summary>Bytes of entries and ranges; the texts are not counted.</summary>
    public long Bytes => (_entries.Length * 32L) + _v4.Bytes + (_v4Sieve?.Bytes ?? 0) + _v6.Bytes;

    public ref readonly DecisionEntry this[int index] => ref _entries[index];

    public DecisionSource SourceOf(int index) => _sources[_entries[index].Source];

    /// <summary>First candidate for an address.</summary>
    public int Head(PeerAddress address)
    {
        if (!address.IsV4)
        {
            return _v6.Find(address.Bits);
        }

        uint v4 = (uint)address.Bits;
        return _v4Sieve is not null && !_v4Sieve.MayHold(v4) ? DecisionEntry.None : _v4.Find(v4);
    }

    public int HeadOfSession(string session) => HeadOf(_sessions, session);

    public int HeadOfJa4(string ja4) => HeadOf(_ja4s, ja4);

    public int HeadOfCountry(string country) => HeadOf(_countries, country);

    public int HeadOfAsn(uint asn) => HeadOf(_asns, asn);

    public int IndexOf(Guid id)
    {
        int low = 0;
        int high = _entries.Length - 1;
        while (low <= high)
        {
            int middle = (int)(((uint)low + (uint)high) >> 1);
            int order = _entries[middle].Id.CompareTo(id);
            if (order == 0)
            {
                return middle;
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return DecisionEntry.None;
    }

    /// <summary>Every decision, its value read back from the index.</summary>
    public IEnumerable<(int Index, DecisionItem Item)> Items()
    {
        bool[] seen = new bool[_entries.Length];
        foreach ((UInt128 start, int head) in _v6.Ranges())
        {
            foreach (int index in Unseen(head, seen))
            {
                yield return (index, ItemOf(index, start, null));
            }
        }

        for (int range = 0; range < _v4.Count; range++)
        {
            (uint start, int head) = _v4[range];
            foreach (int index in Unseen(head, seen))
            {
                yield return (index, ItemOf(index, DecisionLayerBuilder.MappedV4 | start, null));
            }
        }

        foreach ((string key, int head) in _sessions.Concat(_ja4s).Concat(_countries))
        {
            foreach (int index in Unseen(head, seen))
            {
                yield return (index, ItemOf(index, 0, key));
            }
        }

        foreach ((uint number, int head) in _asns)
        {
            foreach (int index in Unseen(head, seen))
            {
                yield return (index, ItemOf(index, number, null));
            }
        }
    }

    private static int HeadOf<TKey>(Dictionary<TKey, int> heads, TKey key)
        where TKey : notnull =>
        heads.Count > 0 && heads.TryGetValue(key, out int head) ? head : DecisionEntry.None;

    // A prefix starts a range of its own, so where its entry is first met the range's start lies inside it.
    private DecisionItem ItemOf(int index, UInt128 first, string? key)
    {
        DecisionEntry entry = _entries[index];
        if ((DecisionScope)entry.Scope is DecisionScope.Ip or DecisionScope.Range)
        {
            first = Network.Of(new(first), entry.Length).First.Bits;
        }

        entry.Next = DecisionEntry.None;
        return new(entry, _sources[entry.Source], first, key);
    }

    private IEnumerable<int> Unseen(int head, bool[] seen)
    {
        for (int index = head; index >= 0 && !seen[index]; index = _entries[index].Next)
        {
            seen[index] = true;
            yield return index;
        }
    }
}
