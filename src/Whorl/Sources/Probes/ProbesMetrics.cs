using System.Diagnostics.Metrics;
using Whorl.Sources.Probes.Asking;

namespace Whorl.Sources.Probes;

/// <summary>Why an address that showed itself is no target.</summary>
internal enum TargetRefusal
{
    Forbidden,
    QueueFull,
    NetworkFull,
}

/// <summary>Counters of the prober.</summary>
internal sealed class ProbesMetrics
{
    public const string MeterName = "Whorl.Probes";

    private readonly Counter<long> _found;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _visits;
    private readonly Counter<long> _asks;
    private readonly Counter<long> _sent;
    private long _known;
    private long _due;
    private int _inWork;

    public ProbesMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(MeterName);
        _found = meter.CreateCounter<long>("whorl.probes.targets.found", "{target}", "Addresses stored as targets, also again.");
        _refused = meter.CreateCounter<long>("whorl.probes.targets.refused", "{target}", "Addresses that showed themselves and are no targets.");
        _visits = meter.CreateCounter<long>("whorl.probes.visits", "{visit}", "Visits that ended.");
        _asks = meter.CreateCounter<long>("whorl.probes.asks", "{ask}", "Probes of one port, by what came of them.");
        _sent = meter.CreateCounter<long>("whorl.probes.sent", "{connection}", "Connections begun and packets sent.");
        meter.CreateObservableUpDownCounter("whorl.probes.targets", () => Interlocked.Read(ref _known), "{target}", "Targets known.");
        meter.CreateObservableUpDownCounter("whorl.probes.targets.due", () => Interlocked.Read(ref _due), "{target}", "Targets due and not in work.");
        meter.CreateObservableUpDownCounter("whorl.probes.targets.working", () => Volatile.Read(ref _inWork), "{target}", "Targets in work.");
    }

    public void Found(int count) => _found.Add(count);

    public void Refused(TargetRefusal why) => _refused.Add(1, new KeyValuePair<string, object?>("reason", why switch { TargetRefusal.Forbidden => "forbidden", TargetRefusal.NetworkFull => "network_full", _ => "queue_full" }));

    public void Visited() => _visits.Add(1);

    public void Asked(Answered answered)
    {
        _asks.Add(1, new("probe", answered.Name.Word()), new("outcome", answered.Result.Failure?.Word() ?? "answered"));
        _sent.Add(answered.Sent);
    }

    public void Now(long known, long due, int inWork)
    {
        Interlocked.Exchange(ref _known, known);
        Interlocked.Exchange(ref _due, due);
        Volatile.Write(ref _inWork, inWork);
    }
}
