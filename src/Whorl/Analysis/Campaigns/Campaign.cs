using Whorl.Kernel;
using Whorl.Kernel.Sites;

namespace Whorl.Analysis.Campaigns;

/// <summary>The id of one campaign: a UUIDv7, written as <see cref="Uuid7"/> writes it. Older campaigns sort first.</summary>
internal readonly record struct CampaignId(Guid Value)
{
    public static CampaignId New(TimeProvider clock) => new(Uuid7.New(clock));

    public static bool TryParse(ReadOnlySpan<char> text, out CampaignId id)
    {
        bool parsed = Uuid7.TryParse(text, out Guid value);
        id = new(value);
        return parsed;
    }

    public override string ToString() => Uuid7.Text(Value);
}

/// <summary>Sites that one hand seems to be behind.</summary>
/// <param name="Label">What people call it until they know better: the title or host of its oldest member. A text of strangers.</param>
/// <param name="Sites">Members now; 0 where it was merged into another, or fell apart.</param>
/// <param name="Score">How firmly its members hold together, 0 to 1: the mean of each member's best link.</param>
/// <param name="First">When its id was given.</param>
/// <param name="Changed">When it came to be, a site joined or left, or it was merged last.</param>
/// <param name="MergedInto">The campaign that its sites belong to since; null for one that stands for itself.</param>
internal sealed record Campaign(CampaignId Id, string Label, int Sites, double Score, DateTimeOffset First, DateTimeOffset Changed, CampaignId? MergedInto);

/// <summary>A site as campaigns know it: its newest scan that has content.</summary>
/// <param name="Class">What the newest visit of all came to: <c>http_content</c>, <c>http_error</c>, <c>unreachable</c>.</param>
/// <param name="Scan">Id of the scan that the features are from.</param>
/// <param name="Last">Time of the newest visit.</param>
internal sealed record CampaignSite(string Site, string Url, string? Title, string Class, string Scan, DateTimeOffset First, DateTimeOffset Last, CampaignId? Campaign);

/// <summary>A site of a campaign.</summary>
/// <param name="Joined">When it joined.</param>
/// <param name="Strength">Its best link to another member, 0 to 1.</param>
/// <param name="Through">The other end of that link.</param>
/// <param name="Firm">False for one that only a weaker link holds: nothing hangs on it.</param>
internal sealed record CampaignMember(CampaignSite Site, DateTimeOffset Joined, double Strength, string? Through, bool Firm);

/// <summary>One feature that two sites share.</summary>
/// <param name="Feature">As the one site shows it.</param>
/// <param name="Other">The value that the other shows, where they are alike and not equal; else null.</param>
/// <param name="Family">Features of one family have one cause; the best of a family counts, see <see cref="Linking.FeatureFamilies"/>.</param>
/// <param name="Shown">How many sites show it, or something like it.</param>
/// <param name="Weight">What it speaks for one hand behind the two, 0 to 1.</param>
/// <param name="Counts">Whether it is the best of its family, and so part of the score.</param>
internal sealed record LinkEvidence(SiteFeature Feature, string? Other, string Family, int Shown, double Weight, bool Counts);

/// <summary>Two sites and what they share.</summary>
/// <param name="Score">0 to 1: as if each family that counts were an independent witness.</param>
/// <param name="Evidence">The weightiest first.</param>
internal sealed record SiteLink(string Site, string Other, double Score, IReadOnlyList<LinkEvidence> Evidence);

/// <summary>A feature that several members of a campaign show.</summary>
/// <param name="Members">How many of them.</param>
/// <param name="Shown">How many sites of all.</param>
/// <param name="Weight">What it speaks for one hand, by its kind and by how rare it is.</param>
internal sealed record SharedFeature(SiteFeature Feature, int Members, int Shown, double Weight);

/// <summary>What became of a campaign.</summary>
internal enum CampaignStep
{
    /// <summary>It came to be.</summary>
    New = 0,

    /// <summary>Sites joined.</summary>
    Grown = 1,

    /// <summary>Sites left.</summary>
    Shrunk = 2,

    /// <summary>Another campaign became part of it.</summary>
    Merged = 3,

    /// <summary>It came to be of sites that another campaign lost.</summary>
    Split = 4,

    /// <summary>Nothing holds its sites together any more.</summary>
    Ended = 5,
}

/// <summary>One step in the life of a campaign.</summary>
/// <param name="Other">The campaign that was merged into it, or that it came from.</param>
/// <param name="Sites">Members after it.</param>
internal sealed record CampaignEvent(DateTimeOffset Time, CampaignStep Step, CampaignId? Other, int Sites);
