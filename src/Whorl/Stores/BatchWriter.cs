using System.Data.Common;
using System.Threading.Channels;

namespace Whorl.Stores;

/// <summary>How a <see cref="BatchWriter{T}"/> gathers.</summary>
/// <param name="Name">For metrics and logs.</param>
internal sealed record BatchWriterSettings(string Name)
{
    /// <summary>Rows in one transaction.</summary>
    public int MaxBatch { get; init; } = 500;

    /// <summary>How long the first row of a batch waits for company.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Rows that wait to be written.</summary>
    public int Capacity { get; init; } = 10_000;
}

/// <summary>
/// Writes rows in batches, one transaction each. A row is acknowledged when its transaction is committed. While the database is away a batch
/// is kept and tried again; a batch that the database refuses is split, so that one bad row does not take the others with it.
/// A commit whose answer was lost is done again: <paramref name="write"/> must leave rows that are already there alone.
/// </summary>
internal sealed class BatchWriter<T>(
    IDatabase database,
    BatchWriterSettings settings,
    Func<DbTransaction, IReadOnlyList<T>, CancellationToken, Task> write,
    TimeProvider clock,
    StoreMetrics metrics,
    ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan FirstRest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(5);

    // What an orderly end may take while the database is away; after that the rows are not acknowledged and whoever sent them still has them.
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(5);

    private readonly Channel<Entry> _queue = Channel.CreateBounded<Entry>(
        new BoundedChannelOptions(settings.Capacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly CancellationTokenSource _abort = new();
    private readonly Lock _gate = new();
    private Task? _work;

    /// <summary>Waits for room, then for the commit. Cancelling gives up waiting; the row may be written all the same.</summary>
    public async Task WriteAsync(T row, CancellationToken cancel)
    {
        EnsureStarted();
        Entry entry = new(row, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await _queue.Writer.WriteAsync(entry, cancel);
        await entry.Done!.Task.WaitAsync(cancel);
    }

    /// <summary>Leaves the row to be written some time; false where it was dropped, and counted, because the queue is full.</summary>
    public bool TryWrite(T row)
    {
        EnsureStarted();
        if (_queue.Writer.TryWrite(new Entry(row, null)))
        {
            return true;
        }

        metrics.Dropped(settings.Name);
        return false;
    }

    /// <summary>Takes nothing more, and writes what is here.</summary>
    public async ValueTask DisposeAsync()
    {
        Task work;
        lock (_gate)
        {
            _queue.Writer.TryComplete();
            work = _work ?? Task.CompletedTask;
        }

        _abort.CancelAfter(DrainTime);
        await work;
        _abort.Dispose();
    }

    private void EnsureStarted()
    {
        if (_work is null)
        {
            lock (_gate)
            {
                _work ??= Task.Run(RunAsync);
            }
        }
    }

    private async Task RunAsync()
    {
        List<Entry> batch = [];
        while (await _queue.Reader.WaitToReadAsync())
        {
            await GatherAsync(batch);
            await CommitAsync(batch, 0, batch.Count);
            batch.Clear();
        }
    }

    private async Task GatherAsync(List<Entry> batch)
    {
        Task? linger = null;
        while (true)
        {
            while (batch.Count < settings.MaxBatch && _queue.Reader.TryRead(out Entry? entry))
            {
                batch.Add(entry);
            }

            if (batch.Count == settings.MaxBatch || settings.Linger == TimeSpan.Zero || linger is { IsCompleted: true })
            {
                return;
            }

            linger ??= Task.Delay(settings.Linger, clock);
            Task<bool> more = _queue.Reader.WaitToReadAsync().AsTask();
            if (await Task.WhenAny(more, linger) == more && !await more)
            {
                return;
            }
        }
    }

    private async Task CommitAsync(List<Entry> batch, int start, int count)
    {
        if (await TryCommitAsync(batch.GetRange(start, count)) is not { } fault)
        {
            return;
        }

        if (count > 1)
        {
            // Depth is the logarithm of MaxBatch.
            await CommitAsync(batch, start, count / 2);
            await CommitAsync(batch, start + (count / 2), count - (count / 2));
            return;
        }

        if (_abort.IsCancellationRequested)
        {
            StoreLog.LeftBehind(logger, settings.Name, count);
        }
        else
        {
            StoreLog.Refused(logger, fault, settings.Name);
            metrics.Failed(settings.Name);
        }

        batch[start].Done?.TrySetException(fault);
    }

    /// <summary>Null when committed; otherwise what the database has against these rows. Waits as long as the database is away.</summary>
    private async Task<Exception?> TryCommitAsync(List<Entry> entries)
    {
        T[] rows = [.. entries.Select(entry => entry.Row)];
        for (int tries = 1; ; tries++)
        {
            bool opened = false;
            try
            {
                _abort.Token.ThrowIfCancellationRequested();
                await using DbConnection connection = await database.OpenAsync(_abort.Token);
                opened = true;
                long begin = clock.GetTimestamp();
                await using DbTransaction transaction = await connection.BeginTransactionAsync(_abort.Token);
                await write(transaction, rows, _abort.Token);
                await transaction.CommitAsync(_abort.Token);
                metrics.Committed(settings.Name, rows.Length, clock.GetElapsedTime(begin));
                entries.ForEach(entry => entry.Done?.TrySetResult());
                return null;
            }
            catch (Exception fault) when (_abort.IsCancellationRequested)
            {
                return fault;
            }
            catch (Exception fault) when (!opened || StoreFault.IsTransient(fault))
            {
                // A database that cannot be opened is never the rows' fault.
                TimeSpan rest = TimeSpan.FromTicks(Math.Min(LongestRest.Ticks, FirstRest.Ticks << Math.Min(tries - 1, 10)));
                StoreLog.Waiting(logger, settings.Name, rows.Length, fault.Message, rest.TotalSeconds);
                metrics.Retried(settings.Name);
                await Task.Delay(rest, clock, _abort.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception fault)
            {
                return fault;
            }
        }
    }

    private sealed record Entry(T Row, TaskCompletionSource? Done);
}

/// <summary>Makes batch writers for modules.</summary>
internal sealed class BatchWriters(IDatabase database, TimeProvider clock, StoreMetrics metrics, ILoggerFactory loggers)
{
    public BatchWriter<T> Create<T>(BatchWriterSettings settings, Func<DbTransaction, IReadOnlyList<T>, CancellationToken, Task> write) =>
        new(database, settings, write, clock, metrics, loggers.CreateLogger("Whorl.Stores.BatchWriter"));
}
