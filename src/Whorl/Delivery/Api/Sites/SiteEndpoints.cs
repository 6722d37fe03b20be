using System.Data.Common;
using System.Text;
using System.Text.Json;
using Whorl.Sources.Sites.Scans;
using Whorl.Stores;

namespace Whorl.Delivery.Api.Sites;

/// <summary><c>/api/v1/sites</c> and <c>/api/v1/jobs</c>. Answers are in the one JSON form of scans, jobs and runs.</summary>
internal static class SiteEndpoints
{
    // Twenty thousand long addresses.
    private const int MaxListLength = 16 * 1024 * 1024;

    private const int MaxRuns = 100;

    public static void Map(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder sites = Group(routes, "sites").RequireAuthorization(ApiAccess.ReadPolicy);
        sites.MapGet("/sites", async ([AsParameters] SiteFilter filter, SiteDesk desk, CancellationToken cancel) => Json(await desk.SitesAsync(filter, cancel)))
            .WithName("listSites").WithSummary("List sites by their newest scan, the latest first");
        sites.MapGet("/sites/export", ExportAsync).WithName("exportSites").WithSummary("Every site that the filter means as csv (default), json, jsonlines or stix");
        sites.MapGet("/sites/{site}", async (string site, SiteDesk desk, CancellationToken cancel) => await desk.ScansAsync(site, 1, null, cancel) is { Items: [ScanRecord newest, ..] } ? Json(newest) : NoScan(site))
            .WithName("getSite").WithSummary("The newest scan of a site, whole").ProducesProblem(StatusCodes.Status404NotFound);
        sites.MapGet("/sites/{site}/scans", async (string site, SiteDesk desk, CancellationToken cancel, int? limit = null, string? before = null) => Json(await desk.ScansAsync(site, limit, before, cancel)))
            .WithName("listScans").WithSummary("Scans of a site, newest first, 10 at a time where no limit of up to 100 is given");
        sites.MapGet("/sites/{site}/scans/{id}", ScanAsync).WithName("getScan").WithSummary("One scan, whole; with download=true as a file").ProducesProblem(StatusCodes.Status404NotFound);
        sites.MapGet("/sites/{site}/diff", DiffAsync).WithName("compareScans").WithSummary("What differs between two scans of a site; without ids between the newest and the one before of the same address").ProducesProblem(StatusCodes.Status404NotFound);

        RouteGroupBuilder read = Group(routes, "jobs").RequireAuthorization(ApiAccess.ReadPolicy), write = Group(routes, "jobs").RequireAuthorization(ApiAccess.WritePolicy);
        read.MapGet("/jobs", async ([AsParameters] JobFilter filter, SiteDesk desk, CancellationToken cancel) => Json(await desk.JobsAsync(filter, cancel)))
            .WithName("listJobs").WithSummary("List site jobs in the order they are due");
        read.MapGet("/jobs/counts", async (SiteDesk desk, CancellationToken cancel) => Json(await desk.CountAsync(cancel))).WithName("countJobs").WithSummary("How many jobs there are in each state, and how many are due");
        read.MapGet("/jobs/{id}/history", async (string id, SiteDesk desk, CancellationToken cancel) => Json(await desk.HistoryAsync(id, MaxRuns, cancel)))
            .WithName("getJobHistory").WithSummary("The newest runs of a job and its newest steps from state to state");
        write.MapPost("/jobs", AddAsync).WithName("addJobs").WithSummary("Put sites under watch: the body is one a line, CSV, or a JSON array of addresses");
        write.MapPost("/jobs/retry", async ([AsParameters] JobFilter filter, SiteDesk desk, CancellationToken cancel) => Json(new RetriedJobs(await desk.RetryAsync(filter, cancel))))
            .WithName("retryJobs").WithSummary("Make every job that the filter means due now");
    }

    /// <summary>Routes that answer faults as problems and refuse changes that other sites ask a browser for.</summary>
    public static RouteGroupBuilder Group(IEndpointRouteBuilder routes, string tag) => routes.MapGroup("/api/v1").WithTags(tag)
        .AddEndpointFilter(ApiAccess.RefuseOtherSitesAsync).AddEndpointFilter(ShowFaultsAsync)
        .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    public static IResult Json<T>(T value) => Results.Json(value, ScanJson.Options);

