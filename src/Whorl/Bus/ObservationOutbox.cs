using System.Buffers;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Bus;

/// <summary>
/// Where sources leave observations: a bounded queue that never makes them wait. One loop gathers single observations by kind, hands
/// ready-made batches on as they are, and gives both to the bus.
/// </summary>
internal sealed class ObservationOutbox(IBus bus, IOptions<BusOptions> options, TimeProvider clock, BusMetrics metrics, ILogger<ObservationOutbox> logger)
    : IObservationSink
{
    // A batch is one message and one row: large enough that their overhead vanishes, small enough to be read whole for one observation.
    private const int MaxBatch = 256;
    private const int MaxBatchBytes = 256 * 1024;

    private static readonly TimeSpan MaxAge = TimeSpan.FromMilliseconds(100);

    private readonly Channel<object> _queue = Channel.CreateBounded<object>(
        new BoundedChannelOptions(options.Value.OutboxMessages) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly Dictionary<string, Gathering> _gatherings = new(StringComparer.Ordinal);
    private readonly long _maxBytes = options.Value.OutboxMegabytes * 1024L * 1024L;
    private long _bytes;
    private long _oldest;
    private Task _work = Task.CompletedTask;

    public bool TryPublish(Observation observation)
    {
        if (_queue.Writer.TryWrite(observation))
        {
            return true;
        }

        Drop(1);
        return false;
    }

    public bool TryPublish(ObservationBatch batch)
    {
        long bytes = Interlocked.Add(ref _bytes, batch.Json.Length);
        if (bytes <= _maxBytes && _queue.Writer.TryWrite(batch))
        {
            return true;
        }

        Interlocked.Add(ref _bytes, -batch.Json.Length);
        Drop(batch.Count);
        return false;
    }

    public void Start() => _work = Task.Run(RunAsync);

    /// <summary>Takes nothing more, and publishes what is here, as far as the time given reaches.</summary>
    public async Task CompleteAsync(CancellationToken cancel)
    {
        _queue.Writer.TryComplete();
        await _work.WaitAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Drop(int count) =>
        metrics.ObservationsDropped(count, _queue.Reader.Completion.IsCompleted ? DropReason.Stopping : DropReason.OutboxFull);

    private async Task RunAsync()
    {
        Task<bool> more = _queue.Reader.WaitToReadAsync().AsTask();
        while (true)
        {
            if (_gatherings.Count > 0)
            {
                TimeSpan left = MaxAge - clock.GetElapsedTime(_oldest);
                if (left > TimeSpan.Zero)
                {
                    await Task.WhenAny(more, Task.Delay(left, clock));
                }
            }
            else
            {
                await more;
            }

            while (_queue.Reader.TryRead(out object? item))
            {
                await TakeAsync(item);
                await FlushIfOldAsync();
            }

            await FlushIfOldAsync();
            if (more.IsCompleted)
            {
                if (!await more)
                {
                    await FlushAsync();
                    return;
                }

                more = _queue.Reader.WaitToReadAsync().AsTask();
            }
        }
    }

    private async ValueTask TakeAsync(object item)
    {
        if (item is ObservationBatch batch)
        {
            Interlocked.Add(ref _bytes, -batch.Json.Length);
            await PublishAsync(batch.Kind, batch.Count, batch.Json);
            return;
        }

        Observation observation = (Observation)item;
        if (!_gatherings.TryGetValue(observation.Kind, out Gathering? gathering))
        {
            if (_gatherings.Count == 0)
            {
                _oldest = clock.GetTimestamp();
            }

            _gatherings[observation.Kind] = gathering = new();
        }

        gathering.Add(observation);
        if (gathering.Count >= MaxBatch || gathering.Bytes >= MaxBatchBytes)
        {
            _gatherings.Remove(observation.Kind);
            await PublishAsync(observation.Kind, gathering.Count, gathering.Finish());
        }
    }

    private ValueTask FlushIfOldAsync() =>
        _gatherings.Count > 0 && clock.GetElapsedTime(_oldest) >= MaxAge ? FlushAsync() : ValueTask.CompletedTask;

    private async ValueTask FlushAsync()
    {
        foreach ((string kind, Gathering gathering) in _gatherings)
        {
            await PublishAsync(kind, gathering.Count, gathering.Finish());
        }

        _gatherings.Clear();
    }

    private async ValueTask PublishAsync(string kind, int count, ReadOnlyMemory<byte> json)
    {
        try
        {
            if (await bus.PublishAsync(new(Topics.ObservationPrefix + kind, json, CloudEvents.BatchContentType), CancellationToken.None))
            {
                metrics.ObservationsPublished(count);
                return;
            }
        }
        catch (Exception fault)
        {
            // The loop decides: one batch is lost and counted, the next may pass.
            BusLog.OutboxFailed(logger, fault);
        }

        metrics.ObservationsDropped(count, DropReason.BusFull);
    }

    /// <summary>A batch in the making, one event a line.</summary>
    private sealed class Gathering
    {
        private readonly ArrayBufferWriter<byte> _buffer = new(4096);

        public Gathering() => _buffer.Write("[\n"u8);

        public int Count { get; private set; }

        public int Bytes => _buffer.WrittenCount;

        public void Add(Observation observation)
        {
            if (Count++ > 0)
            {
                _buffer.Write(",\n"u8);
            }

            using Utf8JsonWriter json = new(_buffer);
            CloudEvents.Write(json, observation);
        }

        public ReadOnlyMemory<byte> Finish()
        {
            _buffer.Write("\n]"u8);
            return _buffer.WrittenMemory;
        }
    }
}
