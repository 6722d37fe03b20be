using Whorl.Kernel;
using Whorl.Kernel.Sites;
using Whorl.Sources.Sites;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Records;
using Whorl.Sources.Sites.Scans;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites.Work;

/// <summary>What a worker does with the jobs it has in work.</summary>
public sealed class VisitsTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TempFolder _folder = new();
    private readonly ManualClock _clock = new();
    private readonly List<WorkerRig> _rigs = [];
    private FileRecords? _records;

    private FileRecords Records => _records ??= Open();

    [Fact]
    public async Task What_a_visit_found_is_kept_with_the_runs_end_and_told_with_what_changed()
    {
        string title = "A first title";
        WorkerRig rig = Rig((id, url, _) => Task.FromResult(Page(id, url, title)));
        await Records.AddAsync([new("http://a.example/x", "cli")], default);
        await VisitAsync(rig);
        title = "The second title";
        _clock.Advance(TimeSpan.FromDays(1));
        await VisitAsync(rig);

        Observation[] told = [.. rig.Published.Observations];
        told.Length.ShouldBe(2);
        told.ShouldAllBe(each => each.Kind == SiteKinds.Scan && each.Subject == Subject.Site("a.example") && each.Sensor == "test");
        told[0].Attributes.TryGetProperty("site.changed", out _).ShouldBeFalse("there was nothing to compare");
        told[1].Text("site.changed").ShouldBe("page,title");
        told[1].Text("site.title").ShouldBe("The second title");
        (told[1].Text("site.class"), told[1].Number("site.status"), told[1].Text("site.url")).ShouldBe(("http_content", 200, "http://a.example/x"));
        told[1].Attributes.GetProperty("site.features").EnumerateArray().Select(each => each.GetString()).ShouldContain($"page_sha256={new string('T', 64)}");

        // Each name is one that the reference lists.
        string[] known = [.. SiteKinds.Common.Concat(SiteKinds.All[0].Fields).Select(field => field.Name)];
        told.SelectMany(each => each.Attributes.EnumerateObject()).Select(each => each.Name).Distinct().Except(known).ShouldBeEmpty();
        IReadOnlyList<ScanRecord> scans = await Records.ScansAsync("a.example", 9, null, default);
        scans.Select(scan => scan.Id).ShouldBe(told.Reverse().Select(each => each.Text("site.scan")!));
        (await Records.JobsAsync(new(), default))[0].Interval.ShouldBe(TimeSpan.FromHours(6), "what changed is visited twice as often");
    }

    [Fact]
    public async Task A_visit_is_compared_with_the_one_before_of_its_address_however_many_others_its_host_has()
    {
        string title = "A first title";
        WorkerRig rig = Rig((id, url, _) => Task.FromResult(Page(id, url, title)), options => options.Worker.BatchSize = options.Worker.Concurrency = 30);
        await Records.AddAsync([.. Enumerable.Range(0, 30).Select(n => new NewJob($"http://a.example/{n}", "cli"))], default);
        for (int day = 0; day < 2; day++)
        {
            while ((await rig.Visits.TakeAsync(default)).Taken > 0)
            {
                await rig.Visits.IdleAsync().WaitAsync(Patience);
            }

            title = "The second title";
            _clock.Advance(TimeSpan.FromDays(1));
        }

        IReadOnlyList<ScanLine> lines = await Records.LinesAsync("a.example", 99, null, default);
        lines.Count.ShouldBe(60);
        lines.Take(30).ShouldAllBe(line => string.Join(',', line.Changed!) == "page,title");
        lines.Skip(30).ShouldAllBe(line => line.Changed == null);
    }

    [Fact]
    public async Task A_scan_that_was_kept_and_not_told_is_told_later_by_whoever_runs()
    {
        WorkerRig full = Rig((id, url, _) => Task.FromResult(Page(id, url, "A title"))), next = Rig((_, _, _) => throw new NotSupportedException());
        full.Published.IsFull = true;
        await Records.AddAsync([new("http://a.example/", "cli")], default);
        await VisitAsync(full);

        await next.Teller.SweepAsync(default);
        next.Published.Observations.ShouldBeEmpty("it may be on its way yet");
        _clock.Advance(TimeSpan.FromMinutes(1));
        await next.Teller.SweepAsync(default);
        await next.Teller.SweepAsync(default);

        next.Published.Observations.ShouldHaveSingleItem().Text("site.scan").ShouldBe((await Records.ScansAsync("a.example", 1, null, default))[0].Id);
    }

    [Fact]
    public async Task A_scan_that_was_told_is_not_told_again()
    {
        WorkerRig rig = Rig((id, url, _) => Task.FromResult(Page(id, url, "A title")));
        await Records.AddAsync([new("http://a.example/", "cli")], default);
        await VisitAsync(rig);
        await rig.Teller.MarkAsync(default);
        _clock.Advance(TimeSpan.FromDays(1));
        await rig.Teller.SweepAsync(default);
        rig.Published.Observations.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_lost_lease_breaks_the_visit_off_and_nothing_of_it_is_kept()
    {
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        WorkerRig rig = Rig(async (id, url, cancel) =>
        {
            begun.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancel);
            return Page(id, url, "never");
        });
        await Records.AddAsync([new("http://a.example/", "cli")], default);
        await rig.Visits.TakeAsync(default);
        await begun.Task.WaitAsync(Patience);

        _clock.Advance(TimeSpan.FromMinutes(2));
        LeasedJob other = (await Records.ClaimAsync("other", 1, TimeSpan.FromMinutes(1), default)).ShouldHaveSingleItem();
        await rig.Visits.BeatAsync(default);
        await rig.Visits.IdleAsync().WaitAsync(Patience);

        rig.Visits.InWork.ShouldBe(0);
        rig.Published.Observations.ShouldBeEmpty();
        (await Records.RunsAsync(other.Job.Id, 9, default)).Select(run => run.State).ShouldBe([RunState.Leased, RunState.Abandoned]);
        (await Records.SucceedAsync(other.Run, null, new(null, TimeSpan.Zero), default)).ShouldBeTrue("the other's run was left alone");
    }

    [Fact]
    public async Task A_visit_that_ends_after_its_lease_was_lost_writes_nothing()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        WorkerRig rig = Rig(async (id, url, _) =>
        {
            await go.Task;
            return Page(id, url, "late");
        });
        await Records.AddAsync([new("http://a.example/", "cli")], default);
        await rig.Visits.TakeAsync(default);
        _clock.Advance(TimeSpan.FromMinutes(1));
        go.SetResult();
        await rig.Visits.IdleAsync().WaitAsync(Patience);

        rig.Published.Observations.ShouldBeEmpty();
        (await Records.SitesAsync(new(), default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_heart_beat_keeps_a_long_visit()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        WorkerRig rig = Rig(async (id, url, _) =>
        {
            await go.Task;
            return Page(id, url, "long");
        });
        await Records.AddAsync([new("http://a.example/", "cli")], default);
        await rig.Visits.TakeAsync(default);
        for (int i = 0; i < 5; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(20));
            await rig.Visits.BeatAsync(default);
        }

        go.SetResult();
        await rig.Visits.IdleAsync().WaitAsync(Patience);
        (await Records.SitesAsync(new(), default)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Failures_are_tried_again_later_and_later_and_given_up_in_the_end()
    {
        WorkerRig rig = Rig((_, _, _) => throw new InvalidDataException("as the test wants"), options => options.Schedule.MaxFailures = 4);
        await Records.AddAsync([new("http://a.example/", "cli")], default);
        List<double> waits = [];
        for (int n = 1; n <= 4; n++)
        {
            await VisitAsync(rig);
            SiteJob job = (await Records.JobsAsync(new(), default)).ShouldHaveSingleItem();
            job.Failures.ShouldBe(n);
            waits.Add(job.Due is { } due ? (due - _clock.GetUtcNow()).TotalSeconds : -1);
            _clock.Advance(TimeSpan.FromDays(1));
        }

        waits[0].ShouldBeInRange(15, 30);
        waits[1].ShouldBeInRange(30, 60);
        waits[2].ShouldBeInRange(60, 120);
        waits[3].ShouldBe(-1, "never again by itself");
        (await Records.RunsAsync((await Records.JobsAsync(new(), default))[0].Id, 1, default))[0].Reason.ShouldBe("InvalidDataException: as the test wants");
        await Records.RetryAsync(new(JobState.Failed), default);
        await VisitAsync(rig);
        (await Records.JobsAsync(new(), default))[0].Failures.ShouldBe(1);
    }

    [Fact]
    public async Task A_job_that_workers_die_of_is_given_up_without_a_visit()
    {
        int visits = 0;
        WorkerRig rig = Rig((id, url, _) => Task.FromResult(Page(id, url, $"{++visits}")), options => options.Schedule.MaxFailures = 2);
        await Records.AddAsync([new("http://a.example/", "cli")], default);
        for (int n = 0; n < 2; n++)
        {
            await Records.ClaimAsync("dies", 1, TimeSpan.FromMinutes(1), default);
            _clock.Advance(TimeSpan.FromMinutes(1));
        }

        await VisitAsync(rig);
        visits.ShouldBe(0);
        SiteJob job = (await Records.JobsAsync(new(), default)).ShouldHaveSingleItem();
        (job.State, job.Due).ShouldBe((JobState.Failed, null));
    }

    [Fact]
    public async Task A_visit_that_takes_too_long_has_failed()
    {
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        WorkerRig rig = Rig(async (id, url, cancel) =>
        {
            begun.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancel);
            return Page(id, url, "never");
        }, options => options.Schedule.LongestVisit = TimeSpan.FromSeconds(30));
        await Records.AddAsync([new("http://a.example/", "cli")], default);
        await rig.Visits.TakeAsync(default);
        await begun.Task.WaitAsync(Patience);
        _clock.Advance(TimeSpan.FromSeconds(30));
        await rig.Visits.IdleAsync().WaitAsync(Patience);
        (await Records.RunsAsync((await Records.JobsAsync(new(), default))[0].Id, 1, default))[0].Reason.ShouldBe("longer than 00:00:30");
    }

    [Fact]
    public async Task What_is_in_work_at_a_stop_is_given_back_and_due_at_once()
    {
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        WorkerRig rig = Rig(async (id, url, cancel) =>
        {
            begun.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancel);
            return Page(id, url, "never");
        });
        await Records.AddAsync([new("http://a.example/", "cli"), new("http://a.example/2", "cli")], default);
        await rig.Worker.StartAsync(default);
        await begun.Task.WaitAsync(Patience);
        await rig.Worker.StopAsync(default);

        rig.Visits.InWork.ShouldBe(0);
        IReadOnlyList<SiteJob> jobs = await Records.JobsAsync(new(), default);
        jobs.ShouldAllBe(job => job.State == JobState.Failed && job.Due == _clock.GetUtcNow() && job.Failures == 0);
        (await Records.RunsAsync(jobs[0].Id, 1, default))[0].Reason.ShouldBe(JobReasons.Stopped);
        rig.Life.Stopping.Task.IsCompleted.ShouldBeFalse("it was told to stop; it did not end by itself");
    }

    [Fact]
    public async Task Who_is_to_stop_takes_no_job()
    {
        WorkerRig rig = Rig((_, _, _) => throw new NotSupportedException());
        await Records.AddAsync([new("http://a.example/", "cli")], default);

        await Should.ThrowAsync<OperationCanceledException>(() => rig.Visits.TakeAsync(new CancellationToken(canceled: true)));

        SiteJob job = (await Records.JobsAsync(new(), default)).ShouldHaveSingleItem();
        (job.State, job.Runs).ShouldBe((JobState.Queued, 0), "what is given back is due at once: it would be taken again, without end");
    }

    [Fact]
    public async Task Visits_run_side_by_side_up_to_the_limit_and_one_at_a_time_for_each_host()
    {
        int now = 0, most = 0, here = 0, mostHere = 0;
        WorkerRig rig = Rig(
            async (id, url, _) =>
            {
                bool crowded = url.StartsWith("http://crowded.example/", StringComparison.Ordinal);
                Max(ref most, Interlocked.Increment(ref now));
                if (crowded)
                {
                    Max(ref mostHere, Interlocked.Increment(ref here));
                }

                await Task.Delay(5, default(CancellationToken));
                Interlocked.Decrement(ref now);
                Interlocked.Add(ref here, crowded ? -1 : 0);
                return Page(id, url, "x");
            },
            options => (options.Worker.Concurrency, options.Worker.Once) = (4, true));
        await Records.AddAsync([.. Enumerable.Range(0, 40).Select(n => new NewJob(n % 2 == 0 ? $"http://crowded.example/{n}" : $"http://host{n}.example/", "cli"))], default);

        await rig.RunAsync();

        (await Records.CountAsync(default)).Jobs[JobState.Succeeded].ShouldBe(40);
        most.ShouldBeInRange(2, 4);
        mostHere.ShouldBe(1);
    }

    [Fact]
    public async Task Results_may_be_kept_elsewhere_than_jobs()
    {
        FileRecords elsewhere = new(null, _folder.File("elsewhere.json"), new(ScanFeatures.Of), _clock);
        WorkerRig rig = Rig((id, url, _) => Task.FromResult(Page(id, url, "x")), options => options.Worker.Once = true, elsewhere);
        await Records.AddAsync([new("http://a.example/", "cli")], default);
        await rig.RunAsync();
        (await Records.CountAsync(default)).Jobs[JobState.Succeeded].ShouldBe(1);
        (await Records.SitesAsync(new(), default)).ShouldBeEmpty();
        (await elsewhere.SitesAsync(new(), default)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_worker_that_may_take_jobs_so_often_ends_then()
    {
        WorkerRig rig = Rig((id, url, _) => Task.FromResult(Page(id, url, "x")), options => (options.Worker.MaxLoops, options.Worker.BatchSize) = (2, 3));
        await Records.AddAsync([.. Enumerable.Range(0, 9).Select(n => new NewJob($"http://host{n}.example/", "cli"))], default);
        await rig.RunAsync();
        (await Records.CountAsync(default)).Jobs[JobState.Succeeded].ShouldBe(6);
    }

    public void Dispose()
    {
        _rigs.ForEach(rig => rig.Dispose());
        _folder.Dispose();
    }

    private static void Max(ref int most, int value)
    {
        for (int seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }

    private static ScanRecord Page(string id, string url, string title) => new()
    {
        Id = id,
        Url = url,
        Site = SiteAddress.SiteOf(url),
        Time = DateTimeOffset.UnixEpoch,
        ElapsedMs = 1,
        Class = SiteClass.HttpContent,
        Http = new() { FinalUrl = url, Status = 200 },
        Page = new() { Bytes = 1, Sha256 = new(title[0], 64), Title = title },
    };

    private static async Task VisitAsync(WorkerRig rig)
    {
        (await rig.Visits.TakeAsync(default)).Taken.ShouldBe(1);
        await rig.Visits.IdleAsync().WaitAsync(Patience);
    }

    private FileRecords Open()
    {
        File.WriteAllText(_folder.File("jobs.json"), "[]");
        return new(_folder.File("jobs.json"), _folder.File("results.json"), new(ScanFeatures.Of), _clock);
    }

    private WorkerRig Rig(Func<string, string, CancellationToken, Task<ScanRecord>> script, Action<SitesOptions>? change = null, IResultSink? results = null)
    {
        WorkerRig rig = new(Records, results ?? Records, new ScriptedScanner(script), _clock, WorkerRig.Impolite(change));
        _rigs.Add(rig);
        return rig;
    }
}
