using System.Diagnostics.Metrics;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites;

/// <summary>How a visit ended, for this worker.</summary>
internal enum VisitEnd
{
    Succeeded,
    Failed,
    Lost,
    GivenBack,
}

/// <summary>Counters of the sites worker.</summary>
internal sealed class SitesMetrics
{
    public const string MeterName = "Whorl.Sites";

    private readonly Counter<long> _taken;
    private readonly Counter<long> _ended;
    private readonly Counter<long> _found;
    private readonly Counter<long> _dropped;
    private readonly Histogram<double> _duration;
    private long _jobs;
    private long _due;
    private int _inWork;

    public SitesMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(MeterName);
        _taken = meter.CreateCounter<long>("whorl.sites.jobs.taken", "{job}", "Jobs that were leased.");
        _ended = meter.CreateCounter<long>("whorl.sites.visits", "{visit}", "Visits that ended, by how.");
        _found = meter.CreateCounter<long>("whorl.sites.scans", "{scan}", "Scans that were kept, by class.");
        _dropped = meter.CreateCounter<long>("whorl.sites.observations.dropped", "{observation}", "Observations of scans that the bus did not take; they are told later.");
        _duration = meter.CreateHistogram<double>("whorl.sites.visit.duration", "s", "Time of a visit, from its lease to its end, waiting included.");
        meter.CreateObservableUpDownCounter("whorl.sites.jobs", () => Interlocked.Read(ref _jobs), "{job}", "Jobs known.");
        meter.CreateObservableUpDownCounter("whorl.sites.jobs.due", () => Interlocked.Read(ref _due), "{job}", "Jobs due and not in work.");
        meter.CreateObservableUpDownCounter("whorl.sites.visits.working", () => Volatile.Read(ref _inWork), "{visit}", "Visits in work or waiting for their host.");
    }

    public void Taken(int count) => _taken.Add(count);

    public void Ended(VisitEnd how, TimeSpan took)
    {
        _ended.Add(1, new KeyValuePair<string, object?>("outcome", how switch { VisitEnd.Succeeded => "succeeded", VisitEnd.Failed => "failed", VisitEnd.Lost => "lost", _ => "given_back" }));
        _duration.Record(took.TotalSeconds);
    }

    public void Found(SiteClass found) => _found.Add(1, new KeyValuePair<string, object?>("class", found switch { SiteClass.HttpContent => "http_content", SiteClass.HttpError => "http_error", _ => "unreachable" }));

    public void Dropped() => _dropped.Add(1);

    public void Now(long jobs, long due, int inWork)
    {
        Interlocked.Exchange(ref _jobs, jobs);
        Interlocked.Exchange(ref _due, due);
        Volatile.Write(ref _inWork, inWork);
    }
}
