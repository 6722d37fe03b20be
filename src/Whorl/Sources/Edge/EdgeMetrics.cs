using System.Diagnostics.Metrics;
using Whorl.Kernel;
using Whorl.Sources.Edge.Exchanges;
using Whorl.Sources.Edge.Recording;

namespace Whorl.Sources.Edge;

/// <summary>Counters of the edge. Requests are counted by the recorder, off the wire path; only rare things are counted on it.</summary>
internal sealed class EdgeMetrics
{
    public const string MeterName = "Whorl.Edge";

    private static readonly string[] StatusClasses = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

    private readonly Counter<long> _requests;

    private readonly Counter<long> _dropped;

    private readonly Counter<long> _malformed;

    private readonly Counter<long> _upstreamFailures;

    private readonly Counter<long> _judgeFailures;

    private readonly Histogram<double> _durations;

    private readonly KeyValuePair<string, object?>[] _verdictTags = [.. ActionNames.All.Select(name => KeyValuePair.Create("verdict", (object?)name))];

    private readonly KeyValuePair<string, object?>[] _statusTags = [.. StatusClasses.Select(name => KeyValuePair.Create("status", (object?)name))];

    private readonly KeyValuePair<string, object?>[] _faultTags = [.. RequestFaults.All.Select(fault => KeyValuePair.Create("fault", (object?)fault.Name))];

    private int _active;

    public EdgeMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(MeterName);
        _requests = meter.CreateCounter<long>("whorl.edge.requests", "{request}", "Requests answered, by verdict and status class.");
        _dropped = meter.CreateCounter<long>("whorl.edge.observations.dropped", "{observation}", "Observations dropped because a queue was full.");
        _malformed = meter.CreateCounter<long>("whorl.edge.requests.malformed", "{request}", "Requests refused unread because they are malformed or too large, by fault.");
        _upstreamFailures = meter.CreateCounter<long>("whorl.edge.upstream.failures", "{request}", "Requests an upstream did not answer, by kind.");
        _judgeFailures = meter.CreateCounter<long>("whorl.edge.judge.failures", "{request}", "Requests let through because judging them failed.");
        _durations = meter.CreateHistogram<double>("whorl.edge.request.duration", "s", "Time from a request's head to the end of its answer.");
        meter.CreateObservableUpDownCounter("whorl.edge.requests.active", () => Volatile.Read(ref _active), "{request}", "Requests under way.");
    }

    public int Active => Volatile.Read(ref _active);

    public void Begin() => Interlocked.Increment(ref _active);

    public void End() => Interlocked.Decrement(ref _active);

    public void Request(RequestRecord record)
    {
        _requests.Add(1 + record.Repeats, _verdictTags[(int)record.Done], _statusTags[Math.Clamp(record.Status / 100, 0, 5)]);
        if (record.Fault == RequestFault.None)
        {
            _durations.Record(record.DurationMicroseconds / 1e6);
        }
    }

    public void Dropped(int count) => _dropped.Add(count);

    public void Malformed(RequestFault fault) => _malformed.Add(1, _faultTags[(int)fault - 1]);

    public void UpstreamFailed(string kind) => _upstreamFailures.Add(1, KeyValuePair.Create("kind", (object?)kind));

    public void JudgeFailed() => _judgeFailures.Add(1);
}
