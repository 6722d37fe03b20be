namespace Whorl.Sources.Sites.Jobs;

/// <summary>What came last of a job. When it is due again stands beside it: <see cref="SiteJob.Due"/>.</summary>
internal enum JobState
{
    Queued,
    Leased,
    Succeeded,
    Failed,
    Abandoned,
}

/// <summary>One try at a job. It is leased, and ends once.</summary>
internal enum RunState
{
    Leased,
    Succeeded,
    Failed,
    Abandoned,
}

/// <summary>A site to be put under watch.</summary>
/// <param name="Url">Normalised; there is one job for each.</param>
/// <param name="Origin">Who asked: <c>cli</c>, <c>console</c>, <c>file</c>, or the name of a list.</param>
internal sealed record NewJob(string Url, string Origin, DateTimeOffset? Due = null);

/// <summary>A site under watch.</summary>
/// <param name="Due">When it may be claimed; while it is leased the end of the lease; null for never by itself.</param>
/// <param name="Failures">Failed and abandoned runs since the last that succeeded, without those that were given back.</param>
/// <param name="Interval">Time between visits, as it has adapted.</param>
/// <param name="Run">The run that holds it while it is leased, else the last one.</param>
internal sealed record SiteJob(
    string Id, string Url, string Site, string Origin, JobState State, DateTimeOffset? Due, int Failures, int Runs, TimeSpan Interval,
    DateTimeOffset Added, string? Worker, DateTimeOffset? LeasedUntil, string? Run);

/// <summary>A job that is this worker's for a while.</summary>
/// <param name="Run">UUIDv7 of the run; the scan will have the same.</param>
internal sealed record LeasedJob(SiteJob Job, string Run);

/// <summary>The trace of one try.</summary>
/// <param name="Reason">Why it failed or was abandoned.</param>
internal sealed record JobRun(string Id, string Job, string Worker, RunState State, DateTimeOffset Started, DateTimeOffset? Ended, string? Reason);

/// <summary>A step of a job from one state to another.</summary>
internal sealed record JobTransition(string Job, string? Run, JobState From, JobState To, DateTimeOffset Time, string? Reason);

/// <summary>How a job goes on after a run.</summary>
/// <param name="After">How long after the run's end it is due again, by the source's clock; null for never by itself.</param>
internal sealed record NextVisit(TimeSpan? After, TimeSpan Interval);

/// <summary>Jobs in the order they are due; <c>After</c> is the id of the last one of the page before.</summary>
internal sealed record JobQuery(JobState? State = null, string? Site = null, string? After = null, int Limit = 100);

/// <summary>How many jobs there are in each state, and how many of them could be claimed now.</summary>
internal sealed record JobCounts(IReadOnlyDictionary<JobState, long> Jobs, long Due);

/// <summary>Reasons that are the machinery's own, not a site's.</summary>
internal static class JobReasons
{
    /// <summary>The worker was not heard of until the end of its lease.</summary>
    public const string LeaseExpired = "lease expired";

    /// <summary>The worker was told to stop, and gave the job back: a failed run, and no failure of the job.</summary>
    public const string Stopped = "stopped";
}
