using System.Collections.Frozen;
using Whorl.Kernel;

namespace Whorl.Analysis.Decisions.Tables;

/// <summary>
/// All decisions, immutable; <see cref="IDecisionLookup"/> says which of them governs. A large base is indexed once; changes make a new table
/// that shares the base and puts a small layer and a set of ended entries over it, until <see cref="Compact"/> makes a new base.
/// </summary>
internal sealed class DecisionTable
{
    /// <summary>A change over this many entries rebuilds the small layer in about a millisecond; beyond it a new base is due.</summary>
    public const int MaxOverlay = 4096;

    public static readonly DecisionTable Empty = new(DecisionLayer.Empty, FrozenSet<int>.Empty, DecisionLayer.Empty);

    private readonly DecisionLayer _base;
    private readonly FrozenSet<int> _ended;
    private readonly DecisionLayer _overlay;

    private DecisionTable(DecisionLayer @base, FrozenSet<int> ended, DecisionLayer overlay)
    {
        _base = @base;
        _ended = ended;
        _overlay = overlay;
    }

    /// <summary>Decisions held, those whose term has ended since the last <see cref="Compact"/> included.</summary>
    public int Count => _base.Count - _ended.Count + _overlay.Count;

    public bool WantsCompacting => _ended.Count + _overlay.Count > MaxOverlay;

    public long Bytes => _base.Bytes + _overlay.Bytes;

    /// <summary>Builds a table; decisions whose value cannot be read are left out and counted.</summary>
    public static DecisionTable Build(IEnumerable<Decision> decisions, out int unreadable)
    {
        unreadable = 0;
        List<DecisionItem> items = [];
        foreach (Decision decision in decisions)
        {
            if (DecisionItem.TryFrom(decision, out DecisionItem item))
            {
                items.Add(item);
            }
            else
            {
                unreadable++;
            }
        }

        return Build(items);
    }

    /// <summary>Builds a table of items, which are sorted in place.</summary>
    public static DecisionTable Build(List<DecisionItem> items) => new(DecisionLayerBuilder.Build(items), FrozenSet<int>.Empty, DecisionLayer.Empty);

    /// <summary>The table after a change. Decisions it has already and ids it does not have change nothing.</summary>
    public DecisionTable Apply(IEnumerable<Decision> added, IEnumerable<DecisionId> ended)
    {
        Dictionary<Guid, DecisionItem> over = _overlay.Items().ToDictionary(pair => pair.Item.Entry.Id, pair => pair.Item);
        foreach (Decision decision in added)
        {
            if (DecisionItem.TryFrom(decision, out DecisionItem item) && _base.IndexOf(item.Entry.Id) < 0)
            {
                over.TryAdd(item.Entry.Id, item);
            }
        }

        HashSet<int> endedInBase = [.. _ended];
        foreach (DecisionId id in ended)
        {
            if (!over.Remove(id.Value) && _base.IndexOf(id.Value) is var index and >= 0)
            {
                endedInBase.Add(index);
            }
        }

        return new(_base, endedInBase.Count == _ended.Count ? _ended : endedInBase.ToFrozenSet(), DecisionLayerBuilder.Build([.. over.Values]));
    }

    /// <summary>The same decisions in a fresh base, without those that have ended.</summary>
    public DecisionTable Compact(DateTimeOffset now)
    {
        uint seconds = SecondsNow(now);
        List<DecisionItem> items = new(Count);
        items.AddRange(Items().Where(item => item.Entry.Until > seconds));
        return Build(items);
    }

    /// <summary>Every decision held, in no order.</summary>
    public IEnumerable<DecisionItem> Items() =>
        _base.Items().Where(pair => !_ended.Contains(pair.Index)).Concat(_overlay.Items()).Select(pair => pair.Item);

