using System.Diagnostics.Metrics;

namespace Whorl.Bus;

/// <summary>Why an observation was not handed on.</summary>
internal enum DropReason
{
    /// <summary>The outbox was full: analysis does not keep up, or the broker is slow.</summary>
    OutboxFull,

    /// <summary>The bus had reached every bound.</summary>
    BusFull,

    /// <summary>The process was ending.</summary>
    Stopping,
}

/// <summary>What the bus counts.</summary>
internal sealed class BusMetrics
{
    private readonly Counter<long> _observations;
    private readonly Counter<long> _observationDrops;
    private readonly Counter<long> _published;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _redelivered;
    private readonly Counter<long> _deadLetters;
    private readonly Counter<long> _spooled;
    private readonly Counter<long> _reconnects;
    private long _observationDropCount;
    private long _dropCount;

    public BusMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create("Whorl.Bus");
        _observations = meter.CreateCounter<long>("whorl.observation.publish", "{observation}", "Observations handed to the bus.");
        _observationDrops = meter.CreateCounter<long>("whorl.observation.drop", "{observation}", "Observations dropped because a bound was reached.");
        _published = meter.CreateCounter<long>("whorl.bus.publish", "{message}", "Messages that the bus took charge of.");
        _dropped = meter.CreateCounter<long>("whorl.bus.drop", "{message}", "Messages dropped because a queue or the spool was full.");
        _redelivered = meter.CreateCounter<long>("whorl.bus.redeliver", "{message}", "Deliveries that failed and are tried again.");
        _deadLetters = meter.CreateCounter<long>("whorl.bus.dead_letter", "{message}", "Messages given up after the last try.");
        _spooled = meter.CreateCounter<long>("whorl.bus.spool", "{message}", "Messages written to disk because the broker was away.");
        _reconnects = meter.CreateCounter<long>("whorl.bus.connect", "{connection}", "Connections made to the broker.");
    }

    /// <summary>Observations dropped so far, for those who report it.</summary>
    public long ObservationDropCount => Interlocked.Read(ref _observationDropCount);

    /// <summary>Messages dropped so far.</summary>
    public long DropCount => Interlocked.Read(ref _dropCount);

    public void ObservationsPublished(int count) => _observations.Add(count);

    public void ObservationsDropped(int count, DropReason reason)
    {
        Interlocked.Add(ref _observationDropCount, count);
        _observationDrops.Add(count, new KeyValuePair<string, object?>("reason", reason switch
        {
            DropReason.OutboxFull => "outbox_full",
            DropReason.BusFull => "bus_full",
            _ => "stopping",
        }));
    }

    public void Published() => _published.Add(1);

    public void Dropped()
    {
        Interlocked.Increment(ref _dropCount);
        _dropped.Add(1);
    }

    public void Redelivered() => _redelivered.Add(1);

    public void DeadLetter() => _deadLetters.Add(1);

    public void Spooled() => _spooled.Add(1);

    public void Connected() => _reconnects.Add(1);
}
