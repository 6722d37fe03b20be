using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Whorl.Kernel.Sites;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;
using Whorl.Stores;

namespace Whorl.Sources.Sites.Records;

/// <summary>
/// Jobs from a JSON file and scans into one, for fixtures and small lists. The jobs' file is read, and added to; what becomes of the jobs is this process's own memory, with a journal beside
/// the jobs for the case that it is killed. After an orderly end a restart begins anew. Where the clock is the same, so is every byte of the results.
/// </summary>
internal sealed class FileRecords : IJobSource, IResultSink, IDisposable
{
    private readonly ScanFeatureReader _features;
    private readonly TimeProvider _clock;
    private readonly JobFile? _jobFile;
    private readonly ResultFile? _results;
    private readonly JobJournal? _journal;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SiteJob> _jobs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _jobOfRun = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<JobRun>> _runs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<JobTransition>> _transitions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (ScanRecord Scan, DateTimeOffset Kept)> _untold = new(StringComparer.Ordinal);

    /// <param name="jobs">File with jobs; null for none.</param>
    /// <param name="results">File for scans; null for none.</param>
    public FileRecords(string? jobs, string? results, ScanFeatureReader features, TimeProvider clock, ILogger<FileRecords>? log = null)
    {
        (_features, _clock) = (features, clock);
        _jobFile = jobs is null ? null : new(jobs);
        _results = results is null ? null : new(results);
        if (_jobFile is null)
        {
            return;
        }

        List<string> faults = [];
        IReadOnlyList<NewJob> read = _jobFile.Read(faults);
        if (faults.Count > 0)
        {
            throw new StoreException($"{jobs}: {faults[0]}", "Write it as an array of addresses, or of objects with \"url\".");
        }

        Add(read);
        _journal = new(jobs + ".journal", log ?? NullLogger<FileRecords>.Instance);
        foreach (JobChange change in _journal.Read())
        {
            Apply(change);
        }

        _results?.Write();
    }

    public void Dispose() => _journal?.Dispose();

    public Task<int> AddAsync(IReadOnlyCollection<NewJob> jobs, CancellationToken cancel)
    {
        int added = Add(jobs);
        if (added > 0 && _jobFile is not null)
        {
            lock (_gate)
            {
                _jobFile.Write(_jobs.Values.Select(job => new NewJob(job.Url, job.Origin)));
            }
        }

        return Task.FromResult(added);
    }

    public Task<IReadOnlyList<LeasedJob>> ClaimAsync(string worker, int count, TimeSpan lease, CancellationToken cancel)
    {
        lock (_gate)
        {
            DateTimeOffset now = _clock.GetUtcNow();
            Commit([.. Ordered(_jobs.Values.Where(job => job.State == JobState.Leased && job.Due <= now)).Select(lost => Ended(lost, RunState.Abandoned, JobReasons.LeaseExpired, new(TimeSpan.Zero, lost.Interval), null))]);

            List<LeasedJob> claimed = [];
            List<JobChange> changes = [];
            foreach (SiteJob job in Ordered(_jobs.Values.Where(job => job.State != JobState.Leased && job.Due <= now)).Take(count))
            {
                string run = RunId(job, now);
                SiteJob leased = job with { State = JobState.Leased, Due = now + lease, LeasedUntil = now + lease, Worker = worker, Run = run, Runs = job.Runs + 1 };
                changes.Add(new(leased, new(run, job.Id, worker, RunState.Leased, now, null, null), new(job.Id, run, job.State, JobState.Leased, now, null), null));
                claimed.Add(new(leased, run));
            }

            Commit(changes);
            return Task.FromResult<IReadOnlyList<LeasedJob>>(claimed);
        }
    }

    public Task<IReadOnlySet<string>> ExtendAsync(string worker, IReadOnlyCollection<string> runs, TimeSpan lease, CancellationToken cancel)
    {
        lock (_gate)
        {
            HashSet<string> held = new(StringComparer.Ordinal);
            DateTimeOffset until = _clock.GetUtcNow() + lease;
            foreach (string run in runs)
            {
                if (Held(run) is { } job && job.Worker == worker)
                {
                    _jobs[job.Id] = job with { Due = until, LeasedUntil = until };
                    held.Add(run);
                }
            }

            return Task.FromResult<IReadOnlySet<string>>(held);
        }
    }

    public Task<bool> SucceedAsync(string run, ScanRecord? keep, NextVisit next, CancellationToken cancel)
    {
        lock (_gate)
        {
            if (Held(run) is not { } job)
            {
                return Task.FromResult(false);
            }

            Commit([Ended(job, RunState.Succeeded, null, next, keep)]);
        }

        if (keep is not null)
        {
            Results.Write();
        }

        return Task.FromResult(true);
    }

    public Task<bool> FailAsync(string run, string reason, NextVisit next, CancellationToken cancel)
    {
        lock (_gate)
        {
            SiteJob? job = Held(run);
            if (job is not null)
            {
                Commit([Ended(job, RunState.Failed, reason, next, null)]);
            }

            return Task.FromResult(job is not null);
        }
    }

