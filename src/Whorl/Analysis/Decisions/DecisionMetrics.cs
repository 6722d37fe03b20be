using System.Diagnostics.Metrics;

namespace Whorl.Analysis.Decisions;

/// <summary>What decisions count.</summary>
internal sealed class DecisionMetrics
{
    private readonly Counter<long> _added;
    private readonly Counter<long> _ended;
    private long _held;
    private long _bytes;

    public DecisionMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create("Whorl.Decisions");
        _added = meter.CreateCounter<long>("whorl.decision.add", "{decision}", "Decisions that came into the table.");
        _ended = meter.CreateCounter<long>("whorl.decision.end", "{decision}", "Decisions that were ended before their term.");
        meter.CreateObservableGauge("whorl.decision.held", () => Interlocked.Read(ref _held), "{decision}", "Decisions in the table.");
        meter.CreateObservableGauge("whorl.decision.table", () => Interlocked.Read(ref _bytes), "By", "Memory of the table's index.");
    }

    public void Changed(int added, int ended)
    {
        _added.Add(added);
        _ended.Add(ended);
    }

    public void Held(int count, long bytes)
    {
        Interlocked.Exchange(ref _held, count);
        Interlocked.Exchange(ref _bytes, bytes);
    }
}
