using System.Diagnostics.Metrics;

namespace Whorl.Stores;

/// <summary>What batch writers count; the tag <c>writer</c> is the name of one, given in code.</summary>
internal sealed class StoreMetrics
{
    private readonly Counter<long> _rows;
    private readonly Counter<long> _drops;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _retries;
    private readonly Histogram<double> _commits;

    public StoreMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create("Whorl.Stores");
        _rows = meter.CreateCounter<long>("whorl.store.write", "{row}", "Rows committed.");
        _drops = meter.CreateCounter<long>("whorl.store.drop", "{row}", "Rows dropped because a writer's queue was full.");
        _failures = meter.CreateCounter<long>("whorl.store.fail", "{row}", "Rows that the database refused.");
        _retries = meter.CreateCounter<long>("whorl.store.retry", "{batch}", "Batches tried again because the database was away.");
        _commits = meter.CreateHistogram<double>("whorl.store.commit", "s", "Time from the begin of a batch's transaction to its commit.");
    }

    public void Committed(string writer, int rows, TimeSpan took)
    {
        _rows.Add(rows, Tag(writer));
        _commits.Record(took.TotalSeconds, Tag(writer));
    }

    public void Dropped(string writer) => _drops.Add(1, Tag(writer));

    public void Failed(string writer) => _failures.Add(1, Tag(writer));

    public void Retried(string writer) => _retries.Add(1, Tag(writer));

    private static KeyValuePair<string, object?> Tag(string writer) => new("writer", writer);
}
