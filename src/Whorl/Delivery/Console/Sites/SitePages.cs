using Whorl.Analysis.Campaigns;
using Whorl.Analysis.Campaigns.Queries;
using Whorl.Delivery.Api;
using Whorl.Delivery.Api.Sites;
using Whorl.Delivery.WebConsole.Accounts;
using Whorl.Delivery.WebConsole.Pages.Sites;
using Whorl.Delivery.WebConsole.Serving;
using Whorl.Kernel.Sites;
using Whorl.Sources.Sites.Jobs;

namespace Whorl.Delivery.WebConsole.Sites;

/// <summary>What the list of sites shows.</summary>
/// <param name="Older">URL of the next page; null at the end.</param>
/// <param name="Searched">How many sites were looked through for a text, where that ended the page.</param>
/// <param name="Added">What adding came to, where sites were just added.</param>
/// <param name="List">The list as it was sent, to show it again where something is wrong.</param>
internal sealed record SitesModel(
    SiteFilter Filter, IReadOnlyList<SiteSummary> Rows, IReadOnlyDictionary<string, CampaignId> Campaigns, string? Older, int? Searched, string? Fault, AddedSites? Added, string List, bool IsHere, bool CanAdd, DateTimeOffset Now)
{
    public bool IsFiltered => Filter.Text is { Length: > 0 } || Filter.Class is { Length: > 0 } || Filter.Feature is { Length: > 0 };

    /// <summary>This list, with one part of the filter another.</summary>
    public string With(string part, string? value) => "/sites" + SiteLinks.Query(
        ("text", part == "text" ? value : Filter.Text), ("class", part == "class" ? value : Filter.Class), ("feature", part == "feature" ? value : Filter.Feature));

    public string Feature(string kind, string value) => With("feature", new SiteFeature(kind, value).ToString());

    public string Export(string format) => "/api/v1/sites/export" + SiteLinks.Query(("format", format), ("text", Filter.Text), ("class", Filter.Class), ("feature", Filter.Feature));
}

/// <summary>The list of sites, and adding to it.</summary>
internal sealed class SitePages(SiteDesk desk, TimeProvider clock, CampaignQueries campaigns)
{
    // Twenty thousand long addresses.
    private const long MaxFormLength = 16 * 1024 * 1024;

    public void Map(IEndpointRouteBuilder members, IEndpointRouteBuilder operators)
    {
        members.MapGet("/sites", async ([AsParameters] SiteFilter filter, HttpContext http) => await ShowAsync(http, filter, null, null, ""));
        operators.MapPost("/sites/add", AddAsync);
    }

    private async Task<IResult> AddAsync(HttpContext http, CancellationToken cancel)
    {
        if (http.Request.ContentLength > MaxFormLength)
        {
            return await ShowAsync(http, new(), "The list is longer than 16 MiB. Send it in parts.", null, "", StatusCodes.Status422UnprocessableEntity);
        }

        IFormCollection sent = await http.Request.ReadFormAsync(cancel);
        string list = sent["list"].ToString();
        if (sent.Files.GetFile("file") is { Length: > 0 } file)
        {
            using StreamReader reader = new(file.OpenReadStream());
            list = await reader.ReadToEndAsync(cancel);
        }

        try
        {
            AddedSites added = await desk.AddAsync(list, "console", cancel);
            string? fault = added is { Added: 0, Known: 0, Refused: 0 } ? "The list is empty: write one site a line, or choose a file." : null;
            return await ShowAsync(http, new(), fault, fault is null ? added : null, added.Refused > 0 && added.Added + added.Known == 0 ? list : "", fault is null ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity);
        }
        catch (DeskException fault)
        {
            return await ShowAsync(http, new(), $"{fault.Fault.Detail} {fault.Fault.Hint}", null, list, StatusCodes.Status422UnprocessableEntity);
        }
    }

    private async Task<IResult> ShowAsync(HttpContext http, SiteFilter filter, string? fault, AddedSites? added, string list, int status = StatusCodes.Status200OK)
    {
        SitePageOf<SiteSummary> page = new([], null);
        if (desk.IsHere)
        {
            try
            {
                page = await desk.SitesAsync(filter, http.RequestAborted);
            }
            catch (DeskException wrong)
            {
                fault ??= $"{wrong.Fault.Detail} {wrong.Fault.Hint}";
            }
        }

        IReadOnlyDictionary<string, CampaignId> groups = page.Items.Count == 0 ? SiteLinks.NoCampaigns : await campaigns.CampaignsOfAsync([.. page.Items.Select(site => site.Site)], http.RequestAborted);
        SitesModel model = new(filter, page.Items, groups, null, page.Searched, fault, added, list, desk.IsHere, desk.IsHere && Session.IsOperator(http.User), clock.GetUtcNow());
        model = model with { Older = page.Next is { } next ? SiteLinks.And(model.With("", null), "before", next) : null };
        return Page.Show<SitesPage, SitesModel>(http, model, status);
    }
}
