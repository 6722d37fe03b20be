using System.Buffers;
using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using Whorl.Analysis.Campaigns;
using Whorl.Analysis.Campaigns.Queries;
using Whorl.Delivery.Exports.Campaigns;
using Whorl.Delivery.Exports.Stix;
using Whorl.Kernel.Sites;

namespace Whorl.Delivery.Api.Sites;

/// <summary>Which campaigns are meant, and in which order.</summary>
internal sealed class CampaignFilter
{
    [FromQuery(Name = "text"), Description("Part of the label, or of the host of a member.")]
    public string? Text { get; init; }

    [FromQuery(Name = "order"), Description("changed (default), sites or score.")]
    public string? Order { get; init; }

    [FromQuery(Name = "offset"), Description("How many to pass over.")]
    public int? Offset { get; init; }

    [FromQuery(Name = "limit"), Description("1 to 1000, 100 where not given.")]
    public int? Limit { get; init; }
}

/// <summary>A campaign in a list.</summary>
internal sealed record CampaignView(string Id, string Label, int Sites, double Score, DateTimeOffset First, DateTimeOffset Changed)
{
    public static CampaignView Of(Campaign campaign) => new(campaign.Id.ToString(), campaign.Label, campaign.Sites, campaign.Score, campaign.First, campaign.Changed);
}

/// <summary>Campaigns, and how many there are in all.</summary>
internal sealed record CampaignListView(IReadOnlyList<CampaignView> Items, int Count);

/// <summary>A site as campaigns know it.</summary>
internal sealed record CampaignSiteView(string Site, string Url, string? Title, string Class, string Scan, DateTimeOffset First, DateTimeOffset Last, string? Campaign)
{
    public static CampaignSiteView Of(CampaignSite site) => new(site.Site, site.Url, site.Title, site.Class, site.Scan, site.First, site.Last, site.Campaign?.ToString());
}

/// <summary>Who shows a feature, and how rare it is.</summary>
internal sealed record FeatureView(string Kind, string Value, int Shown, double Weight, bool Ignored, IReadOnlyList<CampaignSiteView> Sites);

/// <summary>Another site that is like one, and what the two share.</summary>
internal sealed record RelatedView(CampaignSiteView Site, double Score, bool Links, IReadOnlyList<EvidenceView> Evidence);

/// <summary>One thing that two sites share.</summary>
internal sealed record EvidenceView(string Kind, string Value, string? Other, string Family, int Shown, double Weight, bool Counts);

/// <summary><c>/api/v1/campaigns</c>, <c>/api/v1/features</c> and what is like a site.</summary>
internal static class CampaignEndpoints
{
    private const int MaxRelated = 100;

    public static void Map(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder read = SiteEndpoints.Group(routes, "campaigns").RequireAuthorization(ApiAccess.ReadPolicy);
        read.MapGet("/campaigns", ListAsync).WithName("listCampaigns").WithSummary("List campaigns: groups of sites that share rare things");
        read.MapGet("/campaigns/{id}", (string id, HttpContext http, CancellationToken cancel) => ShowAsync(id, "json", download: false, http, cancel))
            .WithName("getCampaign").WithSummary("A campaign with its members, links and what they share; of one that was merged where it went").ProducesProblem(StatusCodes.Status404NotFound);
        read.MapGet("/campaigns/{id}/export", (string id, HttpContext http, CancellationToken cancel, string format = "json") => ShowAsync(id, format, download: true, http, cancel))
            .WithName("exportCampaign").WithSummary("A campaign as a file: json (default), csv or stix").ProducesProblem(StatusCodes.Status404NotFound);
        read.MapGet("/features", FeatureAsync).WithName("getFeature").WithSummary("Who shows a feature, and how rare it is");
        read.MapGet("/sites/{site}/related", RelatedAsync).WithName("listRelated").WithSummary("Sites that are like one, with the evidence, the most alike first");
    }

