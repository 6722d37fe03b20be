using System.Data.Common;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Stores;

namespace Whorl.Analysis.Journal;

/// <summary>
/// Stores every observation that the bus brings; a message is acknowledged when its block is committed. The subscription begins before any
/// source starts and is left to the bus to end, which delivers everything first.
/// </summary>
internal sealed class JournalWorker(IBus bus, IDatabase database, JournalStore store, TimeProvider clock, ILogger<JournalWorker> logger)
    : BackgroundService, IHostedLifecycleService
{
    private static readonly Subscription Observations = new("journal", Topics.ObservationPrefix + "#", Durable: true)
    {
        // A store that is away is waited for by the writer; what fails so often has something wrong with itself.
        MaxTries = 10,
        Parallelism = 16,
    };

    // The size limit must hold against a flood, and looking costs next to nothing.
    private static readonly TimeSpan TrimEvery = TimeSpan.FromMinutes(1);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using DbConnection connection = await database.OpenAsync(cancellationToken);
        }
        catch (Exception fault) when (StoreFault.IsTransient(fault))
        {
            // Edges go on with what they have; a database that does not fit this version (StoreException) ends the start instead.
            JournalLog.NotOpen(logger, fault.Message);
        }

        await bus.SubscribeAsync(Observations, StoreAsync, cancellationToken);
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(TrimEvery, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (await store.TrimAsync(stoppingToken) is > 0 and int count)
                {
                    JournalLog.Trimmed(logger, count);
                }
            }
            catch (Exception fault) when (fault is DbException or StoreException or IOException)
            {
                JournalLog.TrimFailed(logger, fault);
            }
        }
    }

    private async Task StoreAsync(BusMessage message, CancellationToken cancel)
    {
        string kind = message.Topic[Topics.ObservationPrefix.Length..];
        IReadOnlyList<ObservationBatch> blocks = JournalBlock.Read(kind, message.Body)
            ?? throw new PoisonMessageException($"A message under {message.Topic} is no batch of observations.");
        foreach (ObservationBatch block in blocks)
        {
            await store.WriteAsync(block, cancel);
        }
    }
}
