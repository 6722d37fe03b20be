using System.Text.Encodings.Web;
using System.Text.Json;
using Whorl.Analysis.Campaigns;
using Whorl.Analysis.Campaigns.Queries;
using Whorl.Delivery.Api.Sites;
using Whorl.Delivery.WebConsole.Accounts;
using Whorl.Delivery.WebConsole.Pages.Sites;
using Whorl.Delivery.WebConsole.Serving;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;
using Whorl.Stores.Objects;

namespace Whorl.Delivery.WebConsole.Sites;

/// <summary>What the page of one site shows.</summary>
/// <param name="Shown">The scan that the sections speak of.</param>
/// <param name="Scans">The newest, the latest first.</param>
/// <param name="Raw">The shown scan as JSON, cut.</param>
internal sealed record SiteModel(
    string Site, ScanRecord? Shown, IReadOnlyList<ScanLine> Scans, bool More, CampaignId? Campaign, IReadOnlyList<SiteNeighbour> Related, string Raw, string? Notice, bool CanOrder, DateTimeOffset Now)
{
    public bool IsNewest => Shown is not null && Scans.Count > 0 && Scans[0].Id == Shown.Id;

    /// <summary>Whether several addresses of the site are visited.</summary>
    public bool HasAddresses => Scans.Any(scan => scan.Url != Scans[0].Url);

    /// <summary>The scan before of the same address, where it is among those that are here.</summary>
    public ScanLine? Before(int scan) => Scans.Skip(scan + 1).FirstOrDefault(each => each.Url == Scans[scan].Url);
}

/// <summary>Two scans side by side.</summary>
internal sealed record CompareModel(string Site, ScanRecord? From, ScanRecord? To, DateTimeOffset Now);

/// <summary>One site: its newest scan or an older one, two of them compared, its screenshot.</summary>
internal sealed class SiteDetails(SiteDesk desk, TimeProvider clock, CampaignQueries campaigns, ObjectStore objects)
{
    private const int MaxScans = 50;

    private const int MaxRelated = 20;

    // In the page; the file has the whole.
    private const int MaxRaw = 64 * 1024;

    // Letters of all scripts as they are: Razor escapes for HTML.
    private static readonly JsonSerializerOptions Indented = new(ScanJson.Options) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public void Map(IEndpointRouteBuilder members, IEndpointRouteBuilder operators)
    {
        members.MapGet("/sites/{site}", async (string site, HttpContext http, string? told) => await ShowAsync(http, site, null, told));
        members.MapGet("/sites/{site}/scans/{id}", async (string site, string id, HttpContext http) => await ShowAsync(http, site, id, null));
        members.MapGet("/sites/{site}/scans/{id}/screenshot", ScreenshotAsync);
        members.MapGet("/sites/{site}/compare", CompareAsync);
        operators.MapPost("/sites/{site}/rescan", RescanAsync);
    }

    private async Task<IResult> ShowAsync(HttpContext http, string site, string? id, string? told)
    {
        SitePageOf<ScanLine> scans = desk.IsHere ? await desk.LinesAsync(site, MaxScans, http.RequestAborted) : new([], null);
        ScanRecord? shown = desk.IsHere && (id ?? (scans.Items is [ScanLine newest, ..] ? newest.Id : null)) is { } wanted ? await desk.ScanAsync(site, wanted, http.RequestAborted) : null;
        string? notice = told switch
        {
            "due" => "The site is due now; the next worker that is free visits it.",
            "none" => "There is no job for this site: put it under watch with its address.",
            _ => null,
        };
        string raw = shown is null ? "" : JsonSerializer.Serialize(shown, Indented);
        CampaignId? campaign = (await campaigns.CampaignsOfAsync([site], http.RequestAborted)).TryGetValue(site, out CampaignId found) ? found : null;
        IReadOnlyList<SiteNeighbour> related = shown is null ? [] : await campaigns.NeighboursAsync(site, MaxRelated, http.RequestAborted);
        SiteModel model = new(
            site, shown, scans.Items, scans.Next is not null, campaign, related, StrangeText.Lines(raw, MaxRaw), notice, Session.IsOperator(http.User), clock.GetUtcNow());
        return Page.Show<SitePage, SiteModel>(http, model, shown is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK);
    }

    private async Task<IResult> CompareAsync(HttpContext http, string site, string? from, string? to)
    {
        ScanRecord? older = from is not null && desk.IsHere ? await desk.ScanAsync(site, from, http.RequestAborted) : null;
        ScanRecord? newer = to is not null && desk.IsHere ? await desk.ScanAsync(site, to, http.RequestAborted) : null;
        if (older?.Time > newer?.Time)
        {
            (older, newer) = (newer, older);
        }

        return Page.Show<ComparePage, CompareModel>(http, new(site, older, newer, clock.GetUtcNow()), older is null || newer is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK);
    }

    private async Task<IResult> RescanAsync(string site, CancellationToken cancel)
    {
        // A job that is due already, or in work, is not made due; it is there.
        bool known = await desk.RetryAsync(new JobFilter { Site = site }, cancel) > 0 || (await desk.JobsAsync(new JobFilter { Site = site, Limit = 1 }, cancel)).Items.Count > 0;
        return Results.Redirect($"{SiteLinks.Site(site)}?told={(known ? "due" : "none")}");
    }

    // An image and nothing else: what is no PNG, JPEG or WebP by its first bytes is not served, whatever a record says of it.
    private async Task<IResult> ScreenshotAsync(HttpContext http, string site, string id)
    {
        ScanRecord? scan = desk.IsHere ? await desk.ScanAsync(site, id, http.RequestAborted) : null;
        Stream? image = scan?.Screenshot?.Object is { } name ? await objects.OpenAsync(name, http.RequestAborted) : null;
        if (image is null)
        {
            return Results.NotFound();
        }

        byte[] head = new byte[12];
        int read = await image.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, http.RequestAborted);
        if (TypeOf(head.AsSpan(0, read)) is not { } type)
        {
            await image.DisposeAsync();
            return Results.NotFound();
        }

        image.Position = 0;
        http.Response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers.ContentDisposition = $"inline; filename=\"{scan!.Id}.{type[6..]}\"";
        http.Response.Headers.CacheControl = "private, max-age=86400, immutable";
        return Results.Stream(image, type);
    }

    private static string? TypeOf(ReadOnlySpan<byte> head) =>
        head.StartsWith<byte>([0x89, (byte)'P', (byte)'N', (byte)'G']) ? "image/png"
        : head.StartsWith<byte>([0xff, 0xd8, 0xff]) ? "image/jpeg"
        : head.StartsWith("RIFF"u8) && head.Length >= 12 && head[8..].StartsWith("WEBP"u8) ? "image/webp"
        : null;
}
