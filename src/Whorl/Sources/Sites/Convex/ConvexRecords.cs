using System.Text.Json;
using Whorl.Kernel;
using Whorl.Kernel.Sites;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Records;
using Whorl.Sources.Sites.Scans;
using Whorl.Stores;

namespace Whorl.Sources.Sites.Convex;

/// <summary>
/// Jobs and scans in a Convex deployment: each call is one function of the folder <c>convex</c>, and one transaction there. The client tries calls again, so a claim names its runs and an end names itself:
/// what had its effect and lost its answer is answered again, not done again.
/// </summary>
internal sealed class ConvexRecords(ConvexClient convex, ScanFeatureReader features, TimeProvider clock) : IJobSource, IResultSink
{
    // The functions' own limits: functions/model/bounds.ts.
    private const int MaxBatch = 500;
    private const int MaxPage = 1000;
    private const int MaxRecords = 16;

    // One question looks through this many sites for a text, see functions/model/bounds.ts; a page asks so often.
    private const int SearchedAtOnce = 2000;
    private const int MaxSearches = 10;

    public async Task<int> AddAsync(IReadOnlyCollection<NewJob> jobs, CancellationToken cancel)
    {
        double added = 0;
        foreach (NewJob[] some in jobs.OrderBy(job => job.Url, StringComparer.Ordinal).Chunk(MaxBatch))
        {
            JobToAdd[] wanted = [.. some.Select(job => new JobToAdd(job.Url, SiteAddress.SiteOf(job.Url), job.Origin, job.Due is { } due ? ConvexTime.Of(due) : null))];
            added += await convex.MutateAsync<double>("jobs:add", new { Jobs = wanted }, cancel);
        }

        return (int)added;
    }

    public async Task<IReadOnlyList<LeasedJob>> ClaimAsync(string worker, int count, TimeSpan lease, CancellationToken cancel)
    {
        string[] runs = [.. Enumerable.Range(0, Math.Clamp(count, 0, MaxPage)).Select(_ => NewId())];
        return runs.Length == 0
            ? []
            : [.. (await convex.MutateAsync<LeasedShape[]>("jobs:claim", new { Worker = worker, Lease = lease.TotalMilliseconds, Runs = runs }, cancel)).Select(leased => new LeasedJob(leased.Job.Read(), leased.Run))];
    }

    public async Task<IReadOnlySet<string>> ExtendAsync(string worker, IReadOnlyCollection<string> runs, TimeSpan lease, CancellationToken cancel)
    {
        HashSet<string> held = new(StringComparer.Ordinal);
        foreach (string[] some in runs.Chunk(MaxBatch))
        {
            held.UnionWith(await convex.MutateAsync<string[]>("jobs:extend", new { Worker = worker, Lease = lease.TotalMilliseconds, Runs = some }, cancel));
        }

        return held;
    }

    public Task<bool> SucceedAsync(string run, ScanRecord? keep, NextVisit next, CancellationToken cancel) => convex.MutateAsync<bool>(
        "jobs:succeed", new { Run = run, Call = NewId(), Next = NextShape.Of(next), Scan = keep is null ? null : ConvexScans.Of(keep, features) }, cancel);

    public Task<bool> FailAsync(string run, string reason, NextVisit next, CancellationToken cancel) => convex.MutateAsync<bool>(
        "jobs:fail", new { Run = run, Call = NewId(), Next = NextShape.Of(next), Reason = reason }, cancel);

    public async Task<int> RetryAsync(JobQuery which, CancellationToken cancel) => (int)await convex.MutateAsync<double>("jobs:retry", new { which.State, which.Site, which.Limit }, cancel);

    public async Task<SiteJob?> JobAsync(string id, CancellationToken cancel) =>
        (await convex.QueryAsync<JobShape[]>("jobs:get", new { Job = id }, cancel)).FirstOrDefault()?.Read();

    public async Task<IReadOnlyList<SiteJob>> JobsAsync(JobQuery query, CancellationToken cancel)
    {
        List<SiteJob> jobs = [];
        string? after = query.After;
        while (jobs.Count < query.Limit)
        {
            int limit = Math.Min(query.Limit - jobs.Count, MaxPage);
            JobShape[] page = await convex.QueryAsync<JobShape[]>("jobs:list", Arguments(query, after, limit), cancel);
            jobs.AddRange(page.Select(job => job.Read()));
            if (page.Length < limit)
            {
                break;
            }

            after = page[^1].Id;
        }

        return jobs;
    }

    public async Task<IReadOnlyList<JobRun>> RunsAsync(string job, int limit, CancellationToken cancel) =>
        [.. (await convex.QueryAsync<RunShape[]>("jobs:runs", new { Job = job, Limit = limit }, cancel)).Select(run => run.Read())];

    public async Task<IReadOnlyList<JobTransition>> TransitionsAsync(string job, int limit, CancellationToken cancel) =>
        [.. (await convex.QueryAsync<TransitionShape[]>("jobs:transitions", new { Job = job, Limit = limit }, cancel)).Select(step => step.Read())];

