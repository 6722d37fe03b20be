using System.Threading.Channels;
using Whorl.Kernel;
using Whorl.Sources.Edge.Exchanges;

namespace Whorl.Sources.Edge.Recording;

/// <summary>
/// Takes what the gate saw, without ever making it wait, and turns it into observation batches, per-second summaries and metrics on a timer of its own.
/// A full queue drops the observation and counts it; the metrics still see the request.
/// </summary>
internal sealed class Recorder
{
    public const int MaxBatch = 512;

    // Arrays beyond 85,000 bytes go to the large object heap, and every few of them cost a full collection. The room between is for the last event.
    private const int BatchRoom = 84_000;

    private const int MaxBatchLength = 80_000;

    // Length of an event without anything unusual.
    private const int UsualEvent = 1024;

    /// <summary>Between two ticks while there is traffic: what a request left behind is still in the processor's cache then.</summary>
    public static readonly TimeSpan BusyInterval = TimeSpan.FromMilliseconds(10);

    /// <summary>Between two ticks while there is none.</summary>
    public static readonly TimeSpan IdleInterval = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan MaxAge = TimeSpan.FromMilliseconds(50);

    private readonly IObservationSink _sink;

    private readonly TimeProvider _clock;

    private readonly EdgeMetrics _metrics;

    private readonly EdgeSummary _summary;

    private readonly RecordEncoder _encoder;

    private readonly EventClock _ids;

    private readonly Channel<RequestRecord> _waiting;

    private readonly Channel<RequestRecord> _free;

    private readonly MalformedRequests _malformed;

    private readonly ILogger _log;

    private Utf8JsonBuffer _json;

    private int _count;

    private long _begun;

    private ObservationId _first;

    private ObservationId _last;

    private long _dropped;

    public Recorder(IObservationSink sink, TimeProvider clock, EdgeMetrics metrics, string sensor, int capacity, ILogger log)
    {
        _sink = sink;
        _clock = clock;
        _metrics = metrics;
        _log = log;
        _ids = new(clock);
        _encoder = new(sensor);
        _summary = new(sensor, clock);
        _malformed = new(clock);
        BoundedChannelOptions bounds = new(capacity) { SingleReader = true };
        _waiting = Channel.CreateBounded<RequestRecord>(bounds);
        _free = Channel.CreateBounded<RequestRecord>(new BoundedChannelOptions(capacity));
    }

    public ObservationId NextId() => new(_ids.Next());

    /// <summary>Observations dropped since start, because they came faster than they could be recorded or the sink would not take them.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Hands one finished exchange over; called on the wire path.</summary>
    public void Add(Exchange exchange, DecisionAction done)
    {
        RequestRecord record = _free.Reader.TryRead(out RequestRecord? free) ? free : new();
        Fill(record, exchange);
        record.Id = exchange.Reference;
        record.Status = exchange.Status;
        record.ResponseBytes = exchange.ResponseBytes;
        record.DurationMicroseconds = (_clock.GetTimestamp() - exchange.Started) * 1_000_000 / _clock.TimestampFrequency;
        record.Verdict = exchange.Verdict;
        record.Done = done;
        record.SetRules(exchange.Hits);
        if (!_waiting.Writer.TryWrite(record))
        {
            Lose(record);
        }
    }

    /// <summary>
    /// Hands over a request that is refused unread, and gives the reference for its answer: its own, or that of the one which stands for all
    /// malformed requests of this address within a second.
    /// </summary>
    public ObservationId AddMalformed(Exchange exchange, RequestFault fault, int status)
    {
        if (_malformed.TryCount(exchange.Facts.Client, out ObservationId first))
        {
            return first;
        }

        RequestRecord record = new()
        {
            Id = NextId(),
            Fault = fault,
            Status = status,
            Done = DecisionAction.Block,
            Verdict = new() { Action = DecisionAction.Block, WouldBe = DecisionAction.Block, Cause = VerdictCause.Malformed },
        };
        Fill(record, exchange);
        if (!_malformed.TryAdd(record, out ObservationId told))
        {
            Lose(record);
        }

        return told;
    }

