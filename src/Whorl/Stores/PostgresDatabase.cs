using System.Data.Common;
using Dapper;
using Npgsql;

namespace Whorl.Stores;

/// <summary>The system of record on a PostgreSQL server that several nodes share.</summary>
internal sealed class PostgresDatabase : IDatabase, IDisposable, IAsyncDisposable
{
    // Any number that no other program on this server is likely to take: "whorl" in ASCII.
    private const long MigrationLock = 0x77686F726C;

    private readonly NpgsqlDataSource _source;
    private readonly Migrations _migrations;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private volatile bool _ready;

    public PostgresDatabase(string connectionString, IEnumerable<MigrationSet> sets, TimeProvider clock)
    {
        NpgsqlConnectionStringBuilder text = new(connectionString);

        // Statements that come again and again are prepared after a few uses; a name in pg_stat_activity tells whose connections these are.
        if (text.MaxAutoPrepare == 0)
        {
            text.MaxAutoPrepare = 64;
        }

        text.ApplicationName ??= "whorl";
        _source = NpgsqlDataSource.Create(text);
        _migrations = new Migrations(sets, clock);
    }

    public Dialect Dialect => Dialect.Postgres;

    public async ValueTask<DbConnection> OpenAsync(CancellationToken cancel)
    {
        if (!_ready)
        {
            await PrepareAsync(cancel);
        }

        return await _source.OpenConnectionAsync(cancel);
    }

    public void Dispose()
    {
        _source.Dispose();
        _gate.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        _gate.Dispose();
    }

    private async Task PrepareAsync(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            if (_ready)
            {
                return;
            }

            await using NpgsqlConnection connection = await _source.OpenConnectionAsync(cancel);
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancel);

            // Held to the end of the transaction: nodes that start together take turns, the later ones find everything applied.
            await connection.ExecuteAsync(new CommandDefinition(
                "SELECT pg_advisory_xact_lock(@MigrationLock)", new { MigrationLock }, transaction, cancellationToken: cancel));
            await _migrations.ApplyAsync(transaction, Dialect, cancel);
            await transaction.CommitAsync(cancel);
            _ready = true;
        }
        finally
        {
            _gate.Release();
        }
    }
}
