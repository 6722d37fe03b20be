using System.Data.Common;
using System.Text.Json;
using Dapper;
using Whorl.Kernel;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;
using Whorl.Stores;

namespace Whorl.Sources.Sites.Records;

/// <summary>
/// Jobs and scans in SQLite or PostgreSQL. Claims, heart beats and what people ask for are transactions of their own; the ends of runs, which come by the dozen, share one.
/// A run's end is one conditional step of its job's row, so whoever comes second, or too late, changes nothing. Leases go by one clock: the server's where there is one; a file is one machine's.
/// Whoever locks several jobs does so in the order of their runs, and sites after them in theirs, so that two that meet wait for each other one way only.
/// </summary>
internal sealed class SqlRecords(IDatabase database, BatchWriters writers, SqlScans scans, TimeProvider clock) : IJobSource, IResultSink, IAsyncDisposable
{
    // Runs abandoned in one claim: after a worker with a thousand jobs died the next claims take turns.
    private const int MaxAbandoned = 500;

    // SQLite finds each parameter by name, one after another.
    private const int RunsAStatement = 200;

    // Jobs made due in one transaction, which holds their rows that long.
    private const int MaxRetried = 5000;

    private const string Columns =
        """
        id AS Id, url AS Url, site AS Site, origin AS Origin, state AS State, due AS Due, failures AS Failures, runs AS Runs, interval_us AS IntervalUs, added AS Added, worker AS Worker, run AS Run
        """;

    private BatchWriter<INote>? _writer;

    // One flush to the disk serves all that end while the one before is written.
    private BatchWriter<INote> Writer => LazyInitializer.EnsureInitialized(ref _writer, () => writers.Create<INote>(new("sites") { MaxBatch = 100, Linger = TimeSpan.Zero, Capacity = 5000 }, WriteAsync));

    public async Task<int> AddAsync(IReadOnlyCollection<NewJob> jobs, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancel);
        DateTimeOffset now = await NowAsync(connection, transaction, cancel);

        // In one order, so that two that add the same never wait for each other.
        int added = 0;
        foreach (NewJob job in jobs.OrderBy(job => job.Url, StringComparer.Ordinal))
        {
            added += await connection.ExecuteAsync(new CommandDefinition(
                """
                INSERT INTO site_jobs (id, url, site, origin, state, due, failures, runs, interval_us, added, worker, run)
                VALUES (@id, @Url, @site, @Origin, 0, @due, 0, 0, 0, @now, '', '')
                ON CONFLICT (url) DO NOTHING
                """,
                new { id = Uuid7.Text(Guid.CreateVersion7(now)), job.Url, site = SiteAddress.SiteOf(job.Url), job.Origin, due = ColumnTypes.Microseconds(job.Due ?? now), now = ColumnTypes.Microseconds(now) }, transaction, cancellationToken: cancel));
        }

