using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Delivery.Api.Sites;

/// <summary>Which sites are meant; every part that is given narrows.</summary>
internal sealed class SiteFilter
{
    [FromQuery(Name = "text"), Description("Part of the host or the title. It is looked for in a bounded number of sites at a time: a page with `searched` is short although there may be more after `next`.")]
    public string? Text { get; init; }

    [FromQuery(Name = "class"), Description("http_content, http_error or unreachable.")]
    public string? Class { get; init; }

    [FromQuery(Name = "feature"), Description("kind=value: sites whose newest scan shows it, such as tracker=google-analytics:G-ABC123.")]
    public string? Feature { get; init; }

    [FromQuery(Name = "before"), Description("`next` of the page before.")]
    public string? Before { get; init; }

    [FromQuery(Name = "limit"), Description("1 to 1000, 100 where not given.")]
    public int? Limit { get; init; }
}

/// <summary>Which jobs are meant; every part that is given narrows.</summary>
internal sealed class JobFilter
{
    [FromQuery(Name = "state"), Description("queued, leased, succeeded, failed or abandoned.")]
    public string? State { get; init; }

    [FromQuery(Name = "site"), Description("Host of the site.")]
    public string? Site { get; init; }

    [FromQuery(Name = "after"), Description("`next` of the page before.")]
    public string? After { get; init; }

    [FromQuery(Name = "limit"), Description("1 to 1000, 100 where not given.")]
    public int? Limit { get; init; }
}

/// <summary>One page of a list; <c>Next</c> asks for the one after, null on the last.</summary>
/// <param name="Searched">How many were looked through for a text, where that ended the page before it was full.</param>
internal sealed record SitePageOf<T>(IReadOnlyList<T> Items, string? Next, int? Searched = null);

/// <summary>What adding sites came to.</summary>
/// <param name="Added">Sites that are new.</param>
/// <param name="Known">Sites that were under watch already.</param>
/// <param name="Doubled">Lines that named a site of the same list again.</param>
internal sealed record AddedSites(int Added, int Known, int Doubled, int Refused, IReadOnlyList<RefusedLine> Faults);

/// <summary>The job queue in figures.</summary>
internal sealed record QueueView(IReadOnlyDictionary<JobState, long> Jobs, long Due);

/// <summary>How many jobs were made due.</summary>
internal sealed record RetriedJobs(int Retried);

/// <summary>One try at a job and the steps of the job.</summary>
internal sealed record JobHistory(IReadOnlyList<JobRun> Runs, IReadOnlyList<JobTransition> Transitions);

/// <summary>Scans of one site, newest first.</summary>
internal sealed record ScanPage(IReadOnlyList<ScanRecord> Items, string? Next);

/// <summary>What differs between two scans: in the words of a line of a list, and field by field.</summary>
internal sealed record ScanDiffView(string From, string To, IReadOnlyList<ScanChange> Changed, IReadOnlyList<ScanDifference> Fields);
