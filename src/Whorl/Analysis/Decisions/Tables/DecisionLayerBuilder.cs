using System.Runtime.InteropServices;
using Whorl.Kernel;

namespace Whorl.Analysis.Decisions.Tables;

/// <summary>Builds a <see cref="DecisionLayer"/>: sorts, links the chains, and flattens nested prefixes to ranges in one sweep.</summary>
internal sealed class DecisionLayerBuilder
{
    public static readonly UInt128 MappedV4 = (UInt128)0xFFFF << 32;

    private static readonly UInt128 MappedV4Last = MappedV4 | uint.MaxValue;

    private readonly UInt128[] _firsts;
    private readonly Stack<(UInt128 Last, int Head)> _open = new();
    private int _outer = DecisionEntry.None;
    private bool _v4Untouched = true;

    private DecisionLayerBuilder(List<DecisionItem> items)
    {
        items.Sort(static (x, y) => x.Entry.Id.CompareTo(y.Entry.Id));
        Entries = new DecisionEntry[items.Count];
        _firsts = new UInt128[items.Count];
        Dictionary<DecisionSource, int> sources = [];
        int count = 0;
        foreach (ref readonly DecisionItem item in CollectionsMarshal.AsSpan(items))
        {
            // An id given twice is one decision.
            if (count > 0 && Entries[count - 1].Id == item.Entry.Id)
            {
                continue;
            }

            Entries[count] = item.Entry;
            _firsts[count] = item.First;
            ref int source = ref CollectionsMarshal.GetValueRefOrAddDefault(sources, item.Source, out bool known);
            if (!known)
            {
                source = Sources.Count;
                Sources.Add(item.Source);
            }

            Entries[count].Source = source;
            LinkValue(count, item.Key);
            count++;
        }

        if (count < Entries.Length)
        {
            Entries = Entries[..count];
        }
    }

    public DecisionEntry[] Entries { get; }

    public List<DecisionSource> Sources { get; } = [];

    public RangeIndex<uint>.Builder V4 { get; private set; } = new(DecisionEntry.None, 1);

    public V6Index.Builder V6 { get; private set; } = new(1);

    public Dictionary<string, int> Sessions { get; } = [];

    public Dictionary<string, int> Ja4s { get; } = [];

    public Dictionary<string, int> Countries { get; } = [];

    public Dictionary<uint, int> Asns { get; } = [];

    /// <summary>Builds; the list is sorted in place.</summary>
    public static DecisionLayer Build(List<DecisionItem> items)
    {
        DecisionLayerBuilder builder = new(items);
        builder.Sweep();
        return new(builder);
    }

    private void LinkValue(int index, string? key)
    {
        switch ((DecisionScope)Entries[index].Scope)
        {
            case DecisionScope.Session: Link(Sessions, key!, index); break;
            case DecisionScope.Ja4: Link(Ja4s, key!, index); break;
            case DecisionScope.Country: Link(Countries, key!, index); break;
            case DecisionScope.Asn: Link(Asns, (uint)_firsts[index], index); break;
        }
    }

    // Keeps the chain of one value in the order in which its entries govern.
    private void Link<TKey>(Dictionary<TKey, int> heads, TKey key, int index)
        where TKey : notnull
    {
        ref int link = ref CollectionsMarshal.GetValueRefOrAddDefault(heads, key, out bool known);
        if (!known)
        {
            link = DecisionEntry.None;
        }

        while (link >= 0 && DecisionEntry.CompareForce(Entries[link], Entries[index]) < 0)
        {
            link = ref Entries[link].Next;
        }

        Entries[index].Next = link;
        link = index;
    }

    private void Sweep()
    {
        List<int> order = new(Entries.Length);
        for (int i = 0; i < Entries.Length; i++)
        {
            if ((DecisionScope)Entries[i].Scope is DecisionScope.Ip or DecisionScope.Range)
            {
                order.Add(i);
            }
        }

        order.Sort(ComparePlace);
        int v4 = order.Count(index => IsV4(_firsts[index]));
        V4 = new(DecisionEntry.None, (2 * v4) + 1);
        V6 = new((2 * (order.Count - v4)) + 1);
        for (int i = 0; i < order.Count;)
        {
            int head = order[i];
            UInt128 first = _firsts[head];
            Close(first);
            int outer = _open.Count > 0 ? _open.Peek().Head : DecisionEntry.None;
            byte length = Entries[head].Length;
            int last = head;
            for (i++; i < order.Count && _firsts[order[i]] == first && Entries[order[i]].Length == length; i++)
            {
                Entries[last].Next = order[i];
                last = order[i];
            }

            Entries[last].Next = outer;
            Start(first, head);
            _open.Push((Network.Of(new(first), length).Last.Bits, head));
        }

        while (_open.Count > 0)
        {
            CloseOne();
        }

        // Prefixes shorter than /96 lie around all of IPv4, even where no range starts inside it.
        if (_v4Untouched)
        {
            V4.Add(0, _outer);
        }
    }

    private void Close(UInt128 next)
    {
        while (_open.Count > 0 && _open.Peek().Last < next)
        {
            CloseOne();
        }
    }

    private void CloseOne()
    {
        UInt128 last = _open.Pop().Last;
        if (last == UInt128.MaxValue)
        {
            return;
        }

        int outer = _open.Count > 0 ? _open.Peek().Head : DecisionEntry.None;
        Start(last + 1, outer);
        if (last + 1 == MappedV4)
        {
            // Ends for the IPv6 addresses behind the IPv4 ones too.
            V6.Add(MappedV4, outer);
        }
    }

    private void Start(UInt128 start, int head)
    {
        if (start >= MappedV4 && _v4Untouched)
        {
            // What is in force where the IPv4 addresses begin.
            V4.Add(0, _outer);
            _v4Untouched = false;
        }

        if (IsV4(start))
        {
            V4.Add((uint)start, head);
        }
        else
        {
            V6.Add(start, head);
            _outer = start < MappedV4 ? head : _outer;
        }
    }

    private int ComparePlace(int x, int y)
    {
        int order = _firsts[x].CompareTo(_firsts[y]);
        if (order == 0)
        {
            order = Entries[x].Length.CompareTo(Entries[y].Length);
        }

        return order != 0 ? order : DecisionEntry.CompareForce(Entries[x], Entries[y]);
    }

    private static bool IsV4(UInt128 address) => address >= MappedV4 && address <= MappedV4Last;
}
