using System.Data.Common;
using Dapper;
using Whorl.Kernel;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;
using Whorl.Stores;

namespace Whorl.Sources.Sites.Records;

/// <summary>
/// Jobs and scans in SQLite or PostgreSQL. Claims, heart beats and what people ask for are transactions of their own; the ends of runs, which come by the dozen, share one.
/// A run's end is one conditional step of its job's row, so whoever comes second, or too late, changes nothing.
/// </summary>
internal sealed class SqlRecords(IDatabase database, BatchWriters writers, SqlScans scans, TimeProvider clock) : IJobSource, IResultSink, IAsyncDisposable
{
    // Runs abandoned in one claim: after a worker with a thousand jobs died the next claims take turns.
    private const int MaxAbandoned = 500;

    // SQLite finds each parameter by name, one after another.
    private const int RunsAStatement = 200;

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
        DateTimeOffset now = clock.GetUtcNow();

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
                new { id = Uuid7.Text(Uuid7.New(clock)), job.Url, site = SiteAddress.SiteOf(job.Url), job.Origin, due = ColumnTypes.Microseconds(job.Due ?? now), now = ColumnTypes.Microseconds(now) }, transaction, cancellationToken: cancel));
        }

        await transaction.CommitAsync(cancel);
        return added;
    }

    public async Task<IReadOnlyList<LeasedJob>> ClaimAsync(string worker, int count, TimeSpan lease, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancel);
        DateTimeOffset now = clock.GetUtcNow();
        long at = ColumnTypes.Microseconds(now);
        await AbandonAsync(transaction, at, cancel);

        List<LeasedJob> claimed = [];
        foreach (JobRow row in (await connection.QueryAsync<JobRow>(new CommandDefinition(
            SqlText.For(database.Dialect, $"SELECT {Columns} FROM site_jobs WHERE due <= @at AND state <> 1 ORDER BY due, id LIMIT @count {{postgres:FOR UPDATE SKIP LOCKED}}"),
            new { at, count = (long)count }, transaction, cancellationToken: cancel))).AsList())
        {
            string run = Uuid7.Text(Uuid7.New(clock));
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
        DateTimeOffset now = clock.GetUtcNow();
        foreach (string[] some in runs.Order(StringComparer.Ordinal).Chunk(RunsAStatement))
        {
            held.UnionWith(await connection.QueryAsync<string>(new CommandDefinition(
                SqlText.For(database.Dialect, "UPDATE site_jobs SET due = @until WHERE run {sqlite:IN @some}{postgres:= ANY(@some)} AND state = 1 AND due > @at AND worker = @worker RETURNING run"),
                new { until = ColumnTypes.Microseconds(now + lease), at = ColumnTypes.Microseconds(now), worker, some }, cancellationToken: cancel)));
        }

        return held;
    }

    public Task<bool> SucceedAsync(string run, ScanRecord? keep, NextVisit next, CancellationToken cancel) => EndAsync(new(run, JobState.Succeeded, null, keep, next), cancel);

    public Task<bool> FailAsync(string run, string reason, NextVisit next, CancellationToken cancel) => EndAsync(new(run, JobState.Failed, reason, null, next), cancel);

    public async Task<int> RetryAsync(JobQuery which, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancel);
        long at = ColumnTypes.Microseconds(clock.GetUtcNow());
        List<JobRow> rows = (await connection.QueryAsync<JobRow>(new CommandDefinition(
            SqlText.For(database.Dialect, $"SELECT {Columns} FROM site_jobs WHERE state <> 1 {Where(which)} ORDER BY due, id LIMIT @limit {{postgres:FOR UPDATE SKIP LOCKED}}"), Parameters(which), transaction, cancellationToken: cancel))).AsList();
        await connection.ExecuteAsync(new CommandDefinition("UPDATE site_jobs SET state = 0, due = @at, failures = 0 WHERE id = @Id", rows.Select(row => new { row.Id, at }), transaction, cancellationToken: cancel));
        await connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO site_transitions (job, from_state, to_state, time, reason) VALUES (@Id, @State, 0, @at, 'retry')",
            rows.Where(row => row.State != (long)JobState.Queued).Select(row => new { row.Id, row.State, at }), transaction, cancellationToken: cancel));
        await transaction.CommitAsync(cancel);
        return rows.Count;
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

    public async Task<IReadOnlyList<JobTransition>> TransitionsAsync(string job, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return [.. (await connection.QueryAsync<TransitionRow>(new CommandDefinition(
            "SELECT job AS Job, run AS Run, from_state AS FromState, to_state AS ToState, time AS Time, reason AS Reason FROM site_transitions WHERE job = @job ORDER BY number", new { job }, cancellationToken: cancel))).Select(row => row.Read())];
    }

    public async Task<JobCounts> CountAsync(CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        Dictionary<JobState, long> jobs = (await connection.QueryAsync<(long State, long Count)>(new CommandDefinition("SELECT state, COUNT(*) FROM site_jobs GROUP BY state", cancellationToken: cancel)))
            .ToDictionary(row => (JobState)row.State, row => row.Count);
        long due = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM site_jobs WHERE due <= @at", new { at = ColumnTypes.Microseconds(clock.GetUtcNow()) }, cancellationToken: cancel));
        return new(jobs, due);
    }

    public Task WriteAsync(ScanRecord scan, CancellationToken cancel) => Writer.WriteAsync(new ScanNote(scan), cancel);

    public Task<ScanRecord?> ScanAsync(string id, CancellationToken cancel) => scans.ScanAsync(id, cancel);

    public Task<IReadOnlyList<ScanRecord>> ScansAsync(string site, int limit, string? before, CancellationToken cancel) => scans.ScansAsync(site, limit, before, cancel);

    public Task<IReadOnlyList<ScanLine>> LinesAsync(string site, int limit, string? before, CancellationToken cancel) => scans.LinesAsync(site, limit, before, cancel);

    public Task<SitesFound> FindAsync(SiteQuery query, CancellationToken cancel) => scans.FindAsync(query, cancel);

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

    // Sites in one order, so that two workers whose batches meet at a site wait for each other one way only.
    private async Task WriteAsync(DbTransaction transaction, IReadOnlyList<INote> notes, CancellationToken cancel)
    {
        foreach (INote note in notes.OrderBy(note => note.Scan?.Site, StringComparer.Ordinal))
        {
            if (note is EndNote end)
            {
                await EndAsync(transaction, end, cancel);
            }

            if (note.Scan is { } scan && note is not EndNote { Ended: false })
            {
                await scans.WriteAsync(transaction, scan, cancel);
            }
        }
    }

    private async Task EndAsync(DbTransaction transaction, EndNote end, CancellationToken cancel)
    {
        long at = ColumnTypes.Microseconds(clock.GetUtcNow());
        string? job = await transaction.Connection!.QueryFirstOrDefaultAsync<string>(new CommandDefinition(
            """
            UPDATE site_jobs SET state = @to, due = @due, interval_us = @interval, worker = '', failures = CASE WHEN @to = 2 THEN 0 ELSE failures + 1 END
            WHERE run = @Run AND state = 1 AND due > @at RETURNING id
            """,
            new { end.Run, to = (long)end.To, at, due = end.Next.Due is { } due ? ColumnTypes.Microseconds(due) : SitesTables.Never, interval = end.Next.Interval.Ticks / TimeSpan.TicksPerMicrosecond }, transaction, cancellationToken: cancel));
        end.Ended = job is not null;
        if (end.Ended)
        {
            await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                """
                UPDATE site_runs SET state = @state, ended = @at, reason = @Reason WHERE id = @Run;
                INSERT INTO site_transitions (job, run, from_state, to_state, time, reason) VALUES (@job, @Run, 1, @to, @at, @Reason);
                """,
                new { end.Run, end.Reason, job, at, to = (long)end.To, state = (long)(end.To == JobState.Succeeded ? RunState.Succeeded : RunState.Failed) }, transaction, cancellationToken: cancel));
        }
    }

    private interface INote
    {
        ScanRecord? Scan { get; }
    }

    private sealed record ScanNote(ScanRecord? Scan) : INote;

    private sealed record EndNote(string Run, JobState To, string? Reason, ScanRecord? Scan, NextVisit Next) : INote
    {
        /// <summary>Whether the run was this one's to end; said by the transaction that was committed last.</summary>
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