    private static async Task<IResult> ListAsync([AsParameters] CampaignFilter filter, HttpContext http, CancellationToken cancel)
    {
        CampaignOrder order = CampaignOrder.Changed;
        if (filter is { Order.Length: > 0 } && !Words.TryRead(filter.Order, out order))
        {
            throw new DeskException(DeskFault.Bad("There is no such order.", "One of: changed, sites, score."));
        }

        if (filter.Offset is < 0 || filter.Limit is < 1 or > CampaignQuery.MaxLimit)
        {
            throw new DeskException(DeskFault.Bad("offset and limit name no page.", $"offset is 0 or more, limit 1 to {CampaignQuery.MaxLimit}."));
        }

        CampaignQuery query = new(order, filter.Text?.Trim() is { Length: > 0 } text ? text : null, Offset: filter.Offset ?? 0, Limit: filter.Limit ?? 100);
        CampaignQueries campaigns = Campaigns(http);
        return SiteEndpoints.Json(new CampaignListView([.. (await campaigns.CampaignsAsync(query, cancel)).Select(CampaignView.Of)], await campaigns.CountAsync(query, cancel)));
    }

    private static async Task<IResult> ShowAsync(string id, string format, bool download, HttpContext http, CancellationToken cancel)
    {
        (string type, string ending) = format switch
        {
            "json" => (CampaignExport.JsonType, "json"),
            "csv" => (CampaignExport.CsvType, "csv"),
            "stix" => (StixWriter.MediaType, "stix.json"),
            _ => throw new DeskException(DeskFault.Bad("There is no such format.", "One of: json, csv, stix.")),
        };
        CampaignQueries campaigns = Campaigns(http);
        CampaignDetail? detail = !CampaignId.TryParse(id, out CampaignId campaign) ? null : download ? await campaigns.WholeAsync(campaign, cancel) : await campaigns.CampaignAsync(campaign, cancel);
        if (detail is null)
        {
            return new DeskFault(StatusCodes.Status404NotFound, "There is no such campaign.", "GET /api/v1/campaigns lists them.").ToResult();
        }

        if (detail.Campaign.MergedInto is { } heir)
        {
            return Results.Redirect($"/api/v1/campaigns/{heir}{(download ? "/export?format=" + format : "")}");
        }

        if (download)
        {
            SiteEndpoints.SaveAs(http.Response, $"campaign-{campaign}.{ending}");
        }

        ArrayBufferWriter<byte> bytes = new();
        Action<CampaignDetail, IBufferWriter<byte>> write = format switch { "csv" => CampaignExport.WriteCsv, "stix" => CampaignExport.WriteStix, _ => CampaignExport.WriteJson };
        write(detail, bytes);
        return Results.Bytes(bytes.WrittenMemory.ToArray(), type);
    }

    private static async Task<IResult> FeatureAsync(HttpContext http, CancellationToken cancel, string? kind = null, string? value = null, int limit = 100)
    {
        if (!SiteFeature.TryParse($"{kind}={value}", out SiteFeature feature) || limit is < 1 or > SiteDesk.MaxPage)
        {
            throw new DeskException(DeskFault.Bad("This is no feature.", "Kinds are: " + string.Join(", ", FeatureKinds.All.Select(each => each.Name)) + "."));
        }

        FeatureSites found = await Campaigns(http).SitesAsync(feature, limit, cancel);
        return SiteEndpoints.Json(new FeatureView(feature.Kind, feature.Value, found.Shown, found.Weight, found.Ignored, [.. found.Sites.Select(CampaignSiteView.Of)]));
    }

    private static async Task<IResult> RelatedAsync(string site, HttpContext http, CancellationToken cancel)
    {
        IReadOnlyList<SiteNeighbour> near = await Campaigns(http).NeighboursAsync(site, MaxRelated, cancel);
        return SiteEndpoints.Json(new SitePageOf<RelatedView>(
            [.. near.Select(other => new RelatedView(CampaignSiteView.Of(other.Site), other.Link.Score, other.Links, [.. other.Link.Evidence.Select(Evidence)]))], null));
    }

    private static EvidenceView Evidence(LinkEvidence evidence) => new(evidence.Feature.Kind, evidence.Feature.Value, evidence.Other, evidence.Family, evidence.Shown, evidence.Weight, evidence.Counts);

    private static CampaignQueries Campaigns(HttpContext http) => http.RequestServices.GetService<CampaignQueries>()
        ?? throw new DeskException(new(StatusCodes.Status503ServiceUnavailable, "This node knows no campaigns.", "Ask one with the role `analyst`, or that shares its system of record."));
}
