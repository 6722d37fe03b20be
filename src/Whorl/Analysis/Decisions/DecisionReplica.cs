using System.Data.Common;
using Whorl.Analysis.Decisions.Tables;
using Whorl.Kernel;
using Whorl.Stores;

namespace Whorl.Analysis.Decisions;

/// <summary>
/// This process's copy of the stored decisions, and the number of the last change in it. Changes arrive by bus or by asking the store,
/// in any order and more than once; each is applied once. Without the store the copy stays as it is.
/// </summary>
internal sealed class DecisionReplica(DecisionStore store, TimeProvider clock, DecisionMetrics metrics, ILogger<DecisionReplica> log) : IDecisionLookup, IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private volatile DecisionTable _table = DecisionTable.Empty;
    private long _number = -1;
    private bool _storeAway;

    // Changes applied while a new base is being built, to be applied to that too.
    private List<DecisionChange>? _meanwhile;

    /// <summary>True once there is something to enforce: the store's decisions, or those of a snapshot.</summary>
    public bool Loaded { get; private set; }

    /// <summary>False while the store is away and changes made elsewhere reach this process by bus alone.</summary>
    public bool Current => Loaded && !_storeAway;

    public DecisionTable Table => _table;

    /// <summary>Number of the last change in the table; -1 before it was loaded.</summary>
    public long Number => Interlocked.Read(ref _number);

    public DecisionMatch Find(in ClientKeys client) => _table.Find(client, clock);

    /// <summary>Takes the decisions of a snapshot, until the store answers. Called before anything else.</summary>
    public bool TryStartFrom(string path)
    {
        if (!DecisionSnapshot.TryRead(path, out DecisionTable table, out long number))
        {
            return false;
        }

        Swap(table, number);
        Loaded = true;
        DecisionLog.FromSnapshot(log, table.Count, number);
        return true;
    }

    /// <summary>Fetches what is missing: everything at first, then what changed. False where the store does not answer; that is said once.</summary>
    public async Task<bool> CatchUpAsync(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            return await FetchAsync(cancel);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Applies a change that was just made, here or elsewhere.</summary>
    /// <param name="whole">False where the change names only its number.</param>
    public async Task ReceiveAsync(DecisionChange change, bool whole, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            if (change.Number <= _number)
            {
                return;
            }

            if (whole && change.Number == _number + 1)
            {
                Apply(change);
            }
            else if (!await FetchAsync(cancel) && whole)
            {
                // Better early and again later than not at all: applying twice changes nothing.
                Apply(change with { Number = _number });
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Builds a new base from what is in force; changes go on being applied meanwhile.</summary>
    public async Task CompactAsync(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        DecisionTable before = _table;
        _meanwhile = [];
        _gate.Release();
        DecisionTable compact = before.Compact(clock.GetUtcNow());

        await _gate.WaitAsync(CancellationToken.None);
        try
        {
            // Null where the whole table was read anew, which is fresher still.
            if (_meanwhile is { } meanwhile)
            {
                Swap(meanwhile.Aggregate(compact, (table, change) => table.Apply(change.Added, change.Ended)), _number);
            }
        }
        finally
        {
            _meanwhile = null;
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private async Task<bool> FetchAsync(CancellationToken cancel)
    {
        try
        {
            if (_number >= 0 && await store.ChangesAfterAsync(_number, cancel) is { } change)
            {
                if (change.Number > _number)
                {
                    Apply(change);
                }
            }
            else
            {
                await LoadAsync(cancel);
            }

            if (_storeAway)
            {
                _storeAway = false;
                DecisionLog.StoreBack(log, _number);
            }

            return true;
        }
        catch (Exception fault) when (fault is DbException or StoreException || StoreFault.IsTransient(fault))
        {
            if (!_storeAway)
            {
                _storeAway = true;
                DecisionLog.StoreAway(log, fault, _table.Count);
            }

            return false;
        }
    }

    private async Task LoadAsync(CancellationToken cancel)
    {
        // Read first: what changes while rows are read is applied again, which changes nothing.
        long number = await store.LastChangeAsync(cancel);
        List<DecisionItem> items = [];
        int unreadable = 0;
        await foreach (Decision decision in store.LoadAsync(cancel))
        {
            if (DecisionItem.TryFrom(decision, out DecisionItem item))
            {
                items.Add(item);
            }
            else
            {
                unreadable++;
            }
        }

        if (unreadable > 0)
        {
            DecisionLog.Unreadable(log, unreadable);
        }

        _meanwhile = null;
        Swap(DecisionTable.Build(items), number);
        Loaded = true;
        DecisionLog.Loaded(log, _table.Count, number);
    }

    private void Apply(DecisionChange change)
    {
        Swap(_table.Apply(change.Added, change.Ended), change.Number);
        _meanwhile?.Add(change);
        metrics.Changed(change.Added.Count, change.Ended.Count);
    }

    private void Swap(DecisionTable table, long number)
    {
        _table = table;
        Interlocked.Exchange(ref _number, number);
        metrics.Held(table.Count, table.Bytes);
    }
}
