using System.Data.Common;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Sources.Sites.Jobs;
using Whorl.Stores;

namespace Whorl.Sources.Sites;

/// <summary>Runs the sites worker: takes jobs, holds leases, counts, and ends where it is told to end.</summary>
internal sealed class SitesWorker(
    IJobSource jobs, Visits visits, ScanTeller teller, IOptions<SitesOptions> options, RunningRoles roles, IHostApplicationLifetime life, SitesMetrics metrics, TimeProvider clock, ILogger<SitesWorker> log) : BackgroundService
{
    private static readonly TimeSpan CountEvery = TimeSpan.FromSeconds(30);

    // Scans that were told are marked together; one that is told twice does less harm than a write for each.
    private static readonly TimeSpan MarkEvery = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(30);

    // Each lease is extended this often while it lasts: two beats may be lost.
    private const int BeatsALease = 3;

    private bool _away;
    private bool _more;
    private long _taken;
    private long _loops;

    public bool RecordsAway => _away;

    public bool IsDone { get; private set; }

    /// <summary>Takes jobs until there is no more room, nothing more is due, or it was often enough; whether the worker goes on.</summary>
    public async Task<bool> StepAsync(CancellationToken cancel)
    {
        WorkerOptions worker = options.Value.Worker;
        while (true)
        {
            (int taken, _more) = await visits.TakeAsync(cancel);
            if (taken == 0 && _more)
            {
                return true; // no room
            }

            _loops++;
            _taken += taken;
            if (worker.MaxLoops > 0 && _loops >= worker.MaxLoops)
            {
                return false;
            }

            if (!_more)
            {
                // What is in work may fail and be due again, which another start takes.
                return !worker.Once || visits.InWork > 0;
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using CancellationTokenSource done = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        Task beats = Task.WhenAll(
            EveryAsync(options.Value.Worker.LeaseDuration / BeatsALease, visits.BeatAsync, done.Token),
            EveryAsync(MarkEvery, teller.MarkAsync, done.Token),
            EveryAsync(SweepEvery, teller.SweepAsync, done.Token),
            EveryAsync(CountEvery, CountAsync, done.Token));
        try
        {
            await TryAsync(BeginAsync, stoppingToken);
            await TryAsync(teller.SweepAsync, stoppingToken);
            await TakeAsync(stoppingToken);
            await visits.IdleAsync().WaitAsync(stoppingToken);
            IsDone = true;
            SitesLog.Done(log, _taken, _loops);
        }
        catch (OperationCanceledException)
        {
            await visits.IdleAsync();
        }

        await done.CancelAsync();
        await beats.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await TryAsync(teller.MarkAsync, CancellationToken.None);
        if (IsDone && roles.Named)
        {
            // A host that is still starting would take it for a failed start.
            life.ApplicationStarted.Register(life.StopApplication);
        }
    }

    private async Task TakeAsync(CancellationToken cancel)
    {
        bool goesOn = true;
        while (goesOn)
        {
            await TryAsync(async stop => goesOn = await StepAsync(stop), cancel);
            if (!goesOn)
            {
                return;
            }

            // A place that gets free is filled at once where more is due; what becomes due is found with the next look.
            if (_more || options.Value.Worker.Once)
            {
                await visits.EndedAsync(options.Value.Worker.PollInterval, cancel);
            }
            else
            {
                await Task.Delay(options.Value.Worker.PollInterval, clock, cancel);
            }
        }
    }

    private async Task BeginAsync(CancellationToken cancel)
    {
        JobCounts counts = await jobs.CountAsync(cancel);
        SitesLog.Begins(log, visits.Worker, options.Value.JobSource, options.Value.ResultSink, counts.Jobs.Values.Sum(), counts.Due);
    }

    private async Task CountAsync(CancellationToken cancel)
    {
        JobCounts counts = await jobs.CountAsync(cancel);
        metrics.Now(counts.Jobs.Values.Sum(), counts.Due, visits.InWork);
    }

    private async Task EveryAsync(TimeSpan interval, Func<CancellationToken, Task> step, CancellationToken cancel)
    {
        using PeriodicTimer timer = new(interval, clock);
        while (await timer.WaitForNextTickAsync(cancel))
        {
            await TryAsync(step, cancel);
        }
    }

    private async Task TryAsync(Func<CancellationToken, Task> step, CancellationToken cancel)
    {
        try
        {
            await step(cancel);
            if (_away)
            {
                _away = false;
                SitesLog.RecordsBack(log);
            }
        }
        catch (Exception fault) when (StoreFault.IsTransient(fault) || fault is HttpRequestException or StoreException)
        {
            if (!_away)
            {
                _away = true;
                SitesLog.RecordsAway(log, fault.Message);
            }
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            SitesLog.StepFailed(log, fault);
        }
    }
}

/// <summary>Degraded while the records are away; otherwise says what the worker does.</summary>
internal sealed class SitesHealth(SitesWorker worker, Visits visits) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        worker.RecordsAway ? HealthCheckResult.Degraded("the records are away: no job is taken")
        : worker.IsDone ? HealthCheckResult.Healthy("done")
        : HealthCheckResult.Healthy($"{visits.InWork} visits in work"));
}

/// <summary>Do the records of sites answer?</summary>
internal sealed class SitesDoctor(IJobSource jobs, IResultSink results, IOptions<SitesOptions> options) : IDoctorCheck
{
    private const string Name = "sites: jobs";

    public async Task<DoctorFinding> CheckAsync(CancellationToken cancel)
    {
        try
        {
            JobCounts counts = await jobs.CountAsync(cancel);
            await results.SitesAsync(new(Limit: 1), cancel);
            return new(Name, true, $"{counts.Jobs.Values.Sum()} jobs, {counts.Due} due, from {options.Value.JobSource.ToString().ToLowerInvariant()}", null);
        }
        catch (StoreException fault)
        {
            return new(Name, false, fault.Message, fault.Hint);
        }
        catch (Exception fault) when (fault is DbException or IOException or HttpRequestException or UnauthorizedAccessException)
        {
            return new(Name, false, fault.Message, "see Sites:Jobs (JOB_SOURCE), and Store or CONVEX_URL for where they are");
        }
    }
}
