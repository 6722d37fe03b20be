using System.Data.Common;
using Dapper;
using Whorl.Kernel;
using Whorl.Stores;

namespace Whorl.Analysis.Identities;

/// <summary>One fact as stored.</summary>
internal sealed record KnownFact(string Kind, string Value, DateTimeOffset First, DateTimeOffset Last);

/// <summary>An address and what it showed.</summary>
internal sealed record KnownAddress(string Address, DateTimeOffset First, DateTimeOffset Last, IReadOnlyList<KnownFact> Facts);

/// <summary>How many addresses showed one value.</summary>
internal sealed record SharedFact(string Value, int Addresses, DateTimeOffset First, DateTimeOffset Last);

/// <summary>Which addresses showed what, and when first and last. Facts are sets: what is told twice changes nothing.</summary>
internal sealed class IdentityStore(IDatabase database)
{
    public static readonly MigrationSet Migrations = new("identities",
    [
        """
        CREATE TABLE identity_address (
            address {text} NOT NULL PRIMARY KEY,
            first {int} NOT NULL,
            last {int} NOT NULL
        ) {strict};
        CREATE INDEX identity_address_last ON identity_address (last);
        CREATE TABLE identity_fact (
            address {text} NOT NULL,
            kind {text} NOT NULL,
            value {text} NOT NULL,
            first {int} NOT NULL,
            last {int} NOT NULL,
            PRIMARY KEY (address, kind, value)
        ) {strict};
        CREATE INDEX identity_fact_value ON identity_fact (kind, value, last)
        """,
    ]);

    /// <summary>Values of one kind that are kept of one address: a peer that makes them up fills this, and no more.</summary>
    public const int MaxValues = 100;

    /// <summary>Keeps facts in one transaction.</summary>
    public async Task RecordAsync(IReadOnlyCollection<AddressFact> facts, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancel);

        // One order for every process, so that no two wait for each other's rows.
        foreach (IGrouping<PeerAddress, AddressFact> address in facts.GroupBy(fact => fact.Address).OrderBy(group => group.Key.Bits))
        {
            await connection.ExecuteAsync(new CommandDefinition(
                """
                INSERT INTO identity_address (address, first, last) VALUES (@Address, @First, @Last)
                ON CONFLICT (address) DO UPDATE SET
                    first = CASE WHEN excluded.first < identity_address.first THEN excluded.first ELSE identity_address.first END,
                    last = CASE WHEN excluded.last > identity_address.last THEN excluded.last ELSE identity_address.last END
                """, new { Address = address.Key.ToString(), First = address.Min(fact => fact.Time), Last = address.Max(fact => fact.Time) }, transaction, cancellationToken: cancel));
            foreach (AddressFact fact in address.OrderBy(fact => fact.Kind, StringComparer.Ordinal).ThenBy(fact => fact.Value, StringComparer.Ordinal))
            {
                await connection.ExecuteAsync(new CommandDefinition(
                    """
                    INSERT INTO identity_fact (address, kind, value, first, last)
                    SELECT @Address, @Kind, @Value, @Time, @Time
                    WHERE EXISTS (SELECT 1 FROM identity_fact WHERE address = @Address AND kind = @Kind AND value = @Value)
                       OR (SELECT COUNT(*) FROM identity_fact WHERE address = @Address AND kind = @Kind) < @MaxValues
                    ON CONFLICT (address, kind, value) DO UPDATE SET
                        first = CASE WHEN excluded.first < identity_fact.first THEN excluded.first ELSE identity_fact.first END,
                        last = CASE WHEN excluded.last > identity_fact.last THEN excluded.last ELSE identity_fact.last END
                    """, new { Address = address.Key.ToString(), fact.Kind, fact.Value, fact.Time, MaxValues }, transaction, cancellationToken: cancel));
            }
        }

        await transaction.CommitAsync(cancel);
    }

    /// <summary>Addresses by their last fact, newest first.</summary>
    /// <param name="shown">Only those that showed this.</param>
    /// <param name="before">Only those last seen before this: the next page.</param>
    public async Task<IReadOnlyList<KnownAddress>> ListAsync((string Kind, string Value)? shown, DateTimeOffset? before, int limit, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        AddressRow[] rows = [.. await connection.QueryAsync<AddressRow>(new CommandDefinition(
            $"""
             SELECT a.address AS Address, a.first AS First, a.last AS Last FROM identity_address a
             WHERE a.last < @before{(shown is null ? "" : " AND EXISTS (SELECT 1 FROM identity_fact f WHERE f.address = a.address AND f.kind = @Kind AND f.value = @Value)")}
             ORDER BY a.last DESC, a.address LIMIT @limit
             """, new { before = before ?? DateTimeOffset.MaxValue, limit, shown?.Kind, shown?.Value }, cancellationToken: cancel))];
        List<FactRow> facts = [];
        foreach (AddressRow[] some in rows.Chunk(100))
        {
            facts.AddRange(await connection.QueryAsync<FactRow>(new CommandDefinition(
                SqlText.For(database.Dialect, "SELECT address AS Address, kind AS Kind, value AS Value, first AS First, last AS Last FROM identity_fact WHERE address {sqlite:IN @some}{postgres:= ANY(@some)} ORDER BY last DESC"),
                new { some = some.Select(row => row.Address).ToArray() }, cancellationToken: cancel)));
        }

        ILookup<string, KnownFact> byAddress = facts.ToLookup(fact => fact.Address, fact => new KnownFact(fact.Kind, fact.Value, fact.First, fact.Last));
        return [.. rows.Select(row => new KnownAddress(row.Address, row.First, row.Last, [.. byAddress[row.Address]]))];
    }

    /// <summary>Values of one kind, with how many addresses showed each; last seen first.</summary>
    public async Task<IReadOnlyList<SharedFact>> SharedAsync(string kind, int limit, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        IEnumerable<(string Value, long Addresses, long First, long Last)> rows = await connection.QueryAsync<(string, long, long, long)>(new CommandDefinition(
            "SELECT value, COUNT(*), MIN(first), MAX(last) FROM identity_fact WHERE kind = @kind GROUP BY value ORDER BY 4 DESC LIMIT @limit", new { kind, limit }, cancellationToken: cancel));
        return [.. rows.Select(row => new SharedFact(row.Value, (int)row.Addresses, ColumnTypes.Time(row.First), ColumnTypes.Time(row.Last)))];
    }

    private sealed class AddressRow
    {
        public string Address { get; init; } = "";

        public DateTimeOffset First { get; init; }

        public DateTimeOffset Last { get; init; }
    }

    private sealed class FactRow
    {
        public string Address { get; init; } = "";

        public string Kind { get; init; } = "";

        public string Value { get; init; } = "";

        public DateTimeOffset First { get; init; }

        public DateTimeOffset Last { get; init; }
    }
}
