using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Stores;

namespace Whorl.Analysis.Decisions;

/// <summary>Keeps the replica current: by bus at once, by asking the store at an interval; compacts it, saves it, and removes what ended long ago.</summary>
internal sealed class DecisionFollower(
    DecisionReplica replica, DecisionStore store, IBus bus, IOptions<DecisionsOptions> options, IOptions<NodeOptions> node, TimeProvider clock, ILogger<DecisionFollower> log)
    : BackgroundService
{
    // Until the first load nothing is enforced, so the store is asked often.
    private static readonly TimeSpan LoadRetry = TimeSpan.FromSeconds(1);

    // Expired entries only cost memory; the snapshot is for a rare day.
    private static readonly TimeSpan Housekeeping = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan SnapshotInterval = TimeSpan.FromMinutes(1);

    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly string _snapshot = Path.Combine(node.Value.Data, DecisionSnapshot.FileName);
    private long _saved = -1;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        SaveSnapshot();
    }

    /// <summary>Handles one message of the bus.</summary>
    public async Task HandleAsync(BusMessage message, CancellationToken cancel)
    {
        if (!DecisionMessage.TryRead(message.Body.Span, out DecisionChange change, out bool whole))
        {
            // A newer version speaks otherwise; the store says the same.
            DecisionLog.UnknownMessage(log);
            await replica.CatchUpAsync(cancel);
            return;
        }

        await replica.ReceiveAsync(change, whole, cancel);
        if (replica.Table.WantsCompacting)
        {
            _wake.Writer.TryWrite(true);
        }
    }

    /// <summary>First load: from the store, or from the snapshot where the store is shared and away.</summary>
    public async Task StartFromAnythingAsync(CancellationToken cancel)
    {
        if (!await replica.CatchUpAsync(cancel) && store.Dialect == Dialect.Postgres && !replica.Loaded)
        {
            replica.TryStartFrom(_snapshot);
        }
    }

    /// <summary>Writes the snapshot where there is news and the store is another machine's.</summary>
    public void SaveSnapshot()
    {
        long number = replica.Number;
        if (store.Dialect != Dialect.Postgres || number < 0 || number == _saved)
        {
            return;
        }

        try
        {
            DecisionSnapshot.Write(_snapshot, replica.Table, number);
            _saved = number;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            DecisionLog.SnapshotFailed(log, fault);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await StartFromAnythingAsync(stoppingToken);

        // A queue of this process alone: every node hears every change, and what it misses while it is down it asks for.
        string queue = $"decisions.{node.Value.Name}.{Uuid7.Text(Uuid7.New(clock))}";
        await using IAsyncDisposable subscription = await bus.SubscribeAsync(new(queue, Topics.DecisionChanged, Durable: false), HandleAsync, stoppingToken);
        DateTimeOffset housekeeping = clock.GetUtcNow() + Housekeeping;
        DateTimeOffset save = clock.GetUtcNow();
        while (!stoppingToken.IsCancellationRequested)
        {
            await WaitAsync(replica.Loaded ? options.Value.CatchUp : LoadRetry, stoppingToken);
            await replica.CatchUpAsync(stoppingToken);
            DateTimeOffset now = clock.GetUtcNow();
            bool due = now >= housekeeping;
            if (due || replica.Table.WantsCompacting)
            {
                await replica.CompactAsync(stoppingToken);
            }

            if (due)
            {
                housekeeping = now + Housekeeping;
                await PruneAsync(stoppingToken);
            }

            if (now >= save)
            {
                save = now + SnapshotInterval;
                SaveSnapshot();
            }
        }
    }

    private async Task PruneAsync(CancellationToken cancel)
    {
        try
        {
            await store.PruneAsync(clock.GetUtcNow() - options.Value.KeepEnded, cancel);
        }
        catch (Exception fault) when (fault is System.Data.Common.DbException or StoreException || StoreFault.IsTransient(fault))
        {
            DecisionLog.PruneFailed(log, fault);
        }
    }

    private async Task WaitAsync(TimeSpan atMost, CancellationToken cancel)
    {
        using CancellationTokenSource limit = new(atMost, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            await _wake.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // The interval is over.
        }
    }
}
