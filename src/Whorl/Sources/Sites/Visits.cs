using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Kernel.Writing;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites;

/// <summary>
/// The jobs this process has in work: takes them while there is room, visits, writes back, holds the leases, and gives back what it has not finished when it stops.
/// A visit whose lease was lost is broken off; what it found is not kept.
/// </summary>
internal sealed class Visits(
    IJobSource jobs, IResultSink results, ISiteScanner scanner, Politeness politeness, ScanTeller teller, IOptions<SitesOptions> options, SitesMetrics metrics, TimeProvider clock, ILogger<Visits> log) : IDisposable
{
    // Jobs that wait for their host take no place of a visit; this is how many wait for each place.
    private const int WaitingForEach = 4;

    // Longer than any reason that is of use.
    private const int MaxReason = 500;

    private readonly ConcurrentDictionary<string, Visit> _inWork = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _places = new(options.Value.Worker.Concurrency);
    private readonly SemaphoreSlim _ended = new(0);
    private readonly Random _chance = new();
    private int _waiting;

    /// <summary>Who holds the leases.</summary>
    public string Worker { get; } = options.Value.Worker.Id is { Length: > 0 } id ? id : Uuid7.New(clock).ToString();

    public int InWork => _inWork.Count;

    /// <summary>Takes a batch if there is room for a visit; how many were taken, and whether more may be due. Takes nothing once it is to stop.</summary>
    public async Task<(int Taken, bool More)> TakeAsync(CancellationToken cancel)
    {
        // What is given back at a stop is due at once: whoever stops would take it again, without end.
        cancel.ThrowIfCancellationRequested();
        WorkerOptions worker = options.Value.Worker;
        int idle = worker.Concurrency - (_inWork.Count - Volatile.Read(ref _waiting));
        int count = Math.Min(worker.BatchSize, Math.Min(idle, (worker.Concurrency * (1 + WaitingForEach)) - _inWork.Count));
        if (count <= 0)
        {
            return (0, true);
        }

        IReadOnlyList<LeasedJob> leased = await jobs.ClaimAsync(Worker, count, worker.LeaseDuration, cancel);
        foreach (LeasedJob job in leased)
        {
            Visit visit = new(job);
            _inWork[job.Run] = visit;
            visit.Work = RunAsync(visit, cancel);
        }

        metrics.Taken(leased.Count);
        return (leased.Count, leased.Count == count);
    }

    /// <summary>Ends when a visit has ended since it was asked last, or with the time.</summary>
    public async Task EndedAsync(TimeSpan most, CancellationToken cancel)
    {
        await _ended.WaitAsync(most, cancel);
        while (_ended.Wait(0, CancellationToken.None))
        {
            // One look serves all that ended meanwhile.
        }
    }

    /// <summary>Extends the leases, and breaks off the visits whose lease was lost.</summary>
    public async Task BeatAsync(CancellationToken cancel)
    {
        string[] runs = [.. _inWork.Keys];
        if (runs.Length == 0)
        {
            return;
        }

        IReadOnlySet<string> held = await jobs.ExtendAsync(Worker, runs, options.Value.Worker.LeaseDuration, cancel);
        foreach (string run in runs)
        {
            // One that ended meanwhile is not held and not in work either.
            if (!held.Contains(run) && _inWork.TryGetValue(run, out Visit? visit))
            {
                visit.Lose();
            }
        }
    }

    /// <summary>Ends when all visits have.</summary>
    public Task IdleAsync() => Task.WhenAll(_inWork.Values.Select(visit => visit.Work));

    public void Dispose()
    {
        _places.Dispose();
        _ended.Dispose();
    }

    private async Task RunAsync(Visit visit, CancellationToken stop)
    {
        long begin = clock.GetTimestamp();
        VisitEnd end = VisitEnd.Lost;
        try
        {
            using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(stop, visit.Lost);
            try
            {
                using IDisposable host = await EnterAsync(politeness.EnterHostAsync(visit.Job.Site, both.Token));
                await _places.WaitAsync(both.Token);
                try
                {
                    // The loop that took the job goes on at once.
                    await Task.Yield();
                    end = await ScanAsync(visit, both.Token);
                }
                finally
                {
                    _places.Release();
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested && !visit.Lost.IsCancellationRequested)
            {
                bool back = await jobs.FailAsync(visit.Run, JobReasons.Stopped, new(TimeSpan.Zero, visit.Job.Interval), CancellationToken.None);
                end = back ? VisitEnd.GivenBack : VisitEnd.Lost;
            }
            catch (OperationCanceledException) when (visit.Lost.IsCancellationRequested)
            {
                SitesLog.LeaseLost(log, visit.Job.Url);
            }
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // The records are away or refuse it: the lease runs out, and the job is due again.
            SitesLog.NotWritten(log, fault, visit.Job.Url);
        }
        finally
        {
            _inWork.TryRemove(visit.Run, out _);
            visit.Dispose();
            metrics.Ended(end, clock.GetElapsedTime(begin));
            _ended.Release();
        }
    }

    private async Task<IDisposable> EnterAsync(ValueTask<IDisposable> entering)
    {
        if (entering.IsCompletedSuccessfully)
        {
            return entering.Result;
        }

        Interlocked.Increment(ref _waiting);
        try
        {
            return await entering;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    // Who waits for the address lets another have the place, and the visit's time begins when it is let in.
    private async ValueTask<IDisposable> EnterAddressAsync(PeerAddress address, CancellationTokenSource limit, CancellationToken cancel)
    {
        ValueTask<IDisposable> entering = politeness.EnterAddressAsync(address, cancel);
        if (entering.IsCompletedSuccessfully)
        {
            return entering.Result;
        }

        limit.CancelAfter(Timeout.InfiniteTimeSpan);
        _places.Release();
        try
        {
            return await EnterAsync(entering);
        }
        finally
        {
            // Whoever runs holds a place, also to be broken off: it is left where it was taken.
            await _places.WaitAsync(CancellationToken.None);
            limit.CancelAfter(options.Value.Schedule.LongestVisit);
        }
    }

    private async Task<VisitEnd> ScanAsync(Visit visit, CancellationToken cancel)
    {
        ScanRecord scan;
        using CancellationTokenSource limit = new(options.Value.Schedule.LongestVisit, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            if (visit.Job.Failures >= options.Value.Schedule.MaxFailures)
            {
                // Abandoned again and again: perhaps whoever takes it dies of it.
                return await FailAsync(visit, $"given up after {visit.Job.Failures} failures", cancel);
            }

            scan = await scanner.ScanAsync(visit.Run, visit.Job.Url, address => EnterAddressAsync(address, limit, either.Token), either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return await FailAsync(visit, $"longer than {options.Value.Schedule.LongestVisit}", cancel);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            SitesLog.ScanFailed(log, fault, visit.Job.Url);
            return await FailAsync(visit, $"{fault.GetType().Name}: {fault.Message}", cancel);
        }

        if (await results.LastOfAsync(scan.Url, scan.Id, cancel) is { } before)
        {
            scan = scan with { Changed = [.. ScanDiff.Between(before, scan).Select(change => change.What)] };
        }

        return await SucceedAsync(visit, scan, cancel);
    }

    private async Task<VisitEnd> SucceedAsync(Visit visit, ScanRecord scan, CancellationToken cancel)
    {
        bool? changed = scan.Changed is null ? null : ScanDiff.IsTelling(scan.Changed);
        NextVisit next = VisitSchedule.AfterSuccess(options.Value.Schedule, visit.Job.Interval, changed, Chance());
        bool one = ReferenceEquals(jobs, results);
        if (!one)
        {
            // Two systems have no transaction: who holds the lease writes the result and then ends the run. A crash between leaves a result without a run's success, never the other way.
            if (!(await jobs.ExtendAsync(Worker, [visit.Run], options.Value.Worker.LeaseDuration, cancel)).Contains(visit.Run))
            {
                return VisitEnd.Lost;
            }

            await results.WriteAsync(scan, cancel);
        }

        // From here on a stop does not break it off: it is done.
        if (!await jobs.SucceedAsync(visit.Run, one ? scan : null, next, CancellationToken.None))
        {
            return VisitEnd.Lost;
        }

        metrics.Found(scan.Class);
        await teller.TellAsync(scan);
        return VisitEnd.Succeeded;
    }

    private async Task<VisitEnd> FailAsync(Visit visit, string reason, CancellationToken cancel)
    {
        NextVisit next = VisitSchedule.AfterFailure(options.Value.Schedule, visit.Job.Interval, visit.Job.Failures + 1, Chance());
        if (next.After is null)
        {
            SitesLog.GivenUp(log, visit.Job.Url, visit.Job.Failures + 1);
        }

        return await jobs.FailAsync(visit.Run, ShortText.Cut(reason, MaxReason), next, cancel) ? VisitEnd.Failed : VisitEnd.Lost;
    }

    private double Chance()
    {
        lock (_chance)
        {
            return _chance.NextDouble();
        }
    }

    private sealed class Visit(LeasedJob leased) : IDisposable
    {
        private readonly CancellationTokenSource _lost = new();
        private readonly Lock _gate = new();
        private bool _disposed;

        public SiteJob Job => leased.Job;

        public string Run => leased.Run;

        public CancellationToken Lost => _lost.Token;

        public Task Work { get; set; } = Task.CompletedTask;

        public void Lose()
        {
            lock (_gate)
            {
                if (!_disposed)
                {
                    _lost.Cancel();
                }
            }
        }

        public void Dispose()
        {
            lock (_gate)
            {
                _disposed = true;
                _lost.Dispose();
            }
        }
    }
}