        await transaction.CommitAsync(cancel);
        return added;
    }

    public async Task<IReadOnlyList<LeasedJob>> ClaimAsync(string worker, int count, TimeSpan lease, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancel);
        DateTimeOffset now = await NowAsync(connection, transaction, cancel);
        long at = ColumnTypes.Microseconds(now);
        await AbandonAsync(transaction, at, cancel);

        List<LeasedJob> claimed = [];
        foreach (JobRow row in (await connection.QueryAsync<JobRow>(new CommandDefinition(
            SqlText.For(database.Dialect, $"SELECT {Columns} FROM site_jobs WHERE due <= @at AND state <> 1 ORDER BY due, id LIMIT @count {{postgres:FOR UPDATE SKIP LOCKED}}"),
            new { at, count = (long)count }, transaction, cancellationToken: cancel))).AsList())
        {
            string run = Uuid7.Text(Guid.CreateVersion7(now));
            long until = ColumnTypes.Microseconds(now + lease);
            await connection.ExecuteAsync(new CommandDefinition(
                """
                UPDATE site_jobs SET state = 1, due = @until, runs = runs + 1, worker = @worker, run = @run WHERE id = @Id;
                INSERT INTO site_runs (id, job, number, worker, state, started) VALUES (@run, @Id, @number, @worker, 0, @at);
                INSERT INTO site_transitions (job, run, from_state, to_state, time) VALUES (@Id, @run, @State, 1, @at);
                """,
                new { row.Id, row.State, until, worker, run, at, number = row.Runs + 1 }, transaction, cancellationToken: cancel));
            claimed.Add(new((row with { State = (long)JobState.Leased, Due = until, Runs = row.Runs + 1, Worker = worker, Run = run }).Read(), run));
        }

        await transaction.CommitAsync(cancel);
        return claimed;
    }

    public async Task<IReadOnlySet<string>> ExtendAsync(string worker, IReadOnlyCollection<string> runs, TimeSpan lease, CancellationToken cancel)
    {
        HashSet<string> held = new(StringComparer.Ordinal);
        await using DbConnection connection = await database.OpenAsync(cancel);
        foreach (string[] some in runs.Order(StringComparer.Ordinal).Chunk(RunsAStatement))
        {
            await using DbTransaction transaction = await connection.BeginTransactionAsync(cancel);
            DateTimeOffset now = await NowAsync(connection, transaction, cancel);
            IEnumerable<string> extended = await connection.QueryAsync<string>(new CommandDefinition(
                SqlText.For(database.Dialect, """
                    UPDATE site_jobs SET due = @until
                    WHERE id IN (SELECT id FROM site_jobs WHERE run {sqlite:IN @some}{postgres:= ANY(@some)} AND state = 1 AND due > @at AND worker = @worker {postgres:ORDER BY run COLLATE "C" FOR UPDATE})
                    RETURNING run
                    """),
                new { until = ColumnTypes.Microseconds(now + lease), at = ColumnTypes.Microseconds(now), worker, some }, transaction, cancellationToken: cancel));
            await transaction.CommitAsync(cancel);
            held.UnionWith(extended);
        }

        return held;
    }

    public Task<bool> SucceedAsync(string run, ScanRecord? keep, NextVisit next, CancellationToken cancel) => EndAsync(new(run, JobState.Succeeded, null, keep, next), cancel);

    public Task<bool> FailAsync(string run, string reason, NextVisit next, CancellationToken cancel) => EndAsync(new(run, JobState.Failed, reason, null, next), cancel);

    public async Task<int> RetryAsync(JobQuery which, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancel);
        long at = ColumnTypes.Microseconds(await NowAsync(connection, transaction, cancel));
        string[] ids = [.. await connection.QueryAsync<string>(new CommandDefinition(
            SqlText.For(database.Dialect, $$"""
                SELECT id FROM site_jobs WHERE state <> 1 AND NOT (state = 0 AND due <= {{at}}) {{Where(which)}} ORDER BY due, id LIMIT @limit {postgres:FOR UPDATE SKIP LOCKED}
                """),
            Parameters(which with { Limit = Math.Min(which.Limit, MaxRetried) }), transaction, cancellationToken: cancel))];
        object some = database.Dialect == Dialect.Postgres ? ids : JsonSerializer.Serialize(ids);
        await connection.ExecuteAsync(new CommandDefinition(
            SqlText.For(database.Dialect, """
                INSERT INTO site_transitions (job, from_state, to_state, time, reason)
                SELECT id, state, 0, @at, 'retry' FROM site_jobs WHERE state <> 0 AND id {sqlite:IN (SELECT value FROM json_each(@some))}{postgres:= ANY(@some)};
                UPDATE site_jobs SET state = 0, due = @at, failures = 0 WHERE id {sqlite:IN (SELECT value FROM json_each(@some))}{postgres:= ANY(@some)};
                """),
            new { at, some }, transaction, cancellationToken: cancel));
        await transaction.CommitAsync(cancel);
        return ids.Length;
    }

    public async Task<SiteJob?> JobAsync(string id, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return (await connection.QueryFirstOrDefaultAsync<JobRow>(new CommandDefinition($"SELECT {Columns} FROM site_jobs WHERE id = @id", new { id = PlainText.Of(id) }, cancellationToken: cancel)))?.Read();
    }

    public async Task<IReadOnlyList<SiteJob>> JobsAsync(JobQuery query, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return [.. (await connection.QueryAsync<JobRow>(new CommandDefinition(
            $"SELECT {Columns} FROM site_jobs WHERE 1 = 1 {Where(query)} ORDER BY due, id LIMIT @limit", Parameters(query), cancellationToken: cancel))).Select(row => row.Read())];
    }

    public async Task<IReadOnlyList<JobRun>> RunsAsync(string job, int limit, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return [.. (await connection.QueryAsync<RunRow>(new CommandDefinition(
            "SELECT id AS Id, job AS Job, worker AS Worker, state AS State, started AS Started, ended AS Ended, reason AS Reason FROM site_runs WHERE job = @job ORDER BY number DESC LIMIT @limit",
            new { job, limit = (long)limit }, cancellationToken: cancel))).Select(row => row.Read())];
    }

    public async Task<IReadOnlyList<JobTransition>> TransitionsAsync(string job, int limit, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return [.. (await connection.QueryAsync<TransitionRow>(new CommandDefinition(
            "SELECT job AS Job, run AS Run, from_state AS FromState, to_state AS ToState, time AS Time, reason AS Reason FROM site_transitions WHERE job = @job ORDER BY number DESC LIMIT @limit",
            new { job, limit = (long)limit }, cancellationToken: cancel))).Select(row => row.Read())];
    }

    public async Task<JobCounts> CountAsync(CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        Dictionary<JobState, long> jobs = (await connection.QueryAsync<(long State, long Count)>(new CommandDefinition("SELECT state, COUNT(*) FROM site_jobs GROUP BY state", cancellationToken: cancel)))
            .ToDictionary(row => (JobState)row.State, row => row.Count);
        long due = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM site_jobs WHERE due <= @at", new { at = ColumnTypes.Microseconds(await NowAsync(connection, null, cancel)) }, cancellationToken: cancel));
        return new(jobs, due);
    }

    public Task WriteAsync(ScanRecord scan, CancellationToken cancel) => Writer.WriteAsync(new ScanNote(scan), cancel);

    public Task<ScanRecord?> ScanAsync(string id, CancellationToken cancel) => scans.ScanAsync(id, cancel);

    public Task<IReadOnlyList<ScanRecord>> ScansAsync(string site, int limit, string? before, CancellationToken cancel) => scans.ScansAsync(site, limit, before, cancel);

    public Task<ScanRecord?> LastOfAsync(string url, string before, CancellationToken cancel) => scans.LastOfAsync(url, before, cancel);

    public Task<IReadOnlyList<ScanLine>> LinesAsync(string site, int limit, string? before, CancellationToken cancel) => scans.LinesAsync(site, limit, before, cancel);

    public Task<SitesFound> FindAsync(SiteQuery query, CancellationToken cancel) => scans.FindAsync(query, cancel);

    public async Task<IReadOnlyList<ScanRecord>> UntoldAsync(TimeSpan age, int limit, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return await SqlScans.UntoldAsync(connection, await NowAsync(connection, null, cancel) - age, limit, cancel);
    }

    public Task ToldAsync(IReadOnlyCollection<string> told, CancellationToken cancel) => scans.ToldAsync(told, cancel);

    public async ValueTask DisposeAsync()
    {
        // The container disposes it under each of its names.
        if (Interlocked.Exchange(ref _writer, null) is { } writer)
        {
            await writer.DisposeAsync();
        }
    }

    private static string Where(JobQuery query) =>
        $"""
        {(query.State is null ? "" : "AND state = @state")} {(query.Site is null ? "" : "AND site = @site")}
        {(query.After is null ? "" : "AND (due, id) > (SELECT due, id FROM site_jobs WHERE id = @after)")}
        """;

    private static object Parameters(JobQuery query) => new { state = query.State is { } state ? (long)state : -1, site = query.Site ?? "", after = query.After ?? "", limit = (long)query.Limit };

    private static async Task AbandonAsync(DbTransaction transaction, long at, CancellationToken cancel)
    {
        DbConnection connection = transaction.Connection!;
        string lockRows = connection is Npgsql.NpgsqlConnection ? "FOR UPDATE SKIP LOCKED" : "";
        foreach ((string job, string run) in (await connection.QueryAsync<(string, string)>(new CommandDefinition(
            $"SELECT id, run FROM site_jobs WHERE state = 1 AND due <= @at ORDER BY due, id LIMIT {MaxAbandoned} {lockRows}", new { at }, transaction, cancellationToken: cancel))).AsList())
        {
            await connection.ExecuteAsync(new CommandDefinition(
                """
                UPDATE site_jobs SET state = 4, due = @at, failures = failures + 1, worker = '' WHERE id = @job;
                UPDATE site_runs SET state = 3, ended = @at, reason = @reason WHERE id = @run;
                INSERT INTO site_transitions (job, run, from_state, to_state, time, reason) VALUES (@job, @run, 1, 4, @at, @reason);
                """,
                new { job, run, at, reason = JobReasons.LeaseExpired }, transaction, cancellationToken: cancel));
        }
    }

    private async Task<bool> EndAsync(EndNote end, CancellationToken cancel)
    {
        await Writer.WriteAsync(end, cancel);
        return end.Ended;
    }

    private async Task WriteAsync(DbTransaction transaction, IReadOnlyList<INote> notes, CancellationToken cancel)
    {
        DateTimeOffset now = await NowAsync(transaction.Connection!, transaction, cancel);
        foreach (EndNote end in notes.OfType<EndNote>().OrderBy(end => end.Run, StringComparer.Ordinal))
        {
            await EndAsync(transaction, end, now, cancel);
        }

        foreach (ScanRecord scan in notes.Where(note => note is not EndNote { Ended: false }).Select(note => note.Scan).OfType<ScanRecord>().OrderBy(scan => scan.Site, StringComparer.Ordinal))
        {
            await scans.WriteAsync(transaction, scan, now, cancel);
        }
    }

    private static async Task EndAsync(DbTransaction transaction, EndNote end, DateTimeOffset now, CancellationToken cancel)
    {
        long at = ColumnTypes.Microseconds(now);
        RunState state = end.To == JobState.Succeeded ? RunState.Succeeded : RunState.Failed;
        DbConnection connection = transaction.Connection!;
        string? job = await connection.QueryFirstOrDefaultAsync<string>(new CommandDefinition(
            """
            UPDATE site_jobs SET state = @to, due = @due, interval_us = @interval, worker = '', failures = CASE WHEN @to = 2 THEN 0 ELSE failures + @fault END
            WHERE run = @Run AND state = 1 AND due > @at RETURNING id
            """,
            new
            {
                end.Run, to = (long)end.To, at, due = end.Next.After is { } after ? ColumnTypes.Microseconds(now + after) : SitesTables.Never, interval = end.Next.Interval.Ticks / TimeSpan.TicksPerMicrosecond,
                fault = end.Reason == JobReasons.Stopped ? 0L : 1L,
            }, transaction, cancellationToken: cancel));
        if (job is null)
        {
            // Where this very note had ended the run already, and only the answer to the commit was lost, it has.
            end.Ended = end.Ended && await connection.ExecuteScalarAsync<long>(new CommandDefinition(
                "SELECT COUNT(*) FROM site_runs WHERE id = @Run AND state = @state", new { end.Run, state = (long)state }, transaction, cancellationToken: cancel)) == 1;
            return;
        }

        end.Ended = true;
        await connection.ExecuteAsync(new CommandDefinition(
            """
            UPDATE site_runs SET state = @state, ended = @at, reason = @reason WHERE id = @Run;
            INSERT INTO site_transitions (job, run, from_state, to_state, time, reason) VALUES (@job, @Run, 1, @to, @at, @reason);
            """,
            new { end.Run, reason = PlainText.Of(end.Reason), job, at, to = (long)end.To, state = (long)state }, transaction, cancellationToken: cancel));
    }

    private async Task<DateTimeOffset> NowAsync(DbConnection connection, DbTransaction? transaction, CancellationToken cancel) => database.Dialect == Dialect.Postgres
        ? ColumnTypes.Time(await connection.ExecuteScalarAsync<long>(new CommandDefinition("SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint", transaction: transaction, cancellationToken: cancel)))
        : clock.GetUtcNow();

    private interface INote
    {
        ScanRecord? Scan { get; }
    }

    private sealed record ScanNote(ScanRecord? Scan) : INote;

    private sealed record EndNote(string Run, JobState To, string? Reason, ScanRecord? Scan, NextVisit Next) : INote
    {
        /// <summary>Whether the run was this one's to end; said by the transaction that was tried last.</summary>
        public bool Ended { get; set; }
    }

    private sealed record JobRow(string Id, string Url, string Site, string Origin, long State, long Due, long Failures, long Runs, long IntervalUs, long Added, string Worker, string Run)
    {
        public SiteJob Read() => new(
            Id, Url, Site, Origin, (JobState)State, Due == SitesTables.Never ? null : ColumnTypes.Time(Due), (int)Failures, (int)Runs, TimeSpan.FromMicroseconds(IntervalUs), ColumnTypes.Time(Added),
            Worker.Length > 0 ? Worker : null, (JobState)State == JobState.Leased ? ColumnTypes.Time(Due) : null, Run.Length > 0 ? Run : null);
    }

    private sealed record RunRow(string Id, string Job, string Worker, long State, long Started, long? Ended, string? Reason)
    {
        public JobRun Read() => new(Id, Job, Worker, (RunState)State, ColumnTypes.Time(Started), Ended is { } ended ? ColumnTypes.Time(ended) : null, Reason);
    }

    private sealed record TransitionRow(string Job, string? Run, long FromState, long ToState, long Time, string? Reason)
    {
        public JobTransition Read() => new(Job, Run, (JobState)FromState, (JobState)ToState, ColumnTypes.Time(Time), Reason);
    }
}