    /// <summary>A file of this name that a browser saves and never shows.</summary>
    public static void SaveAs(HttpResponse response, string name)
    {
        response.Headers.ContentDisposition = new Microsoft.Net.Http.Headers.ContentDispositionHeaderValue("attachment") { FileName = string.Concat(name.Where(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-')) }.ToString();
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
    }

    private static IResult NoScan(string site) =>
        new DeskFault(StatusCodes.Status404NotFound, "There is no scan of this site.", $"Put it under watch: POST /api/v1/jobs, or `whorl jobs add https://{(Uri.CheckHostName(site) == UriHostNameType.Unknown ? "SITE" : site)}`.").ToResult();

    private static async Task<IResult> ScanAsync(string site, string id, HttpContext http, SiteDesk desk, CancellationToken cancel, bool download = false)
    {
        if (await desk.ScanAsync(site, id, cancel) is not { } scan)
        {
            return NoScan(site);
        }

        if (download)
        {
            SaveAs(http.Response, $"{site}-{id}.json");
        }

        return Json(scan);
    }

    private static async Task<IResult> DiffAsync(string site, SiteDesk desk, CancellationToken cancel, string? from = null, string? to = null)
    {
        ScanRecord? after = to is not null ? await desk.ScanAsync(site, to, cancel) : (await desk.ScansAsync(site, 1, null, cancel)).Items is [ScanRecord newest, ..] ? newest : null;
        ScanRecord? before = from is not null ? await desk.ScanAsync(site, from, cancel) : after is not null ? await desk.BeforeAsync(after, cancel) : null;
        return before is null || after is null
            ? new DeskFault(StatusCodes.Status404NotFound, "There are no two such scans of this site.", "GET /api/v1/sites/{site}/scans lists them.").ToResult()
            : Json(new ScanDiffView(before.Id, after.Id, ScanDiff.Between(before, after), ScanComparison.Between(before, after)));
    }

    private static async Task ExportAsync([AsParameters] SiteFilter filter, HttpContext http, SiteDesk desk, CancellationToken cancel, string? format = null)
    {
        format ??= "csv";
        string type = SiteExports.TypeOf(format);
        SiteDesk.Read(filter);
        SaveAs(http.Response, "sites." + format switch { "jsonlines" => "jsonl", "stix" => "stix.json", _ => format });
        http.Response.ContentType = type;
        if (format == "stix")
        {
            await StixSites.WriteAsync(desk.EverySiteAsync(filter, cancel), http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow(), http.Response.Body, cancel);
            return;
        }

        await SiteExports.WriteAsync(format, desk.EverySiteAsync(filter, cancel), http.Response.Body, cancel);
    }

    private static async Task<IResult> AddAsync(HttpContext http, SiteDesk desk, CancellationToken cancel)
    {
        using MemoryStream body = new();
        byte[] part = new byte[64 * 1024];
        for (int read; (read = await http.Request.Body.ReadAsync(part, cancel)) > 0;)
        {
            if (body.Length + read > MaxListLength)
            {
                return DeskFault.Bad("The list is longer than 16 MiB.", "Send it in parts.").ToResult();
            }

            body.Write(part, 0, read);
        }

        string list = Encoding.UTF8.GetString(body.GetBuffer(), 0, (int)body.Length);
        if (http.Request.ContentType?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) == true)
        {
            try
            {
                list = string.Join('\n', JsonSerializer.Deserialize<string[]>(list, ScanJson.Options) ?? []);
            }
            catch (JsonException)
            {
                return DeskFault.Bad("The body is no JSON array of addresses.", """Send ["https://shop.example/"], or one a line as text/plain.""").ToResult();
            }
        }

        return Json(await desk.AddAsync(list, ApiAccess.OriginOf(http.User), cancel));
    }

    private static async ValueTask<object?> ShowFaultsAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (DeskException fault)
        {
            return fault.Fault.ToResult();
        }
        catch (Exception fault) when (fault is DbException or StoreException or HttpRequestException || StoreFault.IsTransient(fault))
        {
            ApiLog.StoreFailed(context.HttpContext.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Whorl.Api"), fault);
            return new DeskFault(StatusCodes.Status503ServiceUnavailable, "The store does not answer.", "Try again, and see `whorl doctor`.").ToResult();
        }
    }
}
