namespace Whorl.Analysis.Campaigns.Linking;

/// <summary>A link as numbers.</summary>
internal readonly record struct FoundLink(int Other, float Score);

/// <summary>
/// Finds what is linked to a site: by way of its features to those who show them or something like them. What too many show leads nowhere, so the cost is
/// bounded by what the site shows.
/// </summary>
internal sealed class LinkFinder
{
    private static readonly int Families = FeatureFamilies.Names.Count;

    private readonly List<int> _candidates = [];
    private readonly HashSet<FeatureEntry> _hearsay = [];
    private int[] _places = [];
    private float[] _best = [];

    /// <summary>How often a candidate was looked at.</summary>
    public long Visits { get; private set; }

    /// <summary>Links of at least <see cref="LinkWeights.Least"/>, in no order. A pair for which nothing speaks as a witness, and no value that is alike leads from one to the other, is none.</summary>
    /// <param name="shown">What each site shows.</param>
    public List<FoundLink> Find(int site, IReadOnlyList<FeatureEntry[]> shown)
    {
        if (_places.Length < shown.Count)
        {
            Array.Resize(ref _places, Math.Max(shown.Count, _places.Length * 2));
        }

        foreach (FeatureEntry feature in shown[site])
        {
            if (feature.Worth >= LinkWeights.Witness)
            {
                Lead(site, feature, feature.Worth, feature.Family);
            }
            else if (feature.Worth > 0 && feature.Count > 1)
            {
                _hearsay.Add(feature);
            }

            Near(site, feature);
        }

        Hear(shown);
        List<FoundLink> links = [];
        for (int place = 0; place < _candidates.Count; place++)
        {
            double score = LinkWeights.Together(_best.AsSpan(place * Families, Families));
            if (score >= LinkWeights.Least)
            {
                links.Add(new(_candidates[place], (float)score));
            }

            _places[_candidates[place]] = 0;
        }

        Array.Clear(_best, 0, _candidates.Count * Families);
        _candidates.Clear();
        _hearsay.Clear();
        return links;
    }

    private void Near(int site, FeatureEntry feature)
    {
        if (feature.Worth < LinkWeights.Lead || feature.Near is not { } near)
        {
            return;
        }

        foreach ((FeatureEntry other, float closeness) in near)
        {
            float worth = feature.WorthOf(other, closeness);
            if (worth >= LinkWeights.Lead)
            {
                Lead(site, other, worth, feature.Family);
            }
        }
    }

    private void Lead(int site, FeatureEntry feature, float worth, int family)
    {
        Visits += feature.Count;
        foreach (int other in feature.Sites)
        {
            if (other == site)
            {
                continue;
            }

            ref int place = ref _places[other];
            if (place == 0)
            {
                _candidates.Add(other);
                place = _candidates.Count;
                if (_best.Length < _candidates.Count * Families)
                {
                    Array.Resize(ref _best, Math.Max(_candidates.Count * Families, _best.Length * 2));
                }
            }

            ref float best = ref _best[((place - 1) * Families) + family];
            best = Math.Max(best, worth);
        }
    }

    // What speaks less is looked for among the few that something led to, not among all who show it.
    private void Hear(IReadOnlyList<FeatureEntry[]> shown)
    {
        for (int place = 0; _hearsay.Count > 0 && place < _candidates.Count; place++)
        {
            FeatureEntry[] features = shown[_candidates[place]];
            Visits += features.Length;
            foreach (FeatureEntry feature in features)
            {
                if (feature.Worth is > 0 and < LinkWeights.Witness && _hearsay.Contains(feature))
                {
                    ref float best = ref _best[(place * Families) + feature.Family];
                    best = Math.Max(best, feature.Worth);
                }
            }
        }
    }

    /// <summary>Why two sites are linked, the weightiest first.</summary>
    public static IReadOnlyList<LinkEvidence> Evidence(FeatureEntry[] one, FeatureEntry[] other)
    {
        // More than anyone reads; a pair of equal sites shares everything.
        const int maxEvidence = 12;
        HashSet<FeatureEntry> theirs = [.. other];
        List<(FeatureEntry Feature, FeatureEntry? Like, float Worth)> shared = [];
        foreach (FeatureEntry feature in one)
        {
            if (theirs.Contains(feature))
            {
                shared.Add((feature, null, feature.Worth));
            }
            else if (feature.Near is { } near)
            {
                shared.AddRange(other.Where(near.ContainsKey).Select(like => (feature, (FeatureEntry?)like, feature.WorthOf(like, near[like]))));
            }
        }

        HashSet<int> families = [];
        return
        [
            .. shared.Where(each => each.Worth > 0).OrderByDescending(each => each.Worth).ThenBy(each => each.Feature.Feature.ToString(), StringComparer.Ordinal)
                .Select(each => new LinkEvidence(
                    each.Feature.Feature, each.Like?.Feature.Value, FeatureFamilies.Names[each.Feature.Family], each.Like is null ? each.Feature.Reach : Math.Max(each.Feature.Reach, each.Like.Reach),
                    Math.Round(each.Worth, 3), families.Add(each.Feature.Family)))
                .Take(maxEvidence),
        ];
    }
}
