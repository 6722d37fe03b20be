using System.Data.Common;
using Dapper;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Sources.Probes.Targets;
using Whorl.Stores;

namespace Whorl.Sources.Probes;

/// <summary>
/// Keeps the prober's targets and its audit. A target in work is leased: when its prober dies the lease runs out, or the same node gives it back when it
/// starts again, and the target is visited anew.
/// </summary>
internal sealed class ProbesStore(IDatabase database, BatchWriters writers, IOptions<ProbesOptions> options, IOptions<NodeOptions> node, TimeProvider clock) : IAsyncDisposable
{
    /// <summary>What the audit says of an ask that began and has not ended: it may have been sent.</summary>
    public const string Begun = "begun";

    /// <summary>What it says of one that a dry run would have made.</summary>
    public const string DryRun = "dry_run";

    // SQLite finds each parameter by name, one after another.
    private const int AddressesAStatement = 200;

    // Whoever holds a network of IPv6 has as many addresses as they like; so many tell what is behind them.
    private const int MaxOfNetwork = 8;

    private const int NetworkLength = 64;

    private static readonly TargetRank[] Ranks = [TargetRank.Fresh, TargetRank.Rotating, TargetRank.Routine];

    private BatchWriter<IVisitNote>? _writer;
    private long _known;
    private long _place;

    public string Node => node.Value.Name;

    // Visits begin and end by the dozen; one flush to the disk serves all that wait a moment.
    private BatchWriter<IVisitNote> Writer => LazyInitializer.EnsureInitialized(ref _writer, () => writers.Create<IVisitNote>(
        new("probes") { MaxBatch = 200, Linger = TimeSpan.FromMilliseconds(20), Capacity = 20_000 }, WriteAsync));

    /// <summary>
    /// Remembers whoever was seen. One who is known already loses what was added to its interval for being silent. Where all places are taken, a new one has
    /// that of whoever was silent in most visits.
    /// </summary>
    /// <param name="position">How far a log was read to find them, stored with them.</param>
    /// <returns>Why some were not stored.</returns>
    public async Task<IReadOnlyList<TargetRefusal>> AddAsync(IReadOnlyCollection<FoundTarget> found, LogPosition? position, CancellationToken cancel)
    {
        List<TargetRefusal> refused = [];
        long known = Interlocked.Read(ref _known), before = known;
        await using DbConnection connection = await database.OpenAsync(cancel);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancel);

        // In one order, so that two probers on one database never wait for each other.
        foreach (FoundTarget target in found.OrderBy(target => target.Address.Bits))
        {
            (TargetRefusal? refusal, int more) = await AddAsync(transaction, target, known >= options.Value.MaxTargets, cancel);
            known += more;
            if (refusal is { } why)
            {
                refused.Add(why);
            }
        }

        if (position is not null)
        {
            await connection.ExecuteAsync(new CommandDefinition(
                """
                INSERT INTO probe_logs (node, path, head, position) VALUES (@Node, @Path, @Head, @Position)
                ON CONFLICT (node, path) DO UPDATE SET head = @Head, position = @Position
                """,
                new { Node, position.Path, position.Head, position.Position }, transaction, cancellationToken: cancel));
        }

