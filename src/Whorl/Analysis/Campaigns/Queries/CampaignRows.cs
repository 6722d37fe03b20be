namespace Whorl.Analysis.Campaigns.Queries;

/// <summary>A row of <c>campaign</c>.</summary>
internal sealed class CampaignRow
{
    public byte[] Id { get; init; } = [];

    public string Label { get; init; } = "";

    public long Sites { get; init; }

    public long Score { get; init; }

    public DateTimeOffset First { get; init; }

    public DateTimeOffset Changed { get; init; }

    public byte[]? MergedInto { get; init; }

    public Campaign ToCampaign() => new(CampaignStore.Id(Id)!.Value, Label, (int)Sites, Score / 1000.0, First, Changed, CampaignStore.Id(MergedInto));
}

/// <summary>A row of <c>campaign_site</c>.</summary>
internal sealed class MemberRow
{
    public const string Columns =
        "s.site AS Site, s.url AS Url, s.title AS Title, s.class AS Class, s.scan AS Scan, s.first AS First, s.last AS Last, s.features AS Features, s.campaign AS Campaign, s.firm AS Firm, s.strength AS Strength, s.through AS Through, s.joined AS Joined";

    public string Site { get; init; } = "";

    public string Url { get; init; } = "";

    public string? Title { get; init; }

    public string Class { get; init; } = "";

    public string Scan { get; init; } = "";

    public DateTimeOffset First { get; init; }

    public DateTimeOffset Last { get; init; }

    public string Features { get; init; } = "";

    public byte[]? Campaign { get; init; }

    public bool Firm { get; init; }

    public long Strength { get; init; }

    public string? Through { get; init; }

    public long? Joined { get; init; }

    public CampaignSite ToSite() => new(Site, Url, Title, Class, Scan, First, Last, CampaignStore.Id(Campaign));

    public CampaignMember ToMember() => new(ToSite(), Joined is { } joined ? Stores.ColumnTypes.Time(joined) : First, Strength / 1000.0, Through, Firm);
}

/// <summary>A row of <c>campaign_link</c>.</summary>
internal sealed class LinkRow
{
    public string Site { get; init; } = "";

    public string Other { get; init; } = "";

    public long Score { get; init; }

    public string Evidence { get; init; } = "";

    public SiteLink ToLink() => new(Site, Other, Score / 1000.0, EvidenceJson.Read(Evidence));
}

/// <summary>A row of <c>campaign_event</c>.</summary>
internal sealed class EventRow
{
    public DateTimeOffset Time { get; init; }

    public long Step { get; init; }

    public byte[]? Other { get; init; }

    public long Sites { get; init; }

    public CampaignEvent ToEvent() => new(Time, (CampaignStep)Step, CampaignStore.Id(Other), (int)Sites);
}
