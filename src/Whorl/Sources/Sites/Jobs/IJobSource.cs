using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Jobs;

/// <summary>
/// Where jobs come from and are led to their end. A job is claimed by lease; whoever holds its run may end it, once, while the lease holds.
/// All times are those of the source's clock. Every call is atomic, and may be repeated after a failure of the way there.
/// </summary>
internal interface IJobSource
{
    /// <summary>Puts sites under watch; those that are there already stay as they are. How many were new is returned.</summary>
    Task<int> AddAsync(IReadOnlyCollection<NewJob> jobs, CancellationToken cancel);

    /// <summary>Takes jobs that are due, the longest due first, for so long. Runs whose lease has expired are abandoned first, and their jobs are due again.</summary>
    Task<IReadOnlyList<LeasedJob>> ClaimAsync(string worker, int count, TimeSpan lease, CancellationToken cancel);

    /// <summary>Heart beat: extends the leases of runs; those that are still this worker's are returned.</summary>
    Task<IReadOnlySet<string>> ExtendAsync(string worker, IReadOnlyCollection<string> runs, TimeSpan lease, CancellationToken cancel);

    /// <summary>Ends a run with its result. False where the run has ended or its lease has been lost; then nothing is written.</summary>
    /// <param name="keep">The scan, kept in the same step; null where results are kept elsewhere.</param>
    Task<bool> SucceedAsync(string run, ScanRecord? keep, NextVisit next, CancellationToken cancel);

    /// <summary>Ends a run without one. False as above.</summary>
    Task<bool> FailAsync(string run, string reason, NextVisit next, CancellationToken cancel);

    /// <summary>
    /// Makes jobs due now, also those that are due never, and forgets their failures: they are queued again. Those in work, or queued and due already, are left alone. How many is returned;
    /// one call makes no more due than one transaction bears, which is a thousand at least: <see cref="JobRetries"/> asks for all.
    /// </summary>
    Task<int> RetryAsync(JobQuery which, CancellationToken cancel);

    /// <summary>One job; null where there is none of this id.</summary>
    Task<SiteJob?> JobAsync(string id, CancellationToken cancel);

    Task<IReadOnlyList<SiteJob>> JobsAsync(JobQuery query, CancellationToken cancel);

    /// <summary>The newest first.</summary>
    Task<IReadOnlyList<JobRun>> RunsAsync(string job, int limit, CancellationToken cancel);

    /// <summary>The newest first.</summary>
    Task<IReadOnlyList<JobTransition>> TransitionsAsync(string job, int limit, CancellationToken cancel);

    Task<JobCounts> CountAsync(CancellationToken cancel);
}

/// <summary>Where scans are kept.</summary>
internal interface IResultSink
{
    /// <summary>Keeps a scan; one whose id is there already is left as it is.</summary>
    Task WriteAsync(ScanRecord scan, CancellationToken cancel);

    Task<ScanRecord?> ScanAsync(string id, CancellationToken cancel);

    /// <summary>Scans of a site, whichever of its addresses was visited, the newest first by their ids; <paramref name="before"/> is the id of the last one of the page before.</summary>
    Task<IReadOnlyList<ScanRecord>> ScansAsync(string site, int limit, string? before, CancellationToken cancel);

    /// <summary>The newest scan of an address whose id is smaller than <paramref name="before"/>; null for none.</summary>
    Task<ScanRecord?> LastOfAsync(string url, string before, CancellationToken cancel);

    /// <summary>What a timeline shows of a site's scans; the scans themselves, which may be large, are not read for it.</summary>
    Task<IReadOnlyList<ScanLine>> LinesAsync(string site, int limit, string? before, CancellationToken cancel);

    /// <summary>The sites by their newest scan, the latest first. A text is looked for in a bounded number of them.</summary>
    Task<SitesFound> FindAsync(SiteQuery query, CancellationToken cancel);

    /// <summary>Scans that were kept so long ago, and that nobody has said to have told; the first kept first. There may be more than are returned.</summary>
    Task<IReadOnlyList<ScanRecord>> UntoldAsync(TimeSpan age, int limit, CancellationToken cancel);

    /// <summary>Remembers that scans, by their ids, were told to whoever listens.</summary>
    Task ToldAsync(IReadOnlyCollection<string> told, CancellationToken cancel);
}

/// <summary>Sites that were found.</summary>
/// <param name="More">The <c>Scan</c> after which to go on; null at the end.</param>
/// <param name="Searched">How many sites were looked through for a text, where that ended the look before there were as many as were asked for.</param>
internal sealed record SitesFound(IReadOnlyList<SiteSummary> Sites, string? More, int? Searched = null)
{
    /// <summary>Of one site more than was asked for, where there is one.</summary>
    public static SitesFound Of(IReadOnlyList<SiteSummary> sites, int limit) => sites.Count > limit ? new([.. sites.Take(limit)], sites[limit - 1].Scan) : new(sites, null);
}

internal static class ResultSinks
{
    /// <summary>The sites alone.</summary>
    public static async Task<IReadOnlyList<SiteSummary>> SitesAsync(this IResultSink results, SiteQuery query, CancellationToken cancel) => (await results.FindAsync(query, cancel)).Sites;
}

/// <summary>A scan as a timeline shows it. <c>Changed</c> is as in <see cref="ScanRecord.Changed"/>.</summary>
internal sealed record ScanLine(string Id, string Url, DateTimeOffset Time, SiteClass Class, string? Reason, int? Status, string? Title, IReadOnlyList<string>? Changed);

/// <summary>A site as a list shows it: what its newest scan says. <c>Icon</c> is as feature <c>icon_mmh3</c> has it, <c>Scan</c> the newest scan's id, <c>Changed</c> the time of the last that was not as the one before.</summary>
internal sealed record SiteSummary(
    string Site, string Url, SiteClass Class, string? Reason, int? Status, string? Title, string? Ip, string? Icon, int Scans, DateTimeOffset First, DateTimeOffset Last, DateTimeOffset? Changed, string Scan);

/// <summary>Which sites. <c>Text</c> is part of the host or the title; <c>Feature</c> is a <c>kind=value</c> that the newest scan shows. <c>Before</c> is the <c>Scan</c> of the last one of the page before.</summary>
internal sealed record SiteQuery(string? Text = null, SiteClass? Class = null, string? Feature = null, string? Before = null, int Limit = 100);
