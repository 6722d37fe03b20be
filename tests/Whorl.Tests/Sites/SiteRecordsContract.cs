using Whorl.Kernel.Sites;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Records;
using Whorl.Sources.Sites.Scans;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites;

/// <summary>What a system of record does with jobs and scans, the same on every one of them.</summary>
public abstract partial class SiteRecordsContract : IAsyncLifetime
{
    private protected static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>The clock of records whose clock is ours.</summary>
    internal ManualClock Clock { get; } = new();

    internal IJobSource Jobs { get; private set; } = null!;

    internal IResultSink Results { get; private set; } = null!;

    /// <summary>Time as the records see it.</summary>
    internal virtual DateTimeOffset Now => Clock.GetUtcNow();

    public async ValueTask InitializeAsync()
    {
        await BeginAsync();
        (Jobs, Results) = await OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_site_that_is_there_already_stays_as_it_is()
    {
        (await Jobs.AddAsync([new("http://a.example/", "cli"), new("http://b.example/x?y=1", "list")], default)).ShouldBe(2);
        (await Jobs.AddAsync([new("http://b.example/x?y=1", "console"), new("http://c.example/", "cli")], default)).ShouldBe(1);

        IReadOnlyList<SiteJob> jobs = await Jobs.JobsAsync(new(), default);
        jobs.Select(job => (job.Url, job.Site, job.Origin)).Order().ShouldBe([("http://a.example/", "a.example", "cli"), ("http://b.example/x?y=1", "b.example", "list"), ("http://c.example/", "c.example", "cli")]);
        jobs.ShouldAllBe(job => job.State == JobState.Queued && job.Due == Now && job.Added == Now && job.Runs == 0 && job.Failures == 0 && job.Run == null && job.Worker == null && job.LeasedUntil == null);
        jobs.Select(job => job.Id).Distinct().Count().ShouldBe(3);
    }

    [Fact]
    public async Task The_longest_due_is_claimed_first_and_by_one_worker_alone()
    {
        await Jobs.AddAsync([new("http://late.example/", "cli", Now - Day), new("http://early.example/", "cli", Now - (2 * Day)), new("http://tomorrow.example/", "cli", Now + Day)], default);

        LeasedJob first = (await Jobs.ClaimAsync("one", 1, Lease, default)).ShouldHaveSingleItem();
        first.Job.Url.ShouldBe("http://early.example/");
        (first.Job.State, first.Job.Worker, first.Job.Run, first.Job.Runs, first.Job.LeasedUntil).ShouldBe((JobState.Leased, "one", first.Run, 1, Now + Lease));
        (await Jobs.ClaimAsync("two", 9, Lease, default)).ShouldHaveSingleItem().Job.Url.ShouldBe("http://late.example/");
        (await Jobs.ClaimAsync("two", 9, Lease, default)).ShouldBeEmpty();

        SiteJob kept = (await Jobs.JobsAsync(new(JobState.Leased, "early.example"), default)).ShouldHaveSingleItem();
        (kept.Worker, kept.Run, kept.Runs, kept.LeasedUntil).ShouldBe(("one", first.Run, 1, Now + Lease));
        (await Jobs.RunsAsync(kept.Id, 9, default)).ShouldBe([new(first.Run, kept.Id, "one", RunState.Leased, Now, null, null)]);
    }

    [Fact]
    public async Task A_job_is_not_due_before_its_time()
    {
        await Jobs.AddAsync([new("http://a.example/", "cli", Now + Lease)], default);
        (await Jobs.ClaimAsync("one", 9, Lease, default)).ShouldBeEmpty();
        await AdvanceAsync(Lease);
        (await Jobs.ClaimAsync("one", 9, Lease, default)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Success_ends_the_run_keeps_the_scan_and_says_when_to_come_again()
    {
        LeasedJob leased = await ClaimedAsync("http://a.example/");
        DateTimeOffset started = Now;
        await AdvanceAsync(TimeSpan.FromSeconds(5));
        ScanRecord scan = Scan(leased.Run, "http://a.example/");

        (await Jobs.SucceedAsync(leased.Run, scan, new(Day, TimeSpan.FromHours(6)), default)).ShouldBeTrue();

        SiteJob job = (await Jobs.JobsAsync(new(), default)).ShouldHaveSingleItem();
        (job.State, job.Due, job.Interval, job.Failures, job.Runs, job.Run, job.Worker, job.LeasedUntil).ShouldBe((JobState.Succeeded, Now + Day, TimeSpan.FromHours(6), 0, 1, leased.Run, null, null));
        (await Jobs.RunsAsync(job.Id, 9, default)).ShouldBe([new(leased.Run, job.Id, "one", RunState.Succeeded, started, Now, null)]);
        (await Jobs.TransitionsAsync(job.Id, 9, default)).ShouldBe(
            [new(job.Id, leased.Run, JobState.Leased, JobState.Succeeded, Now, null), new(job.Id, leased.Run, JobState.Queued, JobState.Leased, started, null)]);
        (await Jobs.TransitionsAsync(job.Id, 1, default)).ShouldHaveSingleItem().To.ShouldBe(JobState.Succeeded);
        (await Jobs.JobAsync(job.Id, default)).ShouldBe(job);
        (await Jobs.JobAsync("no such job", default)).ShouldBeNull();
        (await Results.ScanAsync(leased.Run, default)).ShouldNotBeNull().Page!.Title.ShouldBe(scan.Page!.Title);
        (await Jobs.ClaimAsync("one", 9, Lease, default)).ShouldBeEmpty();
        await AdvanceAsync(Day);
        LeasedJob again = (await Jobs.ClaimAsync("one", 9, Lease, default)).ShouldHaveSingleItem();
        (again.Job.Runs, again.Job.Interval).ShouldBe((2, TimeSpan.FromHours(6)));
        (await Jobs.TransitionsAsync(job.Id, 1, default))[0].ShouldBe(new(job.Id, again.Run, JobState.Succeeded, JobState.Leased, Now, null));
    }

    [Fact]
    public async Task A_run_ends_once_however_many_end_it()
    {
        LeasedJob leased = await ClaimedAsync("http://a.example/");
        NextVisit next = new(Day, Day);

        bool[] ended = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => n % 2 == 0 ? Jobs.SucceedAsync(leased.Run, Scan(leased.Run, "http://a.example/"), next, default) : Jobs.FailAsync(leased.Run, "no", next, default)));

        ended.Count(each => each).ShouldBe(1);
        (await Jobs.TransitionsAsync(leased.Job.Id, 9, default)).Count.ShouldBe(2);
        (await Jobs.RunsAsync(leased.Job.Id, 9, default)).Count.ShouldBe(1);
        (await Jobs.SucceedAsync(leased.Run, null, next, default)).ShouldBeFalse();
        (await Jobs.SucceedAsync("01kjmma2g0fxyrwy7743q69wbn", null, next, default)).ShouldBeFalse("there is no such run");
    }

    [Fact]
    public async Task Failures_are_counted_until_one_run_succeeds()
    {
        LeasedJob leased = await ClaimedAsync("http://a.example/");
        (await Jobs.FailAsync(leased.Run, "the sky fell", new(TimeSpan.Zero, Day), default)).ShouldBeTrue();
        SiteJob job = (await Jobs.JobsAsync(new(JobState.Failed), default)).ShouldHaveSingleItem();
        (job.Failures, job.Due, job.Interval).ShouldBe((1, Now, Day));
        (await Jobs.RunsAsync(job.Id, 9, default))[0].ShouldBe(new(leased.Run, job.Id, "one", RunState.Failed, Now, Now, "the sky fell"));
        (await Jobs.TransitionsAsync(job.Id, 1, default))[0].ShouldBe(new(job.Id, leased.Run, JobState.Leased, JobState.Failed, Now, "the sky fell"));

        leased = (await Jobs.ClaimAsync("one", 1, Lease, default)).ShouldHaveSingleItem();
        leased.Job.Failures.ShouldBe(1);
        await Jobs.FailAsync(leased.Run, "again", new(TimeSpan.Zero, Day), default);
        leased = (await Jobs.ClaimAsync("one", 1, Lease, default)).ShouldHaveSingleItem();
        leased.Job.Failures.ShouldBe(2);
        await Jobs.SucceedAsync(leased.Run, null, new(TimeSpan.Zero, Day), default);
        (await Jobs.ClaimAsync("one", 1, Lease, default)).ShouldHaveSingleItem().Job.Failures.ShouldBe(0);
        (await Jobs.RunsAsync(job.Id, 2, default)).Select(run => run.State).ShouldBe([RunState.Leased, RunState.Succeeded]);
    }

    [Fact]
    public async Task A_job_that_is_given_back_has_not_failed_once_more()
    {
        LeasedJob leased = await ClaimedAsync("http://a.example/");
        await Jobs.FailAsync(leased.Run, "the sky fell", new(TimeSpan.Zero, Day), default);
        leased = (await Jobs.ClaimAsync("one", 1, Lease, default)).ShouldHaveSingleItem();
        (await Jobs.FailAsync(leased.Run, JobReasons.Stopped, new(TimeSpan.Zero, Day), default)).ShouldBeTrue();

        SiteJob job = (await Jobs.JobsAsync(new(), default)).ShouldHaveSingleItem();
        (job.State, job.Due, job.Failures, job.Runs).ShouldBe((JobState.Failed, Now, 1, 2));
        (await Jobs.RunsAsync(job.Id, 1, default))[0].Reason.ShouldBe(JobReasons.Stopped);
    }

    [Fact]
    public async Task Many_jobs_are_retried_part_by_part_and_those_in_work_or_due_already_count_for_nothing()
    {
        await Jobs.AddAsync([.. Enumerable.Range(0, 3).Select(n => new NewJob($"http://now{n}.example/", "cli")), .. Enumerable.Range(0, 5).Select(n => new NewJob($"http://later{n}.example/", "cli", Now + Day))], default);
        (await Jobs.ClaimAsync("one", 2, Lease, default)).Count.ShouldBe(2);

        (await Jobs.RetryAsync(new(Limit: 3), default)).ShouldBe(3);
        (await Jobs.RetryAsync(new(Limit: 3), default)).ShouldBe(2);
        (await Jobs.RetryAsync(new(Limit: 3), default)).ShouldBe(0);

        JobCounts counts = await Jobs.CountAsync(default);
        (counts.Jobs[JobState.Leased], counts.Jobs[JobState.Queued], counts.Due).ShouldBe((2L, 6L, 6L));
    }

    [Fact]
    public async Task A_scan_is_remembered_until_somebody_says_to_have_told_of_it()
    {
        LeasedJob leased = await ClaimedAsync("http://a.example/");
        await Jobs.SucceedAsync(leased.Run, Scan(leased.Run, "http://a.example/"), new(Day, Day), default);
        await AdvanceAsync(Lease);
        await Results.WriteAsync(Scan(Id(2), "http://b.example/"), default);
        await Results.WriteAsync(Scan(Id(2), "http://b.example/"), default);

        (await Results.UntoldAsync(Lease, 9, default)).Select(scan => scan.Id).ShouldBe([leased.Run]);
        (await Results.UntoldAsync(TimeSpan.Zero, 9, default)).Select(scan => scan.Site).ShouldBe(["a.example", "b.example"]);
        (await Results.UntoldAsync(TimeSpan.Zero, 1, default)).Count.ShouldBe(1);

        await Results.ToldAsync([leased.Run, Id(9)], default);
        await Results.WriteAsync(Scan(leased.Run, "http://a.example/"), default);
        (await Results.UntoldAsync(TimeSpan.Zero, 9, default)).Select(scan => scan.Site).ShouldBe(["b.example"]);
    }

    [Fact]
    public async Task A_reason_that_no_text_can_be_is_kept_as_one()
    {
        LeasedJob leased = await ClaimedAsync("http://a.example/");
        (await Jobs.FailAsync(leased.Run, "half \uD83D and nothing \0", new(TimeSpan.Zero, Day), default)).ShouldBeTrue();
        (await Jobs.RunsAsync(leased.Job.Id, 1, default))[0].Reason.ShouldNotBeNull().ShouldStartWith("half ");
    }

    [Fact]
    public async Task What_was_given_up_is_due_never_until_somebody_brings_it_back()
    {
        LeasedJob leased = await ClaimedAsync("http://a.example/");
        await Jobs.FailAsync(leased.Run, "no", new(null, Day), default);
        (await Jobs.JobsAsync(new(), default)).ShouldHaveSingleItem().Due.ShouldBeNull();
        await AdvanceAsync(100 * Day);
        (await Jobs.ClaimAsync("one", 9, Lease, default)).ShouldBeEmpty();

        (await Jobs.RetryAsync(new(JobState.Failed), default)).ShouldBe(1);

        SiteJob job = (await Jobs.JobsAsync(new(), default)).ShouldHaveSingleItem();
        (job.State, job.Due, job.Failures).ShouldBe((JobState.Queued, Now, 0));
        (await Jobs.TransitionsAsync(job.Id, 1, default))[0].ShouldBe(new(job.Id, null, JobState.Failed, JobState.Queued, Now, "retry"));
        (await Jobs.ClaimAsync("one", 9, Lease, default)).Count.ShouldBe(1);
        (await Jobs.RetryAsync(new(), default)).ShouldBe(0, "what is in work is left alone");
    }

    [Fact]
    public async Task A_lease_that_ran_out_is_abandoned_and_its_job_goes_to_another()
    {
        LeasedJob lost = await ClaimedAsync("http://a.example/");
        await AdvanceAsync(Lease - TimeSpan.FromSeconds(1));
        (await Jobs.ClaimAsync("two", 9, Lease, default)).ShouldBeEmpty();
        await AdvanceAsync(TimeSpan.FromSeconds(1));

        LeasedJob found = (await Jobs.ClaimAsync("two", 9, Lease, default)).ShouldHaveSingleItem();

        found.Run.ShouldNotBe(lost.Run);
        (found.Job.Id, found.Job.Runs, found.Job.Failures).ShouldBe((lost.Job.Id, 2, 1));
        (await Jobs.SucceedAsync(lost.Run, Scan(lost.Run, "http://a.example/"), new(TimeSpan.Zero, Day), default)).ShouldBeFalse();
        (await Jobs.FailAsync(lost.Run, "late", new(TimeSpan.Zero, Day), default)).ShouldBeFalse();
        (await Jobs.ExtendAsync("one", [lost.Run], Lease, default)).ShouldBeEmpty();
        (await Results.ScanAsync(lost.Run, default)).ShouldBeNull();
        (await Results.SitesAsync(new(), default)).ShouldBeEmpty();
        (await Jobs.RunsAsync(lost.Job.Id, 9, default)).Select(run => (run.Id, run.State, run.Reason, run.Ended)).ShouldBe([(found.Run, RunState.Leased, null, null), (lost.Run, RunState.Abandoned, JobReasons.LeaseExpired, Now)]);
        (await Jobs.TransitionsAsync(lost.Job.Id, 9, default)).Reverse().Select(step => (step.Run, step.From, step.To, step.Reason)).ShouldBe(
        [
            (lost.Run, JobState.Queued, JobState.Leased, null), (lost.Run, JobState.Leased, JobState.Abandoned, JobReasons.LeaseExpired), (found.Run, JobState.Abandoned, JobState.Leased, null),
        ]);
        (await Jobs.SucceedAsync(found.Run, null, new(TimeSpan.Zero, Day), default)).ShouldBeTrue();
    }

    [Fact]
    public async Task Who_comes_after_the_end_of_the_lease_writes_nothing_although_nobody_else_came()
    {
        LeasedJob lost = await ClaimedAsync("http://a.example/");
        await AdvanceAsync(Lease);
        (await Jobs.SucceedAsync(lost.Run, Scan(lost.Run, "http://a.example/"), new(TimeSpan.Zero, Day), default)).ShouldBeFalse();
        (await Jobs.ExtendAsync("one", [lost.Run], Lease, default)).ShouldBeEmpty();
        (await Results.ScanAsync(lost.Run, default)).ShouldBeNull();
        (await Jobs.CountAsync(default)).Due.ShouldBe(1);
    }

    [Fact]
    public async Task A_heart_beat_holds_a_lease_and_tells_what_is_lost()
    {
        await Jobs.AddAsync([new("http://a.example/", "cli"), new("http://b.example/", "cli"), new("http://c.example/", "cli")], default);
        LeasedJob[] mine = [.. await Jobs.ClaimAsync("one", 2, Lease, default)];
        LeasedJob other = (await Jobs.ClaimAsync("two", 1, Lease, default)).ShouldHaveSingleItem();
        await Jobs.SucceedAsync(mine[1].Run, null, new(Day, Day), default);
        await AdvanceAsync(Lease / 2);

        (await Jobs.ExtendAsync("one", [mine[0].Run, mine[1].Run, other.Run, "01kjmma2g0fxyrwy7743q69wbn"], Lease, default)).ShouldBe([mine[0].Run]);

        await AdvanceAsync(Lease / 2);
        (await Jobs.ClaimAsync("three", 9, Lease, default)).ShouldHaveSingleItem().Job.Id.ShouldBe(other.Job.Id);
        (await Jobs.SucceedAsync(mine[0].Run, null, new(Day, Day), default)).ShouldBeTrue();
    }

    [Fact]
    public async Task Workers_that_claim_at_the_same_time_never_get_the_same_job()
    {
        await Jobs.AddAsync([.. Enumerable.Range(0, 60).Select(n => new NewJob($"http://host{n}.example/", "cli"))], default);
        List<LeasedJob> all = [];
        while (all.Count < 60)
        {
            IReadOnlyList<LeasedJob>[] claims = await Task.WhenAll(Enumerable.Range(0, 6).Select(n => Task.Run(() => Jobs.ClaimAsync($"worker{n}", 4, Lease, default))));
            claims.Sum(claim => claim.Count).ShouldBeGreaterThan(0);
            all.AddRange(claims.SelectMany(claim => claim));
        }

        all.Select(leased => leased.Job.Id).Distinct().Count().ShouldBe(60);
        all.Select(leased => leased.Run).Distinct().Count().ShouldBe(60);
        (await Task.WhenAll(all.Select(leased => Jobs.SucceedAsync(leased.Run, Scan(leased.Run, leased.Job.Url), new(Day, Day), default)))).ShouldAllBe(ended => ended);
        JobCounts counts = await Jobs.CountAsync(default);
        (counts.Jobs[JobState.Succeeded], counts.Jobs.Values.Sum(), counts.Due).ShouldBe((60L, 60L, 0L));
        (await Results.SitesAsync(new(Limit: 200), default)).Count.ShouldBe(60);
    }

    [Fact]
    public async Task Jobs_are_listed_in_the_order_they_are_due_page_by_page()
    {
        await Jobs.AddAsync([.. Enumerable.Range(0, 7).Select(n => new NewJob($"http://host{n % 2}.example/{n}", "cli", Now + (n * Day) - Day))], default);
        LeasedJob never = (await Jobs.ClaimAsync("one", 1, Lease, default)).ShouldHaveSingleItem();
        await Jobs.FailAsync(never.Run, "no", new(null, Day), default);

        List<SiteJob> listed = [];
        for (IReadOnlyList<SiteJob> page = await Jobs.JobsAsync(new(Limit: 3), default); page.Count > 0; page = await Jobs.JobsAsync(new(After: page[^1].Id, Limit: 3), default))
        {
            listed.AddRange(page);
        }

        listed.Select(job => job.Url[^1]).ShouldBe(['1', '2', '3', '4', '5', '6', '0']);
        (await Jobs.JobsAsync(new(Site: "host1.example"), default)).Select(job => job.Url[^1]).ShouldBe(['1', '3', '5']);
        (await Jobs.JobsAsync(new(JobState.Queued, "host0.example", Limit: 2), default)).Select(job => job.Url[^1]).ShouldBe(['2', '4']);
        JobCounts counts = await Jobs.CountAsync(default);
        (counts.Jobs.GetValueOrDefault(JobState.Queued), counts.Jobs.GetValueOrDefault(JobState.Failed), counts.Jobs.GetValueOrDefault(JobState.Leased), counts.Due).ShouldBe((6L, 1L, 0L, 1L));
        (await Jobs.RetryAsync(new(Site: "host0.example"), default)).ShouldBe(4);
        (await Jobs.CountAsync(default)).Due.ShouldBe(5);
    }

    /// <summary>New, empty records.</summary>
    internal abstract ValueTask<(IJobSource Jobs, IResultSink Results)> OpenAsync();

    /// <summary>Has the records' clock go on.</summary>
    protected virtual Task AdvanceAsync(TimeSpan by)
    {
        Clock.Advance(by);
        return Task.CompletedTask;
    }

    /// <summary>Starts what the records need.</summary>
    protected virtual ValueTask BeginAsync() => default;

    protected virtual ValueTask CloseAsync() => default;

    /// <summary>What records are to think that a scan shows.</summary>
    internal static ScanFeatureReader Features { get; } = new(scan => scan.Page?.Title is { } title ? [new(FeatureKinds.Title, title)] : []);

    private protected static ScanRecord Scan(string id, string url, string title = "a page") => new()
    {
        Id = id,
        Url = url,
        Site = SiteAddress.SiteOf(url),
        Time = TimeOf(NumberOf(id)),
        ElapsedMs = 12,
        Class = SiteClass.HttpContent,
        Http = new() { FinalUrl = url, Status = 200, Protocol = "1.1", Headers = [new("Server", "nginx")] },
        Page = new() { Bytes = 3, Sha256 = new('a', 64), Title = title },
        Icons = [new() { Url = url + "favicon.ico", Bytes = 1, Sha256 = new('b', 64), Md5 = new('c', 32), Mmh3 = -12 }],
        Network = new() { Ip = "192.0.2.1", Addresses = [new() { Ip = "192.0.2.1" }] },
    };

    private static string FeatureOf(string title) => $"{FeatureKinds.Title}={title}";

    // Ids in order: the last two of the 26 characters count.
    private static string Id(int n) => $"01kjmma2g0fxyrwy7743q69w{n:00}";

    private static int NumberOf(string id) => int.TryParse(id[^2..], out int number) ? number : 0;

    private static DateTimeOffset TimeOf(int n) => new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero).AddHours(n);

    private async Task<LeasedJob> ClaimedAsync(string url)
    {
        await Jobs.AddAsync([new(url, "cli")], default);
        return (await Jobs.ClaimAsync("one", 1, Lease, default)).ShouldHaveSingleItem();
    }
}