    public Task<int> RetryAsync(JobQuery which, CancellationToken cancel)
    {
        lock (_gate)
        {
            DateTimeOffset now = _clock.GetUtcNow();
            SiteJob[] jobs = [.. Find(which).Where(job => job.State != JobState.Leased && !(job.State == JobState.Queued && job.Due <= now)).Take(which.Limit)];
            Commit([.. jobs.Select(job => new JobChange(
                job with { State = JobState.Queued, Due = now, Failures = 0 }, null, job.State == JobState.Queued ? null : new(job.Id, null, job.State, JobState.Queued, now, "retry"), null))]);
            return Task.FromResult(jobs.Length);
        }
    }

    public Task<SiteJob?> JobAsync(string id, CancellationToken cancel)
    {
        lock (_gate)
        {
            return Task.FromResult(_jobs.GetValueOrDefault(id));
        }
    }

    public Task<IReadOnlyList<SiteJob>> JobsAsync(JobQuery query, CancellationToken cancel)
    {
        lock (_gate)
        {
            return Task.FromResult<IReadOnlyList<SiteJob>>([.. Find(query).Take(query.Limit)]);
        }
    }

    public Task<IReadOnlyList<JobRun>> RunsAsync(string job, int limit, CancellationToken cancel)
    {
        lock (_gate)
        {
            return Task.FromResult<IReadOnlyList<JobRun>>([.. Enumerable.Reverse(_runs.GetValueOrDefault(job) ?? []).Take(limit)]);
        }
    }

    public Task<IReadOnlyList<JobTransition>> TransitionsAsync(string job, int limit, CancellationToken cancel)
    {
        lock (_gate)
        {
            return Task.FromResult<IReadOnlyList<JobTransition>>([.. Enumerable.Reverse(_transitions.GetValueOrDefault(job) ?? []).Take(limit)]);
        }
    }

    public Task<JobCounts> CountAsync(CancellationToken cancel)
    {
        lock (_gate)
        {
            DateTimeOffset now = _clock.GetUtcNow();
            return Task.FromResult(new JobCounts(_jobs.Values.CountBy(job => job.State).ToDictionary(each => each.Key, each => (long)each.Value), _jobs.Values.Count(job => job.Due <= now)));
        }
    }

    public Task WriteAsync(ScanRecord scan, CancellationToken cancel)
    {
        lock (_gate)
        {
            if (Results.Add(scan))
            {
                _untold[scan.Id] = (scan, _clock.GetUtcNow());
            }
        }

        Results.Write();
        return Task.CompletedTask;
    }

    public Task<ScanRecord?> ScanAsync(string id, CancellationToken cancel) => Task.FromResult(Results.All().FirstOrDefault(scan => scan.Id == id));

    public Task<IReadOnlyList<ScanRecord>> ScansAsync(string site, int limit, string? before, CancellationToken cancel) => Task.FromResult<IReadOnlyList<ScanRecord>>([.. Find(site, limit, before)]);

    public Task<ScanRecord?> LastOfAsync(string url, string before, CancellationToken cancel) =>
        Task.FromResult(Results.All().Where(scan => scan.Url == url && string.CompareOrdinal(scan.Id, before) < 0).MaxBy(scan => scan.Id, StringComparer.Ordinal));

    public Task<IReadOnlyList<ScanLine>> LinesAsync(string site, int limit, string? before, CancellationToken cancel) => Task.FromResult<IReadOnlyList<ScanLine>>([.. Find(site, limit, before).Select(ScanLines.Line)]);

    public Task<SitesFound> FindAsync(SiteQuery query, CancellationToken cancel)
    {
        bool asksFeature = query.Feature is not null;
        SiteFeature feature = default;
        if (asksFeature && !SiteFeature.TryParse(query.Feature, out feature))
        {
            return Task.FromResult(new SitesFound([], null));
        }

        return Task.FromResult(SitesFound.Of(
        [
            .. Results.All().GroupBy(scan => scan.Site, StringComparer.Ordinal)
                .Where(scans => !asksFeature || _features.Of(scans.MaxBy(scan => scan.Id, StringComparer.Ordinal)!).Contains(feature))
                .Select(ScanLines.Summary)
                .Where(site => (query.Class is null || site.Class == query.Class) && (query.Before is null || string.CompareOrdinal(site.Scan, query.Before) < 0) && (query.Text is null || Has(site.Site, query.Text) || Has(site.Title, query.Text)))
                .OrderByDescending(site => site.Scan, StringComparer.Ordinal).Take(query.Limit + 1),
        ], query.Limit));
    }

    private IEnumerable<ScanRecord> Find(string site, int limit, string? before) =>
        Results.All().Where(scan => scan.Site == site && (before is null || string.CompareOrdinal(scan.Id, before) < 0)).OrderByDescending(scan => scan.Id, StringComparer.Ordinal).Take(limit);

