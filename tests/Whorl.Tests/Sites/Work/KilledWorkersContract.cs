using System.Diagnostics;
using Whorl.Sources.Sites;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Tests.Sites.Work;

/// <summary>Workers are processes of their own, and are killed in the middle, again and again, while they lead two thousand jobs to their end.</summary>
public abstract class KilledWorkersContract
{
    private const string PlaceVariable = "WHORL_TEST_KILLED_PLACE";
    private const int Workers = 3;

    // Each new process costs a second or two of its own.
    private const int LeastKills = 3;

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(2);

    /// <summary>How many jobs.</summary>
    protected virtual int Jobs => 2000;

    [Fact]
    public async Task Every_job_ends_once_with_effect_although_its_workers_are_killed()
    {
        string place = await PlaceAsync();
        await using Records records = await OpenAsync(place);
        (await records.Jobs.AddAsync([.. Enumerable.Range(0, Jobs).Select(n => new NewJob($"http://host{n}.example/", "test"))], default)).ShouldBe(Jobs);
        Random chance = new(20260301);
        Process[] workers = [.. Enumerable.Range(0, Workers).Select(_ => StartChild(place))];
        int kills = 0;
        try
        {
            using CancellationTokenSource late = new(TimeSpan.FromSeconds(150));
            long done = 0, next = chance.Next(Jobs / 10, Jobs / 4);
            while (done < Jobs)
            {
                await Task.Delay(50, late.Token);
                done = (await records.Jobs.CountAsync(late.Token)).Jobs.GetValueOrDefault(JobState.Succeeded);
                if (done >= next && done < Jobs)
                {
                    int victim = chance.Next(Workers);
                    workers[victim].Kill();
                    await workers[victim].WaitForExitAsync(late.Token);
                    workers[victim].Dispose();
                    workers[victim] = StartChild(place);
                    kills++;
                    next = done + chance.Next(Jobs / 10, Jobs / 4);
                }
            }
        }
        finally
        {
            foreach (Process worker in workers)
            {
                worker.Kill();
                await worker.WaitForExitAsync();
                worker.Dispose();
            }
        }

        kills.ShouldBeGreaterThanOrEqualTo(LeastKills);
        await CheckAsync(records);
    }

    [Fact(Explicit = true)]
    public async Task The_process_that_is_killed()
    {
        await using Records records = await OpenAsync(Environment.GetEnvironmentVariable(PlaceVariable)!);
        SitesOptions options = WorkerRig.Impolite(options =>
        {
            options.Worker.LeaseDuration = Lease;
            options.Worker.BatchSize = 8;
            options.Worker.Concurrency = 8;
            options.Schedule.MaxFailures = 1000;
        });
        ScriptedScanner scanner = new(async (id, url, cancel) =>
        {
            await Task.Delay(5, cancel);
            return new() { Id = id, Url = url, Site = SiteAddress.SiteOf(url), Time = DateTimeOffset.UnixEpoch, ElapsedMs = 10, Class = SiteClass.HttpContent, Page = new() { Bytes = 1, Sha256 = new('a', 64), Title = url } };
        });
        using WorkerRig rig = new(records.Jobs, records.Results, scanner, TimeProvider.System, options);
        await rig.Worker.StartAsync(default);

        // Ends by being killed, or by whoever waits for it having died.
        await rig.Life.Stopping.Task.WaitAsync(TimeSpan.FromMinutes(3)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    /// <summary>A new, empty place for jobs and scans, as text.</summary>
    protected abstract Task<string> PlaceAsync();

    internal abstract Task<Records> OpenAsync(string place);

    private async Task CheckAsync(Records records)
    {
        JobCounts counts = await records.Jobs.CountAsync(default);
        counts.Jobs.Where(each => each.Value > 0).ShouldBe([new(JobState.Succeeded, Jobs)]);
        List<SiteJob> jobs = [];
        for (IReadOnlyList<SiteJob> page = await records.Jobs.JobsAsync(new(Limit: 500), default); page.Count > 0; page = await records.Jobs.JobsAsync(new(After: page[^1].Id, Limit: 500), default))
        {
            jobs.AddRange(page);
        }

        jobs.Count.ShouldBe(Jobs);
        int abandoned = 0;
        foreach (SiteJob job in jobs)
        {
            IReadOnlyList<JobRun> runs = await records.Jobs.RunsAsync(job.Id, 100, default);
            runs.Count.ShouldBe(job.Runs, job.Url);
            runs[0].State.ShouldBe(RunState.Succeeded, job.Url);
            runs.Skip(1).ShouldAllBe(run => run.State == RunState.Abandoned && run.Reason == JobReasons.LeaseExpired && run.Ended != null, job.Url);
            abandoned += runs.Count - 1;
            JobTransition[] steps = [.. (await records.Jobs.TransitionsAsync(job.Id, 1000, default)).Reverse()];
            steps.Length.ShouldBe(2 * runs.Count, job.Url);
            steps.Select(step => step.From).ShouldBe([JobState.Queued, .. steps.SkipLast(1).Select(step => step.To)], job.Url);
            steps.Select(step => step.Run).ShouldBe(runs.Reverse().SelectMany(run => new[] { run.Id, run.Id }), job.Url);
        }

        abandoned.ShouldBeGreaterThan(0);
        List<SiteSummary> sites = [];
        for (IReadOnlyList<SiteSummary> page = await records.Results.SitesAsync(new(Limit: 500), default); page.Count > 0; page = await records.Results.SitesAsync(new(Before: page[^1].Scan, Limit: 500), default))
        {
            sites.AddRange(page);
        }

        sites.ShouldAllBe(site => site.Scans == 1);
        sites.Select(site => site.Scan).Order(StringComparer.Ordinal).ShouldBe(jobs.Select(job => job.Run!).Order(StringComparer.Ordinal));
    }

    private Process StartChild(string place)
    {
        ProcessStartInfo start = new(Path.Combine(AppContext.BaseDirectory, GetType().Assembly.GetName().Name!), ["-explicit", "only", "-method", $"{GetType().FullName}.{nameof(The_process_that_is_killed)}"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        start.Environment[PlaceVariable] = place;
        return Process.Start(start)!;
    }

    /// <summary>Opened records, and what has to be closed after them.</summary>
    internal sealed record Records(IJobSource Jobs, IResultSink Results, IAsyncDisposable Owner) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Owner.DisposeAsync();
    }
}
