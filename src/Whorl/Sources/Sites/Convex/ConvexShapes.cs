using System.Text.Json.Serialization;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Convex;

// What goes to the functions and comes from them: functions/model/nouns.ts says the same. A number of Convex is a double; times are milliseconds since 1970.

internal static class ConvexTime
{
    public static double Of(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / (double)TimeSpan.TicksPerMillisecond;

    /// <summary>To the microsecond: a double holds no more of a time of today.</summary>
    public static DateTimeOffset Read(double milliseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks((long)Math.Round(Math.Clamp(milliseconds, 0, MaxMilliseconds) * 1000) * TimeSpan.TicksPerMicrosecond);

    // The end of the year 9999.
    private const double MaxMilliseconds = 253402300799999;
}

internal sealed record JobToAdd(string Url, string Site, string Origin, double? Due);

internal sealed record NextShape([property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? After, double Interval)
{
    public static NextShape Of(NextVisit next) => new(next.After?.TotalMilliseconds, next.Interval.TotalMilliseconds);
}

internal sealed record JobShape(
    string Id, string Url, string Site, string Origin, JobState State, double? Due, double Failures, double Runs, double Interval, double Added, string? Worker, double? LeasedUntil, string? Run)
{
    public SiteJob Read() => new(
        Id, Url, Site, Origin, State, Due is { } due ? ConvexTime.Read(due) : null, (int)Failures, (int)Runs, TimeSpan.FromMilliseconds(Interval),
        ConvexTime.Read(Added), Worker, LeasedUntil is { } until ? ConvexTime.Read(until) : null, Run);
}

internal sealed record LeasedShape(JobShape Job, string Run);

internal sealed record RunShape(string Id, string Job, string Worker, RunState State, double Started, double? Ended, string? Reason)
{
    public JobRun Read() => new(Id, Job, Worker, State, ConvexTime.Read(Started), Ended is { } ended ? ConvexTime.Read(ended) : null, Reason);
}

internal sealed record TransitionShape(string Job, string? Run, JobState From, JobState To, double Time, string? Reason)
{
    public JobTransition Read() => new(Job, Run, From, To, ConvexTime.Read(Time), Reason);
}

internal sealed record CountsShape(Dictionary<string, double> Jobs, double Due);

internal sealed record FeatureShape(string Kind, string Value);

internal sealed record ScanShape(
    string Id, string Site, string Url, double Time, SiteClass Class, string? Reason, double? Status, string? Title, string? Ip, string? Icon, string Record, IReadOnlyList<FeatureShape> Features, IReadOnlyList<string>? Changed);

internal sealed record LineShape(string Id, string Url, double Time, SiteClass Class, string? Reason, double? Status, string? Title, IReadOnlyList<string>? Changed)
{
    public ScanLine Read() => new(Id, Url, ConvexTime.Read(Time), Class, Reason, (int?)Status, Title, Changed);
}

internal sealed record SiteShape(
    string Site, string Url, SiteClass Class, string? Reason, double? Status, string? Title, string? Ip, string? Icon, double Scans, double First, double Last, double? Changed, string Scan)
{
    public SiteSummary Read() => new(
        Site, Url, Class, Reason, (int?)Status, Title, Ip, Icon, (int)Scans, ConvexTime.Read(First), ConvexTime.Read(Last), Changed is { } changed ? ConvexTime.Read(changed) : null, Scan);
}

internal sealed record SitesPage(IReadOnlyList<SiteShape> Sites, string? More);
