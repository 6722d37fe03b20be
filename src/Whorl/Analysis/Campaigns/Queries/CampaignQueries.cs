using Whorl.Kernel.Sites;

namespace Whorl.Analysis.Campaigns.Queries;

/// <summary>What people ask of campaigns. Every answer is bounded; texts in it are of strangers.</summary>
internal sealed class CampaignQueries
{
    /// <summary>Members of an answer; a campaign may have more, see <see cref="Campaign.Sites"/>.</summary>
    public const int MaxMembers = 1000;

    /// <summary>Points of a drawing; with more of them nobody sees anything.</summary>
    public const int MaxNodes = 300;

    /// <summary>Campaigns that stand for themselves.</summary>
    public Task<IReadOnlyList<Campaign>> CampaignsAsync(CampaignQuery query, CancellationToken cancel) => throw new NotSupportedException("Not yet.");

    /// <summary>How many there are for a query, its limit and offset aside.</summary>
    public Task<int> CountAsync(CampaignQuery query, CancellationToken cancel) => throw new NotSupportedException("Not yet.");

    /// <summary>A campaign; of one that was merged its id, label and <see cref="Campaign.MergedInto"/> alone. Null where there is none.</summary>
    public Task<CampaignDetail?> CampaignAsync(CampaignId id, CancellationToken cancel) => throw new NotSupportedException("Not yet.");

    /// <summary>A campaign as a drawing of at most <see cref="MaxNodes"/> points. Null where there is none.</summary>
    public Task<CampaignGraph?> GraphAsync(CampaignId id, CancellationToken cancel) => throw new NotSupportedException("Not yet.");

    /// <summary>Who shows a feature, the newest first.</summary>
    public Task<FeatureSites> SitesAsync(SiteFeature feature, int limit, CancellationToken cancel) => throw new NotSupportedException("Not yet.");

    /// <summary>What campaigns know of a site; null where no scan of it came. Features that others show too come first.</summary>
    public Task<SiteProfile?> SiteAsync(string site, CancellationToken cancel) => throw new NotSupportedException("Not yet.");

    /// <summary>More like this: sites that share something with one, the most alike first, also those that are too little alike for a campaign.</summary>
    public Task<IReadOnlyList<SiteNeighbour>> NeighboursAsync(string site, int limit, CancellationToken cancel) => throw new NotSupportedException("Not yet.");

    /// <summary>The campaigns of some sites; sites of none are left out.</summary>
    public Task<IReadOnlyDictionary<string, CampaignId>> CampaignsOfAsync(IReadOnlyCollection<string> sites, CancellationToken cancel) => throw new NotSupportedException("Not yet.");
}
