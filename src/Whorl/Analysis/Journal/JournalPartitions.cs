using System.Collections.Concurrent;
using System.Data.Common;
using System.Globalization;
using Dapper;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Stores;

namespace Whorl.Analysis.Journal;

/// <summary>
/// Makes room for days to come and frees what is too old: on PostgreSQL a day is a partition, made when its first block arrives and dropped
/// whole; on SQLite old rows are deleted a few at a time, so that writers are never kept waiting, and their pages are used again.
/// </summary>
internal sealed class JournalPartitions(IDatabase database, IOptions<JournalOptions> options, TimeProvider clock) : IDisposable
{
    private const long Megabyte = 1024 * 1024;
    private const int DeleteAtOnce = 100;

    // Serializes making partitions among all nodes: "whorlday" in ASCII.
    private const long PartitionLock = 0x77686F726C646179;

    private readonly ConcurrentDictionary<DateOnly, bool> _days = new();
    private readonly SemaphoreSlim _gate = new(1, 1);

    /// <summary>Blocks that end before this are not kept.</summary>
    public DateTimeOffset Oldest => clock.GetUtcNow() - TimeSpan.FromDays(options.Value.KeepDays);

    public async ValueTask PrepareAsync(DateTimeOffset time, CancellationToken cancel)
    {
        DateOnly day = DateOnly.FromDateTime(time.UtcDateTime);
        if (database.Dialect == Dialect.Sqlite || _days.ContainsKey(day))
        {
            return;
        }

        await _gate.WaitAsync(cancel);
        try
        {
            if (!_days.ContainsKey(day))
            {
                await CreateAsync(day, cancel);
                _days[day] = true;
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    public async Task<int> TrimAsync(CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return database.Dialect == Dialect.Sqlite ? await TrimRowsAsync(connection, cancel) : await TrimDaysAsync(connection, cancel);
    }

    public void Dispose() => _gate.Dispose();

    private static string Name(DateOnly day) => day.ToString("'journal_'yyyyMMdd", CultureInfo.InvariantCulture);

    private static string Bound(DateOnly day) =>
        "'\\x" + Convert.ToHexStringLower(ColumnTypes.Bytes(Uuid7.FirstAt(new(day, TimeOnly.MinValue, TimeSpan.Zero)))) + "'";

    // In a transaction of its own: it needs the whole table for a moment, and must not wait for a batch that waits for it.
    private async Task CreateAsync(DateOnly day, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition("SELECT pg_advisory_xact_lock(@PartitionLock)", new { PartitionLock }, transaction, cancellationToken: cancel));
        await connection.ExecuteAsync(new CommandDefinition(
            $"CREATE TABLE IF NOT EXISTS {Name(day)} PARTITION OF journal FOR VALUES FROM ({Bound(day)}) TO ({Bound(day.AddDays(1))})",
            transaction: transaction, cancellationToken: cancel));
        await transaction.CommitAsync(cancel);
    }

    private async Task<int> TrimRowsAsync(DbConnection connection, CancellationToken cancel)
    {
        int total = 0;
        while (await DeleteOldestAsync(connection, "WHERE last < @Oldest", cancel) is > 0 and int deleted)
        {
            total += deleted;
        }

        while (await UsedBytesAsync(connection, cancel) > options.Value.MaxMegabytes * Megabyte
            && await DeleteOldestAsync(connection, "", cancel) is > 0 and int deleted)
        {
            total += deleted;
        }

        return total;
    }

    private async Task<int> DeleteOldestAsync(DbConnection connection, string where, CancellationToken cancel) =>
        await connection.ExecuteAsync(new CommandDefinition(
            $"DELETE FROM journal WHERE rowid IN (SELECT rowid FROM journal {where} ORDER BY last LIMIT {DeleteAtOnce})",
            new { Oldest = new ObservationId(Uuid7.FirstAt(Oldest)) }, cancellationToken: cancel));

    // Pages in use times their size: a figure SQLite keeps, where adding up lengths would read the table.
    private static async Task<long> UsedBytesAsync(DbConnection connection, CancellationToken cancel) =>
        await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size", cancellationToken: cancel));

    private async Task<int> TrimDaysAsync(DbConnection connection, CancellationToken cancel)
    {
        List<(string Name, long Bytes)> days = [.. await connection.QueryAsync<(string, long)>(new CommandDefinition(
            """
            SELECT c.relname, pg_total_relation_size(c.oid)
            FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'journal'::regclass ORDER BY c.relname
            """, cancellationToken: cancel))];
        string oldestKept = Name(DateOnly.FromDateTime(Oldest.UtcDateTime));
        long used = days.Sum(day => day.Bytes);
        int dropped = 0;
        foreach ((string name, long bytes) in days.Take(days.Count - 1))
        {
            if (string.CompareOrdinal(name, oldestKept) >= 0 && used <= options.Value.MaxMegabytes * Megabyte)
            {
                break;
            }

            await DropAsync(connection, name, cancel);
            used -= bytes;
            dropped++;
        }

        return dropped;
    }

    private async Task DropAsync(DbConnection connection, string name, CancellationToken cancel)
    {
        // Several nodes may trim at once; the name is one of ours, read from the catalogue.
        await connection.ExecuteAsync(new CommandDefinition($"DROP TABLE IF EXISTS {name}", cancellationToken: cancel));
        _days.TryRemove(DateOnly.ParseExact(name, "'journal_'yyyyMMdd", CultureInfo.InvariantCulture), out _);
    }
}