    public async Task<JobCounts> CountAsync(CancellationToken cancel)
    {
        CountsShape counts = await convex.QueryAsync<CountsShape>("jobs:counts", new { }, cancel);
        return new(counts.Jobs.Where(count => Enum.TryParse<JobState>(count.Key, ignoreCase: true, out _)).ToDictionary(count => Enum.Parse<JobState>(count.Key, ignoreCase: true), count => (long)count.Value), (long)counts.Due);
    }

    public Task WriteAsync(ScanRecord scan, CancellationToken cancel) => convex.MutateAsync<object?>("scans:write", new { Scan = ConvexScans.Of(scan, features) }, cancel);

    public async Task<ScanRecord?> ScanAsync(string id, CancellationToken cancel) => await convex.QueryAsync<string?>("scans:get", new { Id = id }, cancel) is { } record ? Read(record) : null;

    public async Task<IReadOnlyList<ScanRecord>> ScansAsync(string site, int limit, string? before, CancellationToken cancel)
    {
        List<ScanRecord> scans = [];
        while (scans.Count < limit)
        {
            int some = Math.Min(limit - scans.Count, MaxRecords);
            string[] page = await convex.QueryAsync<string[]>("scans:ofSite", new { Site = site, Limit = some, Before = before }, cancel);
            scans.AddRange(page.Select(Read));
            if (page.Length < some)
            {
                break;
            }

            before = scans[^1].Id;
        }

        return scans;
    }

    public async Task<ScanRecord?> LastOfAsync(string url, string before, CancellationToken cancel) =>
        await convex.QueryAsync<string?>("scans:lastOf", new { Url = url, Before = before }, cancel) is { } record ? Read(record) : null;

    public async Task<IReadOnlyList<ScanLine>> LinesAsync(string site, int limit, string? before, CancellationToken cancel)
    {
        List<ScanLine> lines = [];
        while (lines.Count < limit)
        {
            int some = Math.Min(limit - lines.Count, MaxPage);
            LineShape[] page = await convex.QueryAsync<LineShape[]>("scans:lines", new { Site = site, Limit = some, Before = before }, cancel);
            lines.AddRange(page.Select(line => line.Read()));
            if (page.Length < some)
            {
                break;
            }

            before = lines[^1].Id;
        }

        return lines;
    }

    public async Task<SitesFound> FindAsync(SiteQuery query, CancellationToken cancel)
    {
        if (query.Feature is not null)
        {
            return SiteFeature.TryParse(query.Feature, out SiteFeature feature) ? await OfFeatureAsync(query, feature, cancel) : new([], null);
        }

        List<SiteSummary> sites = [];
        string? before = query.Before;
        for (int asked = 0; sites.Count <= query.Limit; asked++)
        {
            if (query.Text is not null && asked == MaxSearches)
            {
                return new(sites, before, MaxSearches * SearchedAtOnce);
            }

            SitesPage page = await convex.QueryAsync<SitesPage>("scans:sites", new { query.Text, query.Class, Before = before, Limit = Math.Min(query.Limit + 1 - sites.Count, MaxPage) }, cancel);
            sites.AddRange(page.Sites.Select(site => site.Read()));
            if (page.More is null || page.More == before)
            {
                break;
            }

            before = page.More;
        }

        return SitesFound.Of(sites, query.Limit);
    }

    public async Task<IReadOnlyList<ScanRecord>> UntoldAsync(TimeSpan age, int limit, CancellationToken cancel) =>
        [.. (await convex.QueryAsync<string[]>("scans:untold", new { Age = age.TotalMilliseconds, Limit = limit }, cancel)).Select(Read)];

    public async Task ToldAsync(IReadOnlyCollection<string> told, CancellationToken cancel)
    {
        foreach (string[] some in told.Order(StringComparer.Ordinal).Chunk(MaxBatch))
        {
            await convex.MutateAsync<object?>("scans:tell", new { Scans = some }, cancel);
        }
    }

    // The rest of the question is answered here: of one feature there are few.
    private async Task<SitesFound> OfFeatureAsync(SiteQuery query, SiteFeature feature, CancellationToken cancel)
    {
        IEnumerable<SiteSummary> sites = (await convex.QueryAsync<SiteShape[]>("scans:byFeature", new { feature.Kind, feature.Value }, cancel)).Select(site => site.Read());
        return SitesFound.Of(
        [
            .. sites.Where(site =>
                (query.Class is null || site.Class == query.Class)
                && (query.Before is null || string.CompareOrdinal(site.Scan, query.Before) < 0)
                && (query.Text is null || $"{site.Site}\n{site.Title}".Contains(query.Text, StringComparison.OrdinalIgnoreCase))).Take(query.Limit + 1),
        ], query.Limit);
    }

    private static ScanRecord Read(string record)
    {
        try
        {
            return ConvexScans.Read(record);
        }
        catch (JsonException fault)
        {
            throw new StoreException($"Convex keeps a scan that is none of ours: {fault.Message}", "See which worker wrote it, and whether it is of this version");
        }
    }

    private static object Arguments(JobQuery query, string? after, int limit) => new { query.State, query.Site, After = after, Limit = limit };

    private string NewId() => Uuid7.Text(Uuid7.New(clock));
}
