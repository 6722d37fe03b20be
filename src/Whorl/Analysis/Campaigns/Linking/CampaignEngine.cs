using Whorl.Kernel.Sites;

namespace Whorl.Analysis.Campaigns.Linking;

/// <summary>
/// All sites, and the campaigns they make. Sites that firm links connect are a campaign; a site that only a loose link holds joins where that link leads, and
/// nothing joins through it. Which sites are together follows from what all sites show now and from nothing else, so that one scan after another comes to
/// the same as all at once; ids alone have a history.
/// </summary>
internal sealed partial class CampaignEngine(Func<SiteFeature, bool> ignored, Func<CampaignId> newId)
{
    /// <summary>Links that are kept of one site; a page shows no more of them.</summary>
    public const int MaxLinks = 8;

    private readonly FeatureTable _table = new(ignored);
    private readonly LinkFinder _finder = new();
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<string> _names = [];
    private readonly List<FeatureEntry[]> _features = [];
    private readonly List<SiteGroup?> _groups = [];
    private readonly List<Standing> _standings = [];
    private readonly HashSet<SiteGroup> _all = [];
    private readonly Func<CampaignId> _newId = newId;

    public int Sites => _names.Count;

    public int Features => _table.Count;

    public int Campaigns => _all.Count;

    /// <summary>What it has cost so far: pairs of sites and pairs of fuzzy values that were looked at.</summary>
    public long Work => _finder.Visits + _table.Comparisons;

    /// <summary>The campaign of a site.</summary>
    public CampaignId? CampaignOf(string site) => _numbers.TryGetValue(site, out int number) ? _standings[number].Campaign : null;

    /// <summary>All campaigns with their members.</summary>
    public IEnumerable<(CampaignId Id, IReadOnlyList<string> Sites)> All() =>
        _all.Select(group => (group.Id, (IReadOnlyList<string>)[.. group.Members.Select(member => _names[member]).Order(StringComparer.Ordinal)]));

    /// <summary>What two sites share; null where one is not known.</summary>
    public SiteLink? Between(string one, string other)
    {
        if (!_numbers.TryGetValue(one, out int first) || !_numbers.TryGetValue(other, out int second))
        {
            return null;
        }

        float score = _finder.Find(first, _features).Find(link => link.Other == second).Score;
        return Link(first, new(second, score));
    }

    /// <summary>Takes what sites show now, and works out what follows.</summary>
    /// <param name="withLinks">Whether the best links of the sites that were looked at are wanted.</param>
    public GroupChanges Apply(IReadOnlyCollection<SiteShown> shown, bool withLinks = true)
    {
        Dictionary<int, bool> dirty = [];
        Dictionary<CampaignId, HashSet<int>> former = [];
        Dictionary<int, FoundLink[]> held = [];
        List<(int Site, FeatureEntry[] Features)> now = [];
        foreach (SiteShown site in shown)
        {
            int number = NumberOf(site.Site);
            if (site.Campaign is { } campaign)
            {
                (former.TryGetValue(campaign, out HashSet<int>? firm) ? firm : former[campaign] = []).Add(number);
                dirty.TryAdd(number, false);
            }

            FeatureEntry[] features = _table.Take(site.Features);
            now.Add((number, features));
            if (_groups[number] is not null && _features[number].Except(features).Any(feature => feature.Links))
            {
                held[number] = [.. _finder.Find(number, _features).Where(link => link.Score >= LinkWeights.Firm)];
            }
        }

        foreach ((int site, FeatureEntry[] features) in now)
        {
            Show(site, features, dirty);
        }

        (IReadOnlyCollection<FeatureEntry> weaker, IReadOnlyCollection<FeatureEntry> stronger) = _table.Settle();
        Mark(weaker, true, dirty);
        Mark(stronger, false, dirty);
        Regrouping regrouping = new(this, former);
        regrouping.Run(dirty, held);
        return regrouping.Changes(withLinks);
    }

    private int NumberOf(string site)
    {
        if (_numbers.TryGetValue(site, out int number))
        {
            return number;
        }

        number = _names.Count;
        _numbers.Add(site, number);
        _names.Add(site);
        _features.Add([]);
        _groups.Add(null);
        _standings.Add(new(null, false, 0, -1));
        return number;
    }

    private void Show(int site, FeatureEntry[] now, Dictionary<int, bool> dirty)
    {
        HashSet<FeatureEntry> old = [.. _features[site]];
        bool gained = false;
        foreach (FeatureEntry feature in now)
        {
            if (!old.Remove(feature))
            {
                gained = true;
                _table.Show(feature, site);
            }
        }

        foreach (FeatureEntry feature in old)
        {
            _table.Hide(feature, site);
        }

        _features[site] = now;
        if (gained || old.Count > 0)
        {
            dirty.TryAdd(site, false);
        }
    }

    private static void Mark(IEnumerable<FeatureEntry> entries, bool lost, Dictionary<int, bool> dirty)
    {
        foreach (FeatureEntry entry in entries)
        {
            foreach (int site in entry.Sites)
            {
                dirty[site] = lost || dirty.GetValueOrDefault(site);
            }
        }
    }

    private SiteLink Link(int site, FoundLink link) =>
        new(_names[site], _names[link.Other], Math.Round(link.Score, 3), LinkFinder.Evidence(_features[site], _features[link.Other]));

    private SiteGroup? GroupOfLoose(int site) => _standings[site] is { Campaign: not null, Firm: false, Through: >= 0 } standing ? _groups[standing.Through] : null;
}
