using Whorl.Kernel.Sites;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Delivery.Api.Sites;

/// <summary>What people and systems can do with sites and their jobs; the console and the API ask here.</summary>
internal sealed class SiteDesk(IJobSource? jobs = null, IResultSink? results = null)
{
    public const int MaxPage = 1000;

    public const int PageSize = 100;

    // A UUID in any form.
    private const int MaxId = 64;

    // A source may be a service over the network: one call carries this many.
    private const int AddAtOnce = 500;

    private static readonly DeskFault Absent = new(
        StatusCodes.Status503ServiceUnavailable, "This node keeps no sites.", "Run it with the role `sites`, or configure its job source and result sink (Sites:*).");

    /// <summary>Whether there are sites at all on this node.</summary>
    public bool IsHere => jobs is not null && results is not null;

    private IJobSource Jobs => jobs ?? throw new DeskException(Absent);

    private IResultSink Results => results ?? throw new DeskException(Absent);

    public async Task<SitePageOf<SiteSummary>> SitesAsync(SiteFilter filter, CancellationToken cancel)
    {
        SitesFound found = await Results.FindAsync(Read(filter), cancel);
        return new(found.Sites, found.More, found.Searched);
    }

    /// <summary>All sites that are meant, page by page.</summary>
    public async IAsyncEnumerable<SiteSummary> EverySiteAsync(SiteFilter filter, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        SiteQuery query = Read(filter) with { Before = null, Limit = MaxPage };
        while (true)
        {
            SitesFound found = await Results.FindAsync(query, cancel);
            foreach (SiteSummary site in found.Sites)
            {
                yield return site;
            }

            if (found.More is null)
            {
                yield break;
            }

            query = query with { Before = found.More };
        }
    }

    public async Task<ScanPage> ScansAsync(string site, int? limit, string? before, CancellationToken cancel)
    {
        int count = ReadLimit(limit, 10, 100);
        IReadOnlyList<ScanRecord> found = await Results.ScansAsync(site, count + 1, before, cancel);
        return found.Count > count ? new([.. found.Take(count)], found[count - 1].Id) : new(found, null);
    }

    /// <summary>The scan before of the same address; null where there is none.</summary>
    public async Task<ScanRecord?> BeforeAsync(ScanRecord scan, CancellationToken cancel) => await Results.LastOfAsync(scan.Url, scan.Id, cancel);

    /// <summary>The newest scans of a site, as a timeline shows them.</summary>
    public async Task<SitePageOf<ScanLine>> LinesAsync(string site, int count, CancellationToken cancel)
    {
        IReadOnlyList<ScanLine> found = await Results.LinesAsync(site, count + 1, null, cancel);
        return found.Count > count ? new([.. found.Take(count)], found[count - 1].Id) : new(found, null);
    }

    /// <summary>A scan of a site; null where the site has none of this id.</summary>
    public async Task<ScanRecord?> ScanAsync(string site, string id, CancellationToken cancel) =>
        id.Length <= MaxId && await Results.ScanAsync(id, cancel) is { } scan && scan.Site == site ? scan : null;

    public async Task<AddedSites> AddAsync(string list, string origin, CancellationToken cancel)
    {
        SiteList read = SiteList.Read(list);
        int added = 0;
        foreach (string[] some in read.Urls.Chunk(AddAtOnce))
        {
            added += await Jobs.AddAsync([.. some.Select(url => new NewJob(url, origin))], cancel);
        }

        return new(added, read.Urls.Count - added, read.Doubled, read.RefusedCount, read.Refused);
    }

    public async Task<SitePageOf<SiteJob>> JobsAsync(JobFilter filter, CancellationToken cancel)
    {
        JobQuery query = Read(filter);
        IReadOnlyList<SiteJob> found = await Jobs.JobsAsync(query with { Limit = query.Limit + 1 }, cancel);
        return found.Count > query.Limit ? new([.. found.Take(query.Limit)], found[query.Limit - 1].Id) : new(found, null);
    }

    public async Task<SiteJob?> JobAsync(string id, CancellationToken cancel) => id.Length <= MaxId ? await Jobs.JobAsync(id, cancel) : null;

    public async Task<QueueView> CountAsync(CancellationToken cancel)
    {
        JobCounts counts = await Jobs.CountAsync(cancel);
        return new(counts.Jobs, counts.Due);
    }

    public Task<IReadOnlyList<JobRun>> LastRunsAsync(string job, int limit, CancellationToken cancel) => Jobs.RunsAsync(job, limit, cancel);

    /// <summary>So many runs, and the steps that belong to them: most runs take two.</summary>
    public async Task<JobHistory> HistoryAsync(string job, int limit, CancellationToken cancel) =>
        new(await Jobs.RunsAsync(job, limit, cancel), await Jobs.TransitionsAsync(job, 2 * limit, cancel));

    /// <summary>Makes jobs due now; the filter must narrow by something.</summary>
    public async Task<int> RetryAsync(JobFilter filter, CancellationToken cancel)
    {
        JobQuery query = Read(filter);
        if (query.State is null && query.Site is null)
        {
            throw new DeskException(DeskFault.Bad("Nothing says which jobs.", "Name a state or a site: ?state=failed, ?site=shop.example."));
        }

        return await Jobs.RetryAllAsync(query, cancel);
    }

    public static SiteQuery Read(SiteFilter filter) => new(
        Some(filter.Text), ReadEnum<SiteClass>(filter.Class, "class"), ReadFeature(filter.Feature), Some(filter.Before), ReadLimit(filter.Limit, PageSize, MaxPage));

    public static JobQuery Read(JobFilter filter) => new(ReadEnum<JobState>(filter.State, "state"), Some(filter.Site)?.ToLowerInvariant(), Some(filter.After), ReadLimit(filter.Limit, PageSize, MaxPage));

    private static string? Some(string? text) => text?.Trim() is { Length: > 0 } some ? some : null;

    private static int ReadLimit(int? limit, int usual, int most) => limit switch
    {
        null => usual,
        > 0 when limit <= most => limit.Value,
        _ => throw new DeskException(DeskFault.Bad($"limit={limit} is not between 1 and {most}.", "Ask for fewer, and follow `next`.")),
    };

    private static string? ReadFeature(string? text) => Some(text) switch
    {
        null => null,
        { } some when SiteFeature.TryParse(some, out SiteFeature feature) => feature.ToString(),
        _ => throw new DeskException(DeskFault.Bad("The feature is no kind=value.", "Kinds are: " + string.Join(", ", FeatureKinds.All.Select(kind => kind.Name)) + ".")),
    };

    private static T? ReadEnum<T>(string? text, string name)
        where T : struct, Enum =>
        Some(text) switch
        {
            null => null,
            { } some when Words.TryRead(some, out T value) => value,
            _ => throw new DeskException(DeskFault.Bad($"There is no such {name}.", $"One of: {string.Join(", ", Enum.GetValues<T>().Select(Words.Of))}.")),
        };
}