    public DecisionMatch Find(in ClientKeys client, TimeProvider clock)
    {
        Search search = new(this, clock);
        if (!(client.Session is { } session && search.Try(_base.HeadOfSession(session), _overlay.HeadOfSession(session)))
            && !search.Try(_base.Head(client.Address), _overlay.Head(client.Address))
            && !(client.Ja4 is { } ja4 && search.Try(_base.HeadOfJa4(ja4), _overlay.HeadOfJa4(ja4)))
            && !(client.Asn != 0 && search.Try(_base.HeadOfAsn(client.Asn), _overlay.HeadOfAsn(client.Asn)))
            && client.Country is { } country)
        {
            search.Try(_base.HeadOfCountry(country), _overlay.HeadOfCountry(country));
        }

        return search.Result;
    }

    private static uint SecondsNow(DateTimeOffset now) => (uint)Math.Clamp(now.ToUnixTimeSeconds(), 0, DecisionEntry.Never - 1);

    /// <summary>One look-up: walks the candidates of each scope until one is enforced; reads the clock at most once, and only for a decision with a term.</summary>
    private ref struct Search(DecisionTable table, TimeProvider clock)
    {
        private readonly DecisionTable _table = table;
        private readonly TimeProvider _clock = clock;
        private DecisionLayer? _enforcedIn;
        private DecisionLayer? _simulatedIn;
        private int _enforced;
        private int _simulated;
        private uint _now;

        public readonly DecisionMatch Result =>
            _enforcedIn is not null ? Match(_enforcedIn, _enforced) : _simulatedIn is not null ? Match(_simulatedIn, _simulated) : default;

        /// <summary>True where this scope has an enforced decision; its nearest simulated one is remembered.</summary>
        public bool Try(int inBase, int inOverlay)
        {
            if ((inBase & inOverlay) == DecisionEntry.None)
            {
                return false;
            }

            int baseSimulated = DecisionEntry.None;
            int overlaySimulated = DecisionEntry.None;
            int baseEnforced = Walk(_table._base, inBase, _table._ended, ref baseSimulated);
            int overlayEnforced = Walk(_table._overlay, inOverlay, null, ref overlaySimulated);
            if (_simulatedIn is null)
            {
                (_simulatedIn, _simulated) = Nearest(baseSimulated, overlaySimulated);
            }

            (_enforcedIn, _enforced) = Nearest(baseEnforced, overlayEnforced);
            return _enforcedIn is not null;
        }

        private readonly (DecisionLayer? Layer, int Index) Nearest(int inBase, int inOverlay)
        {
            if (inBase < 0)
            {
                return inOverlay < 0 ? (null, DecisionEntry.None) : (_table._overlay, inOverlay);
            }

            return inOverlay < 0 || DecisionEntry.CompareNearest(_table._base[inBase], _table._overlay[inOverlay]) < 0
                ? (_table._base, inBase)
                : (_table._overlay, inOverlay);
        }

        private int Walk(DecisionLayer layer, int index, FrozenSet<int>? ended, ref int simulated)
        {
            while (index >= 0)
            {
                ref readonly DecisionEntry entry = ref layer[index];
                if (InForce(entry.Until) && !(ended is { Count: > 0 } && ended.Contains(index)))
                {
                    if (!entry.Simulated)
                    {
                        return index;
                    }

                    simulated = simulated < 0 ? index : simulated;
                }

                index = entry.Next;
            }

            return DecisionEntry.None;
        }

        private bool InForce(uint until)
        {
            if (until == DecisionEntry.Never)
            {
                return true;
            }

            if (_now == 0)
            {
                _now = SecondsNow(_clock.GetUtcNow());
            }

            return until > _now;
        }

        private static DecisionMatch Match(DecisionLayer layer, int index)
        {
            ref readonly DecisionEntry entry = ref layer[index];
            DecisionSource source = layer.SourceOf(index);
            return new(
                new(entry.Id), (DecisionScope)entry.Scope, (DecisionAction)entry.Action, entry.Simulated, source.Origin, source.Scenario, source.Reason);
        }
    }
}
