using Whorl.Kernel.Sites;

namespace Whorl.Analysis.Campaigns.Queries;

/// <summary>In which order campaigns are listed.</summary>
internal enum CampaignOrder
{
    /// <summary>The newest change first.</summary>
    Changed,

    /// <summary>The largest first.</summary>
    Sites,

    /// <summary>The firmest first.</summary>
    Score,
}

/// <summary>Which campaigns. Merged and ended ones are left out.</summary>
/// <param name="Text">Part of the label, or of the host of a member.</param>
/// <param name="MinSites">No fewer members.</param>
/// <param name="Offset">How many to pass over: pages of a list that is ordered by what changes.</param>
internal sealed record CampaignQuery(CampaignOrder Order = CampaignOrder.Changed, string? Text = null, int MinSites = 2, int Offset = 0, int Limit = 100)
{
    public const int MaxLimit = 1000;
}

/// <summary>A campaign with all that a page shows.</summary>
/// <param name="Members">The firmest first; at most as many as were asked for, <see cref="Campaign.Sites"/> says how many there are.</param>
/// <param name="Links">The best link of each member, with its evidence; the strongest first.</param>
/// <param name="Shared">What members have in common, what most of them show first.</param>
/// <param name="History">The newest first.</param>
internal sealed record CampaignDetail(
    Campaign Campaign, IReadOnlyList<CampaignMember> Members, IReadOnlyList<SiteLink> Links, IReadOnlyList<SharedFeature> Shared, IReadOnlyList<CampaignEvent> History);

/// <summary>Who shows a feature.</summary>
/// <param name="Shown">How many sites of all; <paramref name="Sites"/> may hold fewer.</param>
/// <param name="Weight">What sharing it speaks for one hand, 0 to 1; 0 for what too many show, or what the operator ignores.</param>
internal sealed record FeatureSites(SiteFeature Feature, int Shown, double Weight, bool Ignored, IReadOnlyList<CampaignSite> Sites);

/// <summary>A site with the features that its links rest on.</summary>
internal sealed record SiteProfile(CampaignSite Site, IReadOnlyList<SharedFeature> Features);

/// <summary>Another site that is like one, more or less.</summary>
/// <param name="Links">Whether the score is enough to make a campaign of the two.</param>
internal sealed record SiteNeighbour(CampaignSite Site, SiteLink Link, bool Links);

/// <summary>A point of a drawing. <c>Shared</c> is null for a site.</summary>
/// <param name="Id">Unique within the drawing: the host of a site, or the feature's text.</param>
internal sealed record GraphNode(string Id, CampaignMember? Member, SharedFeature? Shared);

/// <summary>A line of a drawing between two nodes.</summary>
/// <param name="Weight">0 to 1: of a link its score, of a feature what it speaks.</param>
internal sealed record GraphEdge(string From, string To, double Weight);

/// <summary>
/// A campaign as a drawing: sites, the features that several of them show, and a line from each site to each of those it shows; where two sites have only
/// likeness in common, a line between them.
/// </summary>
/// <param name="Hidden">Members that were left out of it.</param>
internal sealed record CampaignGraph(IReadOnlyList<GraphNode> Nodes, IReadOnlyList<GraphEdge> Edges, int Hidden);
