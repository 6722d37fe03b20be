using Whorl.Kernel.Sites;

namespace Whorl.Analysis.Campaigns.Linking;

/// <summary>
/// All features that sites show, with who shows them and which are alike. What it knows is the same whatever the order in which sites came. Changes are told
/// one by one and then settled together.
/// </summary>
internal sealed class FeatureTable(Func<SiteFeature, bool> ignored)
{
    private readonly Dictionary<SiteFeature, FeatureEntry> _entries = [];
    private readonly Dictionary<string, IFuzzyIndex> _indexes = new(StringComparer.Ordinal);
    private readonly Dictionary<int, FeatureEntry> _fuzzy = [];
    private readonly Dictionary<FeatureEntry, int> _before = [];
    private readonly HashSet<int> _disturbed = [];
    private readonly HashSet<FeatureEntry> _fresh = [];
    private int _numbers;

    public int Count => _entries.Count;

    /// <summary>Pairs of fuzzy values that were compared.</summary>
    public long Comparisons => _indexes.Values.Sum(index => index.Comparisons);

    public FeatureEntry? Find(SiteFeature feature) => _entries.GetValueOrDefault(feature);

    /// <summary>The entries of what a site shows; what cannot link is left out.</summary>
    public FeatureEntry[] Take(IReadOnlyList<SiteFeature> features) =>
        [.. features.Where(feature => FeatureKinds.ByName.TryGetValue(feature.Kind, out FeatureKind? kind) && kind.Weight > 0).Distinct().Take(SiteFeature.MaxOfOneScan).Select(Entry)];

    public void Show(FeatureEntry entry, int site)
    {
        Touch(entry);
        entry.Add(site);
    }

    public void Hide(FeatureEntry entry, int site)
    {
        Touch(entry);
        entry.Remove(site);
    }

    /// <summary>Works out what the changes since the last time mean: entries whose links weigh less now, and entries whose links weigh more.</summary>
    public (IReadOnlyCollection<FeatureEntry> Weaker, IReadOnlyCollection<FeatureEntry> Stronger) Settle()
    {
        HashSet<FeatureEntry> changed = [.. _before.Keys], weaker = [], stronger = [];
        foreach ((FeatureEntry entry, int before) in _before)
        {
            Shift(entry, entry.Count - before, changed);
        }

        foreach (FeatureEntry gone in _before.Keys.Where(entry => entry.Count == 0))
        {
            _entries.Remove(gone.Feature);
            if (gone.IsFuzzy && _fuzzy.Remove(gone.Number))
            {
                _indexes[gone.Feature.Kind].Remove(gone.Number, _disturbed);
                Renew(gone, [], changed, weaker, stronger);
            }
        }

        foreach (FeatureEntry entry in _fresh.Concat(_disturbed.Where(_fuzzy.ContainsKey).Select(number => _fuzzy[number])).Distinct().Where(entry => entry.Count > 0))
        {
            Renew(entry, _indexes[entry.Feature.Kind].Near(entry.Number), changed, weaker, stronger);
        }

        foreach (FeatureEntry entry in changed)
        {
            switch (entry.Settle())
            {
                case < 0:
                    weaker.Add(entry);
                    break;
                case > 0:
                    stronger.Add(entry);
                    break;
            }
        }

        _before.Clear();
        _disturbed.Clear();
        _fresh.Clear();
        return (weaker, stronger);
    }

    private FeatureEntry Entry(SiteFeature feature)
    {
        if (_entries.TryGetValue(feature, out FeatureEntry? entry))
        {
            return entry;
        }

        FeatureKind kind = FeatureKinds.ByName[feature.Kind];
        entry = new(new(kind.Name, feature.Value), kind, FeatureFamilies.NumberOf(kind.Name), ++_numbers, ignored(feature));
        _entries.Add(entry.Feature, entry);
        if (entry.IsFuzzy)
        {
            if (!_indexes.TryGetValue(kind.Name, out IFuzzyIndex? index))
            {
                _indexes.Add(kind.Name, index = FuzzyIndexes.For(kind.Match)!);
            }

            if (index.TryAdd(entry.Number, feature.Value, _disturbed))
            {
                _fuzzy.Add(entry.Number, entry);
                _fresh.Add(entry);
            }
        }

        return entry;
    }

    private void Touch(FeatureEntry entry) => _before.TryAdd(entry, entry.Count);

    private static void Shift(FeatureEntry entry, int by, HashSet<FeatureEntry> changed)
    {
        entry.Reach += by;
        foreach (FeatureEntry near in entry.Near?.Keys ?? Enumerable.Empty<FeatureEntry>())
        {
            near.Reach += by;
            changed.Add(near);
        }
    }

    private void Renew(FeatureEntry entry, IReadOnlyList<KeyValuePair<int, float>> found, HashSet<FeatureEntry> changed, HashSet<FeatureEntry> weaker, HashSet<FeatureEntry> stronger)
    {
        Dictionary<FeatureEntry, float> near = [];
        foreach ((int number, float closeness) in found)
        {
            near.Add(_fuzzy[number], closeness);
        }

        foreach (FeatureEntry lost in entry.Near?.Keys.Where(old => !near.ContainsKey(old)).ToArray() ?? [])
        {
            lost.Near!.Remove(entry);
            entry.Near!.Remove(lost);
            (lost.Reach, entry.Reach) = (lost.Reach - entry.Count, entry.Reach - lost.Count);
            changed.UnionWith([lost, entry]);
            if (entry.Count > 0)
            {
                weaker.UnionWith([lost, entry]);
            }
        }

        foreach ((FeatureEntry other, float closeness) in near)
        {
            if ((entry.Near ??= []).TryAdd(other, closeness))
            {
                (other.Near ??= []).Add(entry, closeness);
                (other.Reach, entry.Reach) = (other.Reach + entry.Count, entry.Reach + other.Count);
                changed.UnionWith([other, entry]);

                // Whoever shows a fresh value is looked at anyway.
                stronger.Add(entry);
            }
        }
    }
}