        await transaction.CommitAsync(cancel);
        Interlocked.Add(ref _known, known - before);
        return refused;
    }

    /// <summary>How far a log was read; null where it never was.</summary>
    public async Task<LogPosition?> PositionAsync(string path, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return await connection.QueryFirstOrDefaultAsync<LogPosition>(new CommandDefinition(
            "SELECT path AS Path, head AS Head, position AS Position FROM probe_logs WHERE node = @Node AND path = @path", new { Node, path }, cancellationToken: cancel));
    }

    /// <summary>Takes targets that are due for so long: the most urgent first, and some of the others in any case.</summary>
    public async Task<IReadOnlyList<DueTarget>> ClaimAsync(int count, TimeSpan lease, CancellationToken cancel)
    {
        ILookup<TargetRank, long> places = Enumerable.Range(0, count).Select(_ => _place++).ToLookup(PlaceOf);
        List<DueTarget> taken = [];
        HashSet<TargetRank> empty = [];
        await using DbConnection connection = await database.OpenAsync(cancel);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancel);

        // First everybody's share, then whoever is left.
        foreach ((TargetRank rank, int share) in Ranks.Select(rank => (rank, places[rank].Count())).Concat(Ranks.Select(rank => (rank, count))))
        {
            int wanted = Math.Min(share, count - taken.Count);
            if (wanted > 0 && !empty.Contains(rank))
            {
                IReadOnlyList<DueRow> rows = await ClaimAsync(transaction, rank, wanted, lease, cancel);
                taken.AddRange(rows.Select(row => row.Read()).OfType<DueTarget>());
                if (rows.Count < wanted)
                {
                    empty.Add(rank);
                }
            }
        }

        await transaction.CommitAsync(cancel);
        return [.. taken.OrderByDescending(target => target.Rank)];
    }

    /// <summary>Extends the leases of what this node has in work; what it gave up meanwhile runs out.</summary>
    public async Task RenewAsync(IEnumerable<PeerAddress> inWork, TimeSpan lease, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        foreach (PeerAddress[] some in inWork.Chunk(AddressesAStatement))
        {
            await connection.ExecuteAsync(new CommandDefinition(
                SqlText.For(database.Dialect, "UPDATE probe_targets SET leased = @until WHERE owner = @Node AND address {sqlite:IN @addresses}{postgres:= ANY(@addresses)}"),
                new { Node, until = Now() + Micros(lease), addresses = some.Select(address => address.ToString()).ToArray() }, cancellationToken: cancel));
        }
    }

    /// <summary>Gives back what this node had in work: when it starts, and when it stops.</summary>
    public async Task<int> ReleaseAsync(CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return await connection.ExecuteAsync(new CommandDefinition("UPDATE probe_targets SET owner = '', leased = 0 WHERE owner = @Node", new { Node }, cancellationToken: cancel));
    }

    /// <summary>Notes what is about to be sent; ends when that is stored.</summary>
    public Task BeginAsync(VisitBegun begun, CancellationToken cancel) => Writer.WriteAsync(begun, cancel);

    /// <summary>Notes what came of it and when to come again; ends when that is stored.</summary>
    public Task EndAsync(VisitEnded ended, CancellationToken cancel) => Writer.WriteAsync(ended, cancel);

    /// <summary>A target's fingerprints have changed: it is visited sooner, until then.</summary>
    public async Task HastenAsync(PeerAddress address, DateTimeOffset until, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            UPDATE probe_targets SET rotating = @until,
                rank = CASE WHEN rank < @rank THEN @rank ELSE rank END,
                due = CASE WHEN due > @soon THEN @soon ELSE due END
            WHERE address = @address
            """,
            new { address = address.ToString(), until = ColumnTypes.Microseconds(until), rank = (long)TargetRank.Rotating, soon = Now() + Micros(options.Value.RotatingInterval) }, cancellationToken: cancel));
    }

    /// <summary>A target is to be visited again without delay, also where it is being visited now.</summary>
    public async Task AgainAsync(PeerAddress address, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE probe_targets SET due = @now, rank = CASE WHEN rank < @rank THEN @rank ELSE rank END WHERE address = @address",
            new { address = address.ToString(), rank = (long)TargetRank.Rotating, now = Now() }, cancellationToken: cancel));
    }

    /// <summary>Deletes what is older than it is to be kept; rows that went.</summary>
    public async Task<int> TrimAsync(CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        long now = Now();
        int audit = await connection.ExecuteAsync(new CommandDefinition("DELETE FROM probe_audit WHERE time < @old", new { old = now - Micros(options.Value.AuditAge) }, cancellationToken: cancel));
        return audit + await connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM probe_targets WHERE last_seen < @old AND leased <= @now", new { old = now - Micros(options.Value.Forget), now }, cancellationToken: cancel));
    }

    /// <summary>Targets that are known, those that are due, and when the next is.</summary>
    public async Task<QueueCounts> CountAsync(CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        QueueCounts counts = await connection.QueryFirstAsync<QueueCounts>(new CommandDefinition(
            "SELECT COUNT(*) AS Known, COALESCE(SUM(CASE WHEN due <= @now AND leased <= @now THEN 1 ELSE 0 END), 0) AS Due FROM probe_targets", new { now = Now() }, cancellationToken: cancel));
        Interlocked.Exchange(ref _known, counts.Known);
        return counts;
    }

    /// <summary>The newest entries of the audit, of one address or of all, older than a moment.</summary>
    public async Task<IReadOnlyList<AuditEntry>> AuditAsync(PeerAddress? address, DateTimeOffset? before, int limit, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return [.. await connection.QueryAsync<AuditEntry>(new CommandDefinition(
            $"""
            SELECT time AS Micros, node AS Node, address AS Address, port AS Port, probe AS Probe, outcome AS Outcome, sent AS Sent FROM probe_audit
            WHERE time < @before {(address is null ? "" : "AND address = @address")} ORDER BY time DESC LIMIT @limit
            """,
            new { before = before is { } time ? ColumnTypes.Microseconds(time) : long.MaxValue, address = address?.ToString(), limit = (long)limit }, cancellationToken: cancel))];
    }

    /// <summary>Targets in the order in which they will be visited.</summary>
    public async Task<IReadOnlyList<QueueEntry>> QueueAsync(int limit, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return [.. await connection.QueryAsync<QueueEntry>(new CommandDefinition(
            "SELECT address AS Address, reason AS Reason, due AS DueMicros, rank AS Rank, silent AS Silent, visits AS Visits, owner AS Owner FROM probe_targets ORDER BY due LIMIT @limit",
            new { limit = (long)limit }, cancellationToken: cancel))];
    }

    /// <summary>What this node was last told to do.</summary>
    public async Task<string?> StateAsync(CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return await connection.QueryFirstOrDefaultAsync<string>(new CommandDefinition("SELECT state FROM probe_control WHERE node = @Node", new { Node }, cancellationToken: cancel));
    }

    public async Task SetStateAsync(string state, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO probe_control (node, state) VALUES (@Node, @state) ON CONFLICT (node) DO UPDATE SET state = @state", new { Node, state }, cancellationToken: cancel));
    }

    public async ValueTask DisposeAsync()
    {
        if (_writer is not null)
        {
            await _writer.DisposeAsync();
        }
    }

    // A flood of new addresses leaves one place in eight to those that rotate, and one to all others.
    private static TargetRank PlaceOf(long place) => (place % 8) switch { 3 => TargetRank.Rotating, 7 => TargetRank.Routine, _ => TargetRank.Fresh };

    private static string NetworkOf(PeerAddress address) => address.IsV4 ? "" : Network.Of(address, NetworkLength).ToString();

    private async Task<(TargetRefusal? Refusal, int More)> AddAsync(DbTransaction transaction, FoundTarget target, bool full, CancellationToken cancel)
    {
        DbConnection connection = transaction.Connection!;
        CommandDefinition Command(string sql) => new(
            SqlText.For(database.Dialect, sql),
            new { Address = target.Address.ToString(), network = NetworkOf(target.Address), target.Reason, now = Now(), fresh = (long)TargetRank.Fresh, interval = Micros(options.Value.Interval) },
            transaction, cancellationToken: cancel);
        if (await connection.ExecuteAsync(Command(
            """
            UPDATE probe_targets SET
                last_seen = @now,
                due = CASE WHEN silent > 0 AND visited + @interval < due THEN visited + @interval ELSE due END,
                silent = 0
            WHERE address = @Address
            """)) > 0)
        {
            return (null, 0);
        }

        if (!target.Address.IsV4 && await connection.ExecuteScalarAsync<long>(Command("SELECT COUNT(*) FROM probe_targets WHERE network = @network AND network <> ''")) >= MaxOfNetwork)
        {
            return (TargetRefusal.NetworkFull, 0);
        }

        if (full && await connection.ExecuteAsync(Command(
            """
            DELETE FROM probe_targets WHERE address IN (
                SELECT address FROM probe_targets WHERE rank = 0 AND silent > 0 AND leased <= @now ORDER BY silent DESC LIMIT 1 {postgres:FOR UPDATE SKIP LOCKED})
            """)) == 0)
        {
            return (TargetRefusal.QueueFull, 0);
        }

        int added = await connection.ExecuteAsync(Command(
            """
            INSERT INTO probe_targets (address, network, first_seen, last_seen, reason, due, rank, silent, visits, visited, rotating, owner, leased)
            VALUES (@Address, @network, @now, @now, @Reason, @now, @fresh, 0, 0, 0, 0, '', 0) ON CONFLICT (address) DO NOTHING
            """));
        return (null, full ? added - 1 : added);
    }

    private async Task<IReadOnlyList<DueRow>> ClaimAsync(DbTransaction transaction, TargetRank rank, int count, TimeSpan lease, CancellationToken cancel) =>
        [.. await transaction.Connection!.QueryAsync<DueRow>(new CommandDefinition(
            SqlText.For(database.Dialect, """
                UPDATE probe_targets SET owner = @Node, leased = @until
                WHERE address IN (SELECT address FROM probe_targets WHERE rank = @rank AND due <= @now AND leased <= @now ORDER BY due LIMIT @count {postgres:FOR UPDATE SKIP LOCKED})
                RETURNING address AS Address, reason AS Reason, rank AS Rank, silent AS Silent, visits AS Visits
                """),
            new { Node, rank = (long)rank, until = Now() + Micros(lease), now = Now(), count = (long)count }, transaction, cancellationToken: cancel))];

    private async Task WriteAsync(DbTransaction transaction, IReadOnlyList<IVisitNote> notes, CancellationToken cancel)
    {
        foreach (IVisitNote note in notes)
        {
            await (note is VisitBegun begun ? BeginAsync(transaction, begun, cancel) : EndAsync(transaction, (VisitEnded)note, cancel));
        }
    }

    private async Task BeginAsync(DbTransaction transaction, VisitBegun begun, CancellationToken cancel)
    {
        var rows = begun.Asks.Select(ask => new
        {
            Visit = ColumnTypes.Bytes(begun.Visit),
            Port = (long)ask.Port,
            Probe = (long)ask.Probe,
            Time = ColumnTypes.Microseconds(begun.Time),
            Node,
            Address = begun.Address.ToString(),
            Outcome = begun.IsDry ? DryRun : Begun,
        });
        await transaction.Connection!.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO probe_audit (visit, port, probe, time, node, address, outcome, sent) VALUES (@Visit, @Port, @Probe, @Time, @Node, @Address, @Outcome, 0)
            ON CONFLICT (visit, port, probe) DO NOTHING
            """,
            rows, transaction, cancellationToken: cancel));
    }

    private async Task EndAsync(DbTransaction transaction, VisitEnded ended, CancellationToken cancel)
    {
        byte[] visit = ColumnTypes.Bytes(ended.Visit);
        var rows = ended.Asks.Select(ask => new { visit, Port = (long)ask.Port, Probe = (long)ask.Probe, ask.Outcome, Sent = (long)ask.Sent });
        await transaction.Connection!.ExecuteAsync(new CommandDefinition(
            "UPDATE probe_audit SET outcome = @Outcome, sent = @Sent WHERE visit = @visit AND port = @Port AND probe = @Probe", rows, transaction, cancellationToken: cancel));

        // What was planned and then not asked, because an answer before made it needless, was not sent.
        await transaction.Connection!.ExecuteAsync(new CommandDefinition("DELETE FROM probe_audit WHERE visit = @visit AND outcome = @Begun", new { visit, Begun }, transaction, cancellationToken: cancel));
        await transaction.Connection!.ExecuteAsync(new CommandDefinition(
            """
            UPDATE probe_targets SET visits = visits + 1, visited = @now, silent = @Silent, owner = '', leased = 0,
                rank = CASE WHEN rotating > @now THEN @rotating ELSE 0 END,
                due = CASE WHEN due > @begun THEN due WHEN rotating > @now AND @soon < @due THEN @soon ELSE @due END
            WHERE address = @address AND owner = @Node
            """,
            new
            {
                now = ColumnTypes.Microseconds(ended.Time), begun = ColumnTypes.Microseconds(ended.Begun), ended.Silent, rotating = (long)TargetRank.Rotating, due = ColumnTypes.Microseconds(ended.Due), soon = ColumnTypes.Microseconds(ended.DueIfRotating),
                address = ended.Address.ToString(), Node,
            },
            transaction, cancellationToken: cancel));
    }

    private long Now() => ColumnTypes.Microseconds(clock.GetUtcNow());

    private static long Micros(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;

    private sealed record DueRow(string Address, string Reason, long Rank, long Silent, long Visits)
    {
        public DueTarget? Read() => PeerAddress.TryParse(Address, out PeerAddress address) ? new(address, Reason, (TargetRank)Rank, (int)Silent, (int)Visits) : null;
    }
}
