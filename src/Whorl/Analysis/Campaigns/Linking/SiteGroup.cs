using Whorl.Kernel.Sites;

namespace Whorl.Analysis.Campaigns.Linking;

/// <summary>One campaign in memory.</summary>
internal sealed class SiteGroup(CampaignId id, int anyone)
{
    public CampaignId Id { get; set; } = id;

    /// <summary>Some firm member: the group's name while groups are joined.</summary>
    public int Anyone { get; } = anyone;

    /// <summary>Sites that firm links connect.</summary>
    public HashSet<int> Firm { get; } = [];

    /// <summary>Sites that a loose link to a firm one holds.</summary>
    public HashSet<int> Loose { get; } = [];

    public int Count => Firm.Count + Loose.Count;

    public IEnumerable<int> Members => Firm.Concat(Loose);
}

/// <summary>Where a site stands.</summary>
/// <param name="Strength">Its best link to a firm member; 0 for a site of no campaign.</param>
/// <param name="Through">The other end of it, or -1.</param>
internal readonly record struct Standing(CampaignId? Campaign, bool Firm, float Strength, int Through);

/// <summary>A standing that has changed.</summary>
internal sealed record Move(string Site, Standing Before, Standing Now, string? Through);

/// <summary>A campaign that has changed. <c>Sites</c> is 0 where it is no more.</summary>
internal sealed record GroupState(CampaignId Id, int Sites, double Score, CampaignId? MergedInto);

/// <summary>A step of a campaign, with the sites that joined or left by it.</summary>
internal sealed record GroupStep(CampaignId Id, CampaignStep Step, CampaignId? Other, int Sites, IReadOnlyList<string> Joined);

/// <summary>What scans amounted to.</summary>
/// <param name="Looked">Sites whose links were worked out anew, each with its best ones.</param>
internal sealed record GroupChanges(IReadOnlyList<Move> Moves, IReadOnlyList<GroupState> States, IReadOnlyList<GroupStep> Steps, IReadOnlyList<string> Looked, IReadOnlyList<SiteLink> Links);

/// <summary>What a site shows now.</summary>
/// <param name="Campaign">Where it stood as a firm member before, when everything is worked out anew after a restart.</param>
internal sealed record SiteShown(string Site, IReadOnlyList<SiteFeature> Features, CampaignId? Campaign = null);