    private static void Fill(RequestRecord record, Exchange exchange)
    {
        RequestFacts facts = exchange.Facts;
        record.Client = facts.Client;
        record.ClientText = exchange.Client.TextOf(facts.Client);
        record.Direct = facts.Direct;
        record.Wire = facts.Direct ? exchange.Client.WireFragment() : [];
        record.Site = exchange.Site?.NameBytes ?? [];
        record.Upstream = exchange.Upstream?.Name ?? [];
        record.Method = facts.Method;
        record.Scheme = facts.Scheme;
        record.Host = facts.Host;
        record.Path = facts.Path;
        record.Query = facts.Query;
        record.Version = facts.Version;
        record.UserAgent = exchange.UserAgent;
        record.Referer = exchange.Referer;
    }

    private void Lose(RequestRecord record)
    {
        Interlocked.Increment(ref _dropped);
        _metrics.Dropped(1);
        _metrics.Request(record);
    }

    /// <summary>Writes what waits, and publishes what is full or old enough. True where there was something. Called by one thread at a time.</summary>
    public bool Tick()
    {
        bool any = Encode();
        foreach (RequestRecord record in _malformed.TakeDue())
        {
            Write(record);
        }

        if (_count > 0 && _clock.GetElapsedTime(_begun) >= MaxAge)
        {
            PublishBatch();
        }

        if (_summary.TryTake(Dropped, out Observation? summary))
        {
            Publish(() => _sink.TryPublish(summary!), 1);
        }

        return any;
    }

    /// <summary>Writes and publishes everything that waits.</summary>
    public void Flush()
    {
        Tick();
        foreach (RequestRecord record in _malformed.TakeAll())
        {
            Write(record);
        }

        PublishBatch();
    }

    private bool Encode()
    {
        bool any = false;
        while (_waiting.Reader.TryRead(out RequestRecord? record))
        {
            any = true;
            Write(record);
            _free.Writer.TryWrite(record);
        }

        return any;
    }

    private void Write(RequestRecord record)
    {
        if (_count == 0)
        {
            // The buffer goes to the sink as it is; under little traffic a large one would be waste.
            _json = new(Math.Min(BatchRoom, (_waiting.Reader.Count + 1) * UsualEvent));
            _begun = _clock.GetTimestamp();
            _first = _last = record.Id;
        }

        _json.Raw(_count == 0 ? "[\n"u8 : ",\n"u8);
        _encoder.Write(ref _json, record);
        _first = record.Id.IsBefore(_first) ? record.Id : _first;
        _last = _last.IsBefore(record.Id) ? record.Id : _last;
        _count++;
        _metrics.Request(record);
        _summary.Add(record);
        if (_count == MaxBatch || _json.Length >= MaxBatchLength)
        {
            PublishBatch();
        }
    }

    private void PublishBatch()
    {
        if (_count > 0)
        {
            _json.Raw("\n]"u8);
            Publish(new(RecordEncoder.Kind, _count, _first, _last, _json.WrittenMemory));
            _json = default;
            _count = 0;
        }
    }

    private void Publish(ObservationBatch batch) => Publish(() => _sink.TryPublish(batch), batch.Count);

    /// <summary>A sink that refuses or fails costs its observations, never the proxying.</summary>
    private void Publish(Func<bool> publish, int count)
    {
        bool taken;
        try
        {
            taken = publish();
        }
#pragma warning disable CA1031 // a fault of whatever stands behind the seam must not stop the edge
        catch (Exception fault)
#pragma warning restore CA1031
        {
            EdgeLog.SinkFailed(_log, fault);
            taken = false;
        }

        if (!taken)
        {
            Interlocked.Add(ref _dropped, count);
            _metrics.Dropped(count);
        }
    }
}
