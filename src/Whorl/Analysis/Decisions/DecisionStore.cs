using System.Data;
using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Text;
using Dapper;
using Whorl.Kernel;
using Whorl.Stores;

namespace Whorl.Analysis.Decisions;

/// <summary>A decision as stored: with when it was ended before its term, if it was.</summary>
internal sealed record StoredDecision(Decision Decision, DateTimeOffset? Ended, long Change)
{
    public bool InForce(DateTimeOffset now) => Ended is null && (Decision.Until is null || Decision.Until > now);
}

/// <summary>What to list; newest first.</summary>
internal sealed record DecisionQuery
{
    /// <summary>Decisions on this address and on the ranges around it.</summary>
    public PeerAddress? Ip { get; init; }

    public DecisionScope? Scope { get; init; }

    /// <summary>Canonical value.</summary>
    public string? Value { get; init; }

    public string? Origin { get; init; }

    public string? Scenario { get; init; }

    public DecisionAction? Action { get; init; }

    /// <summary>True: in force; false: ended or expired; null: both.</summary>
    public bool? Active { get; init; } = true;

    /// <summary>Only decisions older than this one: the next page.</summary>
    public DecisionId? Before { get; init; }

    public int Limit { get; init; } = 100;
}

/// <summary>
/// The decisions table. Every writing transaction first counts the one number up, and that row stays locked until it commits: numbers
/// are committed in order on every engine, so "everything after N" misses nothing.
/// </summary>
internal sealed class DecisionStore(IDatabase database, TimeProvider clock)
{
    public static readonly MigrationSet Migrations = new("decisions",
    [
        """
        CREATE TABLE decisions (
            id {blob} NOT NULL PRIMARY KEY,
            change {int} NOT NULL,
            origin {text} NOT NULL,
            scenario {text} NOT NULL,
            scope {int} NOT NULL,
            value {text} NOT NULL,
            action {int} NOT NULL,
            until {int},
            reason {text} NOT NULL,
            simulated {int} NOT NULL,
            ended {int}
        ) {strict};
        CREATE INDEX decisions_change ON decisions (change);
        CREATE INDEX decisions_value ON decisions (value);
        CREATE INDEX decisions_origin ON decisions (origin);
        CREATE TABLE decision_changes (
            id {int} NOT NULL PRIMARY KEY,
            number {int} NOT NULL,
            pruned {int} NOT NULL
        ) {strict};
        INSERT INTO decision_changes (id, number, pruned) VALUES (1, 0, 0);
        """,
    ]);

    private const string Columns = "id, change, origin, scenario, scope, value, action, until, reason, simulated, ended";

    // SQLite finds each parameter by name, one after another, so more rows a statement are slower there.
    private const int RowsAStatement = 32;

    private const int IdsAStatement = 200;

    public Dialect Dialect => database.Dialect;

    public Task<DecisionChange> AddAsync(IReadOnlyList<Decision> decisions, CancellationToken cancel) => ChangeAsync(decisions, [], cancel);

    public Task<DecisionChange> EndAsync(IReadOnlyList<DecisionId> ids, CancellationToken cancel) => ChangeAsync([], ids, cancel);

