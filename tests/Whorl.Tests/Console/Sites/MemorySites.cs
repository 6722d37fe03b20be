using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Records;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Tests.WebConsole.Sites;

/// <summary>Jobs and scans in memory, for pages; features are those that a test gives a site.</summary>
internal sealed class MemorySites : IJobSource, IResultSink
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public List<SiteJob> Jobs { get; } = [];

    public List<JobRun> Runs { get; } = [];

    public List<JobTransition> Transitions { get; } = [];

    public List<ScanRecord> Scans { get; } = [];

    public Dictionary<string, string[]> Features { get; } = new(StringComparer.Ordinal);

    /// <summary>Why nothing can be counted now; null where it can.</summary>
    public Exception? Fault { get; set; }

    /// <summary>A module of a test's host: these, and no others.</summary>
    public IHostApplicationBuilder AddTo(IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IJobSource>(this).AddSingleton<IResultSink>(this);
        return builder;
    }

    public Task<int> AddAsync(IReadOnlyCollection<NewJob> jobs, CancellationToken cancel)
    {
        int before = Jobs.Count;
        foreach (NewJob job in jobs.Where(job => !Jobs.Exists(known => known.Url == job.Url)))
        {
            Jobs.Add(new(Guid.CreateVersion7().ToString(), job.Url, new Uri(job.Url).Host, job.Origin, JobState.Queued, job.Due ?? Start, 0, 0, TimeSpan.FromDays(1), Start, null, null, null));
        }

        return Task.FromResult(Jobs.Count - before);
    }

    public Task<int> RetryAsync(JobQuery which, CancellationToken cancel)
    {
        int count = 0;
        for (int i = 0; i < Jobs.Count; i++)
        {
            if (Matches(Jobs[i], which))
            {
                Jobs[i] = Jobs[i] with { Due = Start, State = JobState.Queued };
                count++;
            }
        }

        return Task.FromResult(count);
    }

    public Task<SiteJob?> JobAsync(string id, CancellationToken cancel) => Task.FromResult(Jobs.Find(job => job.Id == id));

    public Task<IReadOnlyList<SiteJob>> JobsAsync(JobQuery query, CancellationToken cancel) =>
        Task.FromResult<IReadOnlyList<SiteJob>>([.. Jobs.Where(job => Matches(job, query)).SkipWhile(job => query.After is not null && job.Id != query.After).Skip(query.After is null ? 0 : 1).Take(query.Limit)]);

    public Task<IReadOnlyList<JobRun>> RunsAsync(string job, int limit, CancellationToken cancel) => Task.FromResult<IReadOnlyList<JobRun>>([.. Runs.Where(run => run.Job == job).Take(limit)]);

    public Task<IReadOnlyList<JobTransition>> TransitionsAsync(string job, int limit, CancellationToken cancel) => Task.FromResult<IReadOnlyList<JobTransition>>([.. Transitions.Where(step => step.Job == job).Take(limit)]);

    public Task<JobCounts> CountAsync(CancellationToken cancel) =>
        Fault is not null ? Task.FromException<JobCounts>(Fault) : Task.FromResult(new JobCounts(Jobs.GroupBy(job => job.State).ToDictionary(state => state.Key, state => (long)state.Count()), Jobs.Count(job => job.State == JobState.Queued)));

    public Task WriteAsync(ScanRecord scan, CancellationToken cancel)
    {
        Scans.Insert(0, scan);
        return Task.CompletedTask;
    }

    public Task<ScanRecord?> ScanAsync(string id, CancellationToken cancel) => Task.FromResult(Scans.Find(scan => scan.Id == id));

    public Task<IReadOnlyList<ScanRecord>> ScansAsync(string site, int limit, string? before, CancellationToken cancel) =>
        Task.FromResult<IReadOnlyList<ScanRecord>>([.. Scans.Where(scan => scan.Site == site && (before is null || string.CompareOrdinal(scan.Id, before) < 0)).OrderByDescending(scan => scan.Id, StringComparer.Ordinal).Take(limit)]);

    public Task<ScanRecord?> LastOfAsync(string url, string before, CancellationToken cancel) =>
        Task.FromResult(Scans.Where(scan => scan.Url == url && string.CompareOrdinal(scan.Id, before) < 0).MaxBy(scan => scan.Id, StringComparer.Ordinal));

    public async Task<IReadOnlyList<ScanLine>> LinesAsync(string site, int limit, string? before, CancellationToken cancel) => [.. (await ScansAsync(site, limit, before, cancel)).Select(ScanLines.Line)];

    /// <summary>What is said of how many sites were looked through for a text; null for nothing.</summary>
    public int? Searched { get; set; }

    public Task<SitesFound> FindAsync(SiteQuery query, CancellationToken cancel)
    {
        SitesFound found = Find(query);
        return Task.FromResult(found.More is null && query.Text is not null && Searched is not null ? found with { More = Scans.Min(scan => scan.Id), Searched = Searched } : found);
    }

    private SitesFound Find(SiteQuery query) => SitesFound.Of(
    [
        .. (from scan in Scans
           group scan by scan.Site into scans
           let newest = scans.MaxBy(scan => scan.Id, StringComparer.Ordinal)
           where (query.Text is null || newest.Site.Contains(query.Text, StringComparison.OrdinalIgnoreCase) || newest.Page?.Title?.Contains(query.Text, StringComparison.OrdinalIgnoreCase) == true)
               && (query.Class is null || newest.Class == query.Class) && (query.Before is null || string.CompareOrdinal(newest.Id, query.Before) < 0)
               && (query.Feature is null || Features.GetValueOrDefault(newest.Site, []).Contains(query.Feature, StringComparer.Ordinal))
           orderby newest.Id descending
           select new SiteSummary(
               newest.Site, newest.Url, newest.Class, newest.Reason, newest.Http?.Status, newest.Page?.Title, newest.Network?.Ip, newest.Icons is [IconFacts icon, ..] ? icon.Mmh3.ToString() : null,
               scans.Count(), scans.Min(scan => scan.Time), newest.Time, scans.Count() > 1 ? newest.Time : null, newest.Id)).Take(query.Limit + 1),
    ], query.Limit);

    public Task<IReadOnlyList<LeasedJob>> ClaimAsync(string worker, int count, TimeSpan lease, CancellationToken cancel) => throw new NotSupportedException("Pages claim nothing.");

    public Task<IReadOnlySet<string>> ExtendAsync(string worker, IReadOnlyCollection<string> runs, TimeSpan lease, CancellationToken cancel) => throw new NotSupportedException("Pages claim nothing.");

    public Task<bool> SucceedAsync(string run, ScanRecord? keep, NextVisit next, CancellationToken cancel) => throw new NotSupportedException("Pages run nothing.");

    public Task<bool> FailAsync(string run, string reason, NextVisit next, CancellationToken cancel) => throw new NotSupportedException("Pages run nothing.");

    public Task<IReadOnlyList<ScanRecord>> UntoldAsync(TimeSpan age, int limit, CancellationToken cancel) => throw new NotSupportedException("Pages tell nobody.");

    public Task ToldAsync(IReadOnlyCollection<string> told, CancellationToken cancel) => throw new NotSupportedException("Pages tell nobody.");

    private static bool Matches(SiteJob job, JobQuery query) => (query.State is null || job.State == query.State) && (query.Site is null || job.Site == query.Site);
}
