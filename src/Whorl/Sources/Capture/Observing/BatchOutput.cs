using Whorl.Kernel;

namespace Whorl.Sources.Capture.Observing;

/// <summary>
/// Writes observations as CloudEvents into batches by kind and hands those over when they are full or old enough. What the sink refuses is counted.
/// Used by one thread.
/// </summary>
internal sealed class BatchOutput : IObservationOutput
{
    private const int MaxBatch = 512;

    // Arrays beyond 85,000 bytes go to the large object heap.
    private const int BatchRoom = 84_000;

    private const int MaxBatchLength = 76_000;

    // Where little is seen, a large buffer for each kind would be waste.
    private const int FirstRoom = 4096;

    private static readonly TimeSpan MaxAge = TimeSpan.FromMilliseconds(100);

    private readonly IObservationSink _sink;

    private readonly TimeProvider _clock;

    private readonly EventClock _ids;

    private readonly EventEnvelope[] _envelopes;

    private readonly Batch[] _batches = new Batch[CaptureKinds.All.Length];

    private long _dropped;

    private long _told;

    public BatchOutput(IObservationSink sink, TimeProvider clock, string sensor)
    {
        (_sink, _clock, _ids) = (sink, clock, new(clock));
        _envelopes = [.. CaptureKinds.All.Select(kind => new EventEnvelope(sensor, kind.Name))];
    }

    /// <summary>Observations that the sink would not take.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Observations handed over.</summary>
    public long Told => Volatile.Read(ref _told);

    public void Write(in Observed observed)
    {
        int kind = (int)observed.Kind;
        ref Batch batch = ref _batches[kind];
        ObservationId id = new(_ids.Next());
        if (batch.Count == 0)
        {
            batch.Json = new(batch.WasFull ? BatchRoom : FirstRoom);
            batch.Begun = _clock.GetTimestamp();
            batch.First = batch.Last = id;
        }

        batch.Json.Raw(batch.Count == 0 ? "[\n"u8 : ",\n"u8);
        _envelopes[kind].Open(ref batch.Json, id, observed.Address, new(observed.Ticks, TimeSpan.Zero));
        batch.Json.Raw(observed.Attributes);
        EventEnvelope.Close(ref batch.Json);
        batch.First = id.IsBefore(batch.First) ? id : batch.First;
        batch.Last = batch.Last.IsBefore(id) ? id : batch.Last;
        if (++batch.Count == MaxBatch || batch.Json.Length >= MaxBatchLength)
        {
            batch.WasFull = true;
            Publish(kind);
        }
    }

    public void Tick(long time)
    {
        for (int kind = 0; kind < _batches.Length; kind++)
        {
            if (_batches[kind].Count > 0 && _clock.GetElapsedTime(_batches[kind].Begun) >= MaxAge)
            {
                _batches[kind].WasFull = false;
                Publish(kind);
            }
        }
    }

    public void Finish()
    {
        for (int kind = 0; kind < _batches.Length; kind++)
        {
            Publish(kind);
        }
    }

    private void Publish(int kind)
    {
        ref Batch batch = ref _batches[kind];
        if (batch.Count == 0)
        {
            return;
        }

        batch.Json.Raw("\n]"u8);
        bool taken = _sink.TryPublish(new ObservationBatch(CaptureKinds.All[kind].Name, batch.Count, batch.First, batch.Last, batch.Json.WrittenMemory));
        Interlocked.Add(ref taken ? ref _told : ref _dropped, batch.Count);
        batch = new() { WasFull = batch.WasFull };
    }

    private struct Batch
    {
        public Utf8JsonBuffer Json;
        public int Count;
        public long Begun;
        public ObservationId First, Last;
        public bool WasFull;
    }
}
