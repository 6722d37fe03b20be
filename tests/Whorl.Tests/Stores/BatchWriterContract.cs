using System.Collections.Concurrent;
using System.Data.Common;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Stores;

/// <summary>What a batch writer does, on every engine.</summary>
public abstract class BatchWriterContract : IDisposable
{
    private static readonly MigrationSet Rows = new("rows", ["CREATE TABLE rows (n {int} NOT NULL PRIMARY KEY CHECK (n >= 0)) {strict}"]);

    private readonly TestMeters _meters = new();
    private readonly ConcurrentQueue<int> _batches = new();

    internal abstract IDatabase Open(params MigrationSet[] sets);

    [Fact]
    public async Task A_row_is_acknowledged_when_another_connection_can_read_it()
    {
        IDatabase database = Open(Rows);
        await using BatchWriter<long> writer = Writer(database);

        await writer.WriteAsync(7, default);

        (await ReadAsync(database)).ShouldBe([7L]);
    }

    [Fact]
    public async Task Rows_that_arrive_together_share_transactions_of_bounded_size()
    {
        IDatabase database = Open(Rows);
        await using BatchWriter<long> writer = Writer(database, new("test") { MaxBatch = 40 });

        await Task.WhenAll(Enumerable.Range(0, 100).Select(n => writer.WriteAsync(n, default)));

        (await ReadAsync(database)).Count.ShouldBe(100);
        _batches.Sum().ShouldBe(100);
        _batches.Max().ShouldBeLessThanOrEqualTo(40);
        _batches.Count.ShouldBeLessThan(20);
    }

    [Fact]
    public async Task A_row_the_database_refuses_fails_alone()
    {
        IDatabase database = Open(Rows);
        await using BatchWriter<long> writer = Writer(database);

        Task[] writes = [.. Enumerable.Range(0, 50).Select(n => writer.WriteAsync(n == 23 ? -1 : n, default))];

        await Should.ThrowAsync<DbException>(() => writes[23]);
        await Task.WhenAll(writes.Where((_, n) => n != 23));
        (await ReadAsync(database)).ShouldBe(Enumerable.Range(0, 50).Where(n => n != 23).Select(n => (long)n));
    }

    [Fact]
    public async Task A_batch_is_kept_while_the_database_is_away()
    {
        IDatabase database = Open(Rows);
        int failures = 3;
        await using BatchWriter<long> writer = new(database, new("test"), (transaction, rows, cancel) => failures-- > 0
            ? throw new TimeoutException("as the test wants")
            : InsertAsync(transaction, rows, cancel), TimeProvider.System, new StoreMetrics(_meters), NullLogger.Instance);

        await writer.WriteAsync(1, default);

        failures.ShouldBe(-1);
        (await ReadAsync(database)).ShouldBe([1L]);
    }

    [Fact]
    public async Task Disposing_writes_what_was_taken()
    {
        IDatabase database = Open(Rows);
        BatchWriter<long> writer = Writer(database, new("test") { MaxBatch = 10 });
        for (int n = 0; n < 35; n++)
        {
            writer.TryWrite(n).ShouldBeTrue();
        }

        await writer.DisposeAsync();

        (await ReadAsync(database)).Count.ShouldBe(35);
    }

    [Fact]
    public async Task A_full_queue_drops_what_need_not_be_kept()
    {
        IDatabase database = Open(Rows);
        TaskCompletionSource entered = new(), release = new();
        await using BatchWriter<long> writer = new(database, new("test") { MaxBatch = 1, Capacity = 2 }, async (transaction, rows, cancel) =>
        {
            entered.TrySetResult();
            await release.Task;
            await InsertAsync(transaction, rows, cancel);
        }, TimeProvider.System, new StoreMetrics(_meters), NullLogger.Instance);

        writer.TryWrite(1).ShouldBeTrue();
        await entered.Task;
        writer.TryWrite(2).ShouldBeTrue();
        writer.TryWrite(3).ShouldBeTrue();
        writer.TryWrite(4).ShouldBeFalse();
        release.SetResult();
    }

    public virtual void Dispose()
    {
        _meters.Dispose();
        GC.SuppressFinalize(this);
    }

    private static async Task<IReadOnlyList<long>> ReadAsync(IDatabase database)
    {
        await using DbConnection connection = await database.OpenAsync(default);
        return [.. await connection.QueryAsync<long>("SELECT n FROM rows ORDER BY n")];
    }

    private static async Task InsertAsync(DbTransaction transaction, IReadOnlyList<long> rows, CancellationToken cancel)
    {
        foreach (long n in rows)
        {
            await transaction.Connection!.ExecuteAsync(new CommandDefinition("INSERT INTO rows (n) VALUES (@n)", new { n }, transaction, cancellationToken: cancel));
        }
    }

    private BatchWriter<long> Writer(IDatabase database, BatchWriterSettings? settings = null) =>
        new(database, settings ?? new("test"), (transaction, rows, cancel) =>
        {
            _batches.Enqueue(rows.Count);
            return InsertAsync(transaction, rows, cancel);
        }, TimeProvider.System, new StoreMetrics(_meters), NullLogger.Instance);
}