    public Task<IReadOnlyList<ScanRecord>> UntoldAsync(TimeSpan age, int limit, CancellationToken cancel)
    {
        lock (_gate)
        {
            DateTimeOffset before = _clock.GetUtcNow() - age;
            return Task.FromResult<IReadOnlyList<ScanRecord>>([.. _untold.Values.Where(each => each.Kept <= before).OrderBy(each => each.Kept).ThenBy(each => each.Scan.Id, StringComparer.Ordinal).Take(limit).Select(each => each.Scan)]);
        }
    }

    public Task ToldAsync(IReadOnlyCollection<string> told, CancellationToken cancel)
    {
        lock (_gate)
        {
            foreach (string scan in told)
            {
                _untold.Remove(scan);
            }
        }

        return Task.CompletedTask;
    }

    private ResultFile Results => _results ?? throw new InvalidOperationException("These records have no file for results.");

    private static bool Has(string? text, string part) => text?.Contains(part, StringComparison.OrdinalIgnoreCase) == true;

    private static IOrderedEnumerable<SiteJob> Ordered(IEnumerable<SiteJob> jobs) => jobs.OrderBy(job => job.Due ?? DateTimeOffset.MaxValue).ThenBy(job => job.Id, StringComparer.Ordinal);

    // A UUIDv7 whose bits after the time are the job's address and how often it ran: the same input gives the same id.
    private static string RunId(SiteJob job, DateTimeOffset now)
    {
        Span<byte> bytes = stackalloc byte[16];
        Kernel.Uuid7.FirstAt(now).TryWriteBytes(bytes, bigEndian: true, out _);
        SHA256.HashData(Encoding.UTF8.GetBytes($"{job.Url}\n{job.Runs}")).AsSpan(0, 10).CopyTo(bytes[6..]);
        bytes[6] = (byte)(0x70 | (bytes[6] & 15));
        bytes[8] = (byte)(0x80 | (bytes[8] & 63));
        return Kernel.Uuid7.Text(new Guid(bytes, bigEndian: true));
    }

    private int Add(IReadOnlyCollection<NewJob> jobs)
    {
        lock (_gate)
        {
            int added = 0;
            DateTimeOffset now = _clock.GetUtcNow();
            foreach (NewJob job in jobs)
            {
                string id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(job.Url)).AsSpan(0, 8));
                if (_jobs.TryAdd(id, new(id, job.Url, SiteAddress.SiteOf(job.Url), job.Origin, JobState.Queued, job.Due ?? now, 0, 0, TimeSpan.Zero, now, null, null, null)))
                {
                    added++;
                    _runs[id] = [];
                    _transitions[id] = [];
                }
            }

            return added;
        }
    }

    private IEnumerable<SiteJob> Find(JobQuery query)
    {
        IEnumerable<SiteJob> jobs = Ordered(_jobs.Values);
        if (query.After is not null)
        {
            jobs = jobs.SkipWhile(job => job.Id != query.After).Skip(1);
        }

        return jobs.Where(job => (query.State is null || job.State == query.State) && (query.Site is null || job.Site == query.Site));
    }

    private SiteJob? Held(string run) =>
        _jobOfRun.TryGetValue(run, out string? id) && _jobs[id] is { State: JobState.Leased } job && job.Run == run && job.Due > _clock.GetUtcNow() ? job : null;

    private JobChange Ended(SiteJob job, RunState how, string? reason, NextVisit next, ScanRecord? keep)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        JobState to = how == RunState.Succeeded ? JobState.Succeeded : how == RunState.Failed ? JobState.Failed : JobState.Abandoned;
        int failures = to == JobState.Succeeded ? 0 : reason == JobReasons.Stopped ? job.Failures : job.Failures + 1;
        return new(
            job with { State = to, Due = now + next.After, Interval = next.Interval, Failures = failures, Worker = null, LeasedUntil = null },
            _runs[job.Id][^1] with { State = how, Ended = now, Reason = reason }, new(job.Id, job.Run, JobState.Leased, to, now, reason), keep);
    }

    private void Commit(List<JobChange> changes)
    {
        if (changes.Count > 0)
        {
            _journal?.Append(changes);
            changes.ForEach(Apply);
        }
    }

    // A job that was taken out of the file since is nobody's; what was found of it stays.
    private void Apply(JobChange change)
    {
        (SiteJob job, JobRun? run, JobTransition? step, ScanRecord? scan) = change;
        if (scan is not null && _results is not null)
        {
            _results.Add(scan);
            _untold[scan.Id] = (scan, _clock.GetUtcNow());
        }

        if (!_jobs.ContainsKey(job.Id))
        {
            return;
        }

        _jobs[job.Id] = job;
        if (run is not null)
        {
            _jobOfRun[run.Id] = job.Id;
            _runs[job.Id].RemoveAll(known => known.Id == run.Id);
            _runs[job.Id].Add(run);
        }

        if (step is not null)
        {
            _transitions[job.Id].Add(step);
        }
    }
}
