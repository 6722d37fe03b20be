using Whorl.Analysis.Campaigns;
using Whorl.Analysis.Campaigns.Queries;
using Whorl.Delivery.WebConsole.Pages.Sites;
using Whorl.Delivery.WebConsole.Serving;
using Whorl.Delivery.WebConsole.Sites.Graphs;

namespace Whorl.Delivery.WebConsole.Sites;

/// <summary>What the list of campaigns shows.</summary>
internal sealed record CampaignsModel(string Text, CampaignOrder Order, IReadOnlyList<Campaign> Rows, int Count, int Offset, DateTimeOffset Now)
{
    public string With(CampaignOrder order, int offset = 0) =>
        "/campaigns" + SiteLinks.Query(("text", Text), ("order", order == CampaignOrder.Changed ? null : Api.Sites.Words.Of(order)), ("offset", offset > 0 ? offset.ToString() : null));
}

/// <summary>What the page of one campaign shows.</summary>
/// <param name="Detail">Null where there is none of this id.</param>
/// <param name="Drawing">Null where there is nothing to draw.</param>
internal sealed record CampaignModel(string Id, CampaignDetail? Detail, Drawing? Drawing, DateTimeOffset Now)
{
    public IReadOnlyList<SiteLink> Links => Detail?.Links ?? [];
}

/// <summary>Groups of sites that one hand seems to be behind.</summary>
internal sealed class CampaignPages(CampaignQueries campaigns, TimeProvider clock)
{
    private const int PageSize = 50;

    public void Map(IEndpointRouteBuilder members)
    {
        members.MapGet("/campaigns", ListAsync);
        members.MapGet("/campaigns/{id}", ShowAsync);
    }

    private async Task<IResult> ListAsync(HttpContext http, string? text, string? order, int? offset)
    {
        CampaignOrder by = Api.Sites.Words.TryRead(order ?? "", out CampaignOrder known) ? known : CampaignOrder.Changed;
        CampaignQuery query = new(by, text?.Trim() is { Length: > 0 and <= 256 } some ? some : null, Offset: Math.Clamp(offset ?? 0, 0, 1_000_000), Limit: PageSize);
        IReadOnlyList<Campaign> rows = await campaigns.CampaignsAsync(query, http.RequestAborted);
        int count = await campaigns.CountAsync(query, http.RequestAborted);
        return Page.Show<CampaignsPage, CampaignsModel>(http, new(query.Text ?? "", by, rows, count, query.Offset, clock.GetUtcNow()));
    }

    private async Task<IResult> ShowAsync(HttpContext http, string id)
    {
        bool parsed = CampaignId.TryParse(id, out CampaignId campaign);
        CampaignDetail? detail = parsed ? await campaigns.CampaignAsync(campaign, http.RequestAborted) : null;
        if (detail?.Campaign.MergedInto is { } heir)
        {
            return Results.Redirect($"/campaigns/{heir}");
        }

        CampaignGraph? graph = detail is null ? null : await campaigns.GraphAsync(campaign, http.RequestAborted);
        return Page.Show<CampaignPage, CampaignModel>(
            http, new(id, detail, graph is { Nodes.Count: > 1 } ? Drawing.Of(graph) : null, clock.GetUtcNow()), detail is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK);
    }
}