    /// <summary>Adds and ends in one transaction. An id that was stored before, even one that has ended, is not added again.</summary>
    public async Task<DecisionChange> ChangeAsync(IReadOnlyList<Decision> added, IReadOnlyList<DecisionId> ended, CancellationToken cancel)
    {
        if (added.Count + ended.Count == 0)
        {
            return DecisionChange.None;
        }

        await using DbConnection connection = await database.OpenAsync(cancel);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancel);
        long number = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "UPDATE decision_changes SET number = number + 1 WHERE id = 1 RETURNING number", transaction: transaction, cancellationToken: cancel));

        HashSet<Guid> inserted = [];
        foreach (Decision[] rows in added.DistinctBy(decision => decision.Id).Chunk(RowsAStatement))
        {
            await InsertAsync(transaction, number, rows, inserted, cancel);
        }

        List<DecisionId> gone = [];
        int inForce = 0;
        DateTimeOffset now = clock.GetUtcNow();
        foreach (DecisionId[] ids in ended.Distinct().Chunk(IdsAStatement))
        {
            DynamicParameters values = new(new { now = ColumnTypes.Microseconds(now), number });
            IEnumerable<(byte[] Id, long? Until)> rows = await connection.QueryAsync<(byte[], long?)>(new CommandDefinition(
                $"UPDATE decisions SET ended = @now, change = @number WHERE id IN {OneOf(values, ids.Select(id => ColumnTypes.Bytes(id.Value)))} AND ended IS NULL RETURNING id, until",
                values, transaction, cancellationToken: cancel));
            foreach ((byte[] id, long? until) in rows)
            {
                gone.Add(new(ColumnTypes.Id(id)));
                inForce += until is null || until > ColumnTypes.Microseconds(now) ? 1 : 0;
            }
        }

        if (inserted.Count + gone.Count == 0)
        {
            // Rolled back: the number is not used up.
            return DecisionChange.None;
        }

        await transaction.CommitAsync(cancel);
        return new(number, inserted.Count == added.Count ? added : [.. added.Where(decision => inserted.Remove(decision.Id.Value))], gone) { EndedInForce = inForce };
    }

    /// <summary>Number of the last change.</summary>
    public async Task<long> LastChangeAsync(CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition("SELECT number FROM decision_changes WHERE id = 1", cancellationToken: cancel));
    }

    /// <summary>Everything that changed after <paramref name="number"/>; null where too long ago to tell, and the whole table must be read.</summary>
    public async Task<DecisionChange?> ChangesAfterAsync(long number, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        (long last, long pruned) = await connection.QuerySingleAsync<(long, long)>(new CommandDefinition(
            "SELECT number, pruned FROM decision_changes WHERE id = 1", cancellationToken: cancel));
        if (number < pruned || number > last)
        {
            return null;
        }

        List<Decision> added = [];
        List<DecisionId> ended = [];
        await foreach (StoredDecision row in ReadAsync(connection, $"SELECT {Columns} FROM decisions WHERE change > @number", new { number }, cancel))
        {
            last = Math.Max(last, row.Change);
            if (row.Ended is null)
            {
                added.Add(row.Decision);
            }
            else
            {
                ended.Add(row.Decision.Id);
            }
        }

        return new(last, added, ended);
    }

    /// <summary>Every decision in force, streamed.</summary>
    public async IAsyncEnumerable<Decision> LoadAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        await foreach (StoredDecision row in ReadAsync(
            connection, $"SELECT {Columns} FROM decisions WHERE ended IS NULL AND (until IS NULL OR until > @now)", new { now = clock.GetUtcNow() }, cancel))
        {
            yield return row.Decision;
        }
    }

    /// <summary>Every decision of one origin that is in force.</summary>
    public async IAsyncEnumerable<Decision> OfOriginAsync(string origin, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        await foreach (StoredDecision row in ReadAsync(
            connection,
            $"SELECT {Columns} FROM decisions WHERE origin = @origin AND ended IS NULL AND (until IS NULL OR until > @now)",
            new { origin, now = clock.GetUtcNow() },
            cancel))
        {
            yield return row.Decision;
        }
    }

    public async Task<StoredDecision?> FindAsync(DecisionId id, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        await foreach (StoredDecision row in ReadAsync(connection, $"SELECT {Columns} FROM decisions WHERE id = @id", new { id }, cancel))
        {
            return row;
        }

        return null;
    }

    public async Task<IReadOnlyList<StoredDecision>> ListAsync(DecisionQuery query, CancellationToken cancel)
    {
        StringBuilder sql = new($"SELECT {Columns} FROM decisions WHERE 1 = 1");
        DynamicParameters values = new();
        void Where(string condition, string name, object? value)
        {
            if (value is not null)
            {
                sql.Append(" AND ").Append(condition);
                values.Add(name, value);
            }
        }

        // An address lies in at most 129 prefixes, and values are canonical: so many texts are looked up in the index.
        if (query.Ip is { } ip)
        {
            sql.Append(" AND value IN ").Append(OneOf(values, Around(ip)));
        }

        Where("scope = @scope", "scope", (long?)query.Scope);
        Where("value = @value", "value", query.Value);
        Where("origin = @origin", "origin", query.Origin);
        Where("scenario = @scenario", "scenario", query.Scenario);
        Where("action = @action", "action", (long?)query.Action);
        Where("id < @before", "before", query.Before is { } before ? ColumnTypes.Bytes(before.Value) : null);
        if (query.Active is { } active)
        {
            Where(active ? "ended IS NULL AND (until IS NULL OR until > @now)" : "(ended IS NOT NULL OR until <= @now)", "now", ColumnTypes.Microseconds(clock.GetUtcNow()));
        }

        values.Add("limit", (long)query.Limit);
        sql.Append(" ORDER BY id DESC LIMIT @limit");
        await using DbConnection connection = await database.OpenAsync(cancel);
        List<StoredDecision> list = [];
        await foreach (StoredDecision row in ReadAsync(connection, sql.ToString(), values, cancel))
        {
            list.Add(row);
        }

        return list;
    }

    /// <summary>Removes what ended or expired before <paramref name="before"/>; followers further behind than that read the whole table.</summary>
    public async Task<int> PruneAsync(DateTimeOffset before, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancel);
        long moment = ColumnTypes.Microseconds(before);
        await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE decision_changes SET pruned = COALESCE((SELECT MAX(change) FROM decisions WHERE ended < @moment), pruned) WHERE id = 1", new { moment }, transaction, cancellationToken: cancel));
        int removed = await connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM decisions WHERE ended < @moment OR until < @moment", new { moment }, transaction, cancellationToken: cancel));
        await transaction.CommitAsync(cancel);
        return removed;
    }

    // By hand, because Dapper writes lists out for SQLite alone.
    private static string OneOf<T>(DynamicParameters values, IEnumerable<T> list)
    {
        List<string> names = [];
        foreach (T value in list)
        {
            names.Add($"@one{names.Count}");
            values.Add(names[^1], value);
        }

        return $"({string.Join(", ", names)})";
    }

    private static string[] Around(PeerAddress ip)
    {
        int shortest = ip.IsV4 ? 96 : 0;
        return [ip.ToString(), .. Enumerable.Range(shortest, 129 - shortest).Select(length => Network.Of(ip, length).ToString())];
    }

    private static async Task InsertAsync(DbTransaction transaction, long number, Decision[] rows, HashSet<Guid> inserted, CancellationToken cancel)
    {
        await using DbCommand command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        StringBuilder sql = new($"INSERT INTO decisions ({Columns}) VALUES ");
        void Value(DbType type, object? value)
        {
            DbParameter parameter = command.CreateParameter();
            parameter.ParameterName = "@p" + command.Parameters.Count;
            parameter.DbType = type;
            parameter.Value = value ?? DBNull.Value;
            sql.Append(parameter.ParameterName).Append(", ");
            command.Parameters.Add(parameter);
        }

        for (int i = 0; i < rows.Length; i++)
        {
            Decision decision = rows[i];
            sql.Append(i == 0 ? "(" : ", (");
            Value(DbType.Binary, ColumnTypes.Bytes(decision.Id.Value));
            Value(DbType.Int64, number);
            Value(DbType.String, decision.Origin);
            Value(DbType.String, decision.Scenario);
            Value(DbType.Int64, (long)decision.Scope);
            Value(DbType.String, decision.Value);
            Value(DbType.Int64, (long)decision.Action);
            Value(DbType.Int64, decision.Until is { } until ? ColumnTypes.Microseconds(until) : null);
            Value(DbType.String, decision.Reason);
            Value(DbType.Int64, decision.Simulated ? 1L : 0L);
            sql.Append("NULL)");
        }

        sql.Append(" ON CONFLICT (id) DO NOTHING RETURNING id");
#pragma warning disable CA2100 // The text is made of constants and parameter names alone.
        command.CommandText = sql.ToString();
#pragma warning restore CA2100
        await using DbDataReader reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            inserted.Add(ColumnTypes.Id(reader.GetFieldValue<byte[]>(0)));
        }
    }

    // By hand: a million rows at start are read three times faster than through a mapper.
    private static async IAsyncEnumerable<StoredDecision> ReadAsync(DbConnection connection, string sql, object? values, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using DbDataReader reader = await connection.ExecuteReaderAsync(new CommandDefinition(sql, values, cancellationToken: cancel));
        while (await reader.ReadAsync(cancel))
        {
            yield return new(
                new(
                    new(ColumnTypes.Id(reader.GetFieldValue<byte[]>(0))),
                    reader.GetString(2),
                    reader.GetString(3),
                    (DecisionScope)reader.GetInt64(4),
                    reader.GetString(5),
                    (DecisionAction)reader.GetInt64(6),
                    reader.IsDBNull(7) ? null : ColumnTypes.Time(reader.GetInt64(7)),
                    reader.GetString(8),
                    reader.GetInt64(9) != 0),
                reader.IsDBNull(10) ? null : ColumnTypes.Time(reader.GetInt64(10)),
                reader.GetInt64(1));
        }
    }
}
