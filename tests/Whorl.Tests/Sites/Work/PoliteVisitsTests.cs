using Whorl.Kernel;
using Whorl.Sources.Sites;
using Whorl.Sources.Sites.Fetching;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Records;
using Whorl.Sources.Sites.Scans;
using Whorl.Stores;
using Whorl.Tests.Sites.Fetching;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites.Work;

/// <summary>Many sites on one address, visited by a whole worker.</summary>
public sealed class PoliteVisitsTests : IAsyncDisposable
{
    private const string Shared = "192.0.2.80";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TempFolder _folder = new();
    private readonly SqlRecordsPlace _place = new();
    private readonly ManualClock _clock = new();

    [Fact]
    public async Task Hosts_that_share_an_address_are_visited_no_more_at_a_time_than_one_address_bears()
    {
        const int hosts = 12, most = 2;
        int now = 0, seen = 0;
        await using FakeNames names = new();
        await using FakeSite site = new();
        site.On("/", async (stream, stop) =>
        {
            int together = Interlocked.Increment(ref now);
            for (int known = seen; together > known && Interlocked.CompareExchange(ref seen, together, known) != known; known = seen)
            {
                // Another was faster.
            }

            await Task.Delay(20, stop);
            Interlocked.Decrement(ref now);
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray(), stop);
        });
        (IJobSource jobs, IResultSink results) = _place.Open(new SqliteDatabase(_folder.File("whorl.db"), [SitesTables.Migrations], TimeProvider.System), TimeProvider.System);
        foreach (int n in Enumerable.Range(0, hosts))
        {
            names.Address($"host{n}.test", "127.0.0.1");
        }

        await jobs.AddAsync([.. Enumerable.Range(0, hosts).Select(n => new NewJob($"http://host{n}.test:{site.Port}/", "test"))], default);
        using SiteScanner scanner = Scanning.Scanner(names);
        using WorkerRig rig = new(jobs, results, scanner, TimeProvider.System, WorkerRig.Impolite(options =>
        {
            options.Worker.Once = true;
            options.Worker.Concurrency = options.Worker.BatchSize = hosts;
            options.Politeness.AddressVisits = most;
        }));

        await rig.RunAsync();

        seen.ShouldBeInRange(1, most);
        IReadOnlyList<SiteSummary> sites = await results.SitesAsync(new(), default);
        sites.Count.ShouldBe(hosts);
        sites.ShouldAllBe(each => each.Class == SiteClass.HttpContent);
    }

    [Fact]
    public async Task Waiting_for_an_address_costs_neither_the_visits_time_nor_its_lease_nor_a_place()
    {
        AddressScanner scanner = new(new() { ["http://crowded.example/"] = Shared, ["http://other.example/"] = "192.0.2.81" });
        FileRecords records = Open();
        using WorkerRig rig = new(records, records, scanner, _clock, WorkerRig.Impolite(options =>
        {
            (options.Politeness.AddressVisits, options.Worker.Concurrency, options.Schedule.LongestVisit) = (1, 1, TimeSpan.FromSeconds(30));
        }));
        IDisposable taken = await rig.Politeness.EnterAddressAsync(Address(Shared), default);
        await records.AddAsync([new("http://crowded.example/", "cli")], default);
        (await rig.Visits.TakeAsync(default)).Taken.ShouldBe(1);
        await scanner.AsksAsync().WaitAsync(Patience);
        await records.AddAsync([new("http://other.example/", "cli")], default);
        (await rig.Visits.TakeAsync(default)).Taken.ShouldBe(1, "who waits takes no place");
        await rig.Visits.EndedAsync(Patience, default);
        (await records.SitesAsync(new(), default)).ShouldHaveSingleItem().Site.ShouldBe("other.example");

        for (int beats = 0; beats < 9; beats++)
        {
            _clock.Advance(TimeSpan.FromSeconds(20));
            await rig.Visits.BeatAsync(default);
        }

        rig.Visits.InWork.ShouldBe(1);
        taken.Dispose();
        await rig.Visits.IdleAsync().WaitAsync(Patience);

        (await records.JobsAsync(new(JobState.Succeeded), default)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Who_waits_for_an_address_at_a_stop_gives_the_job_back()
    {
        AddressScanner scanner = new(new() { ["http://crowded.example/"] = Shared });
        FileRecords records = Open();
        using WorkerRig rig = new(records, records, scanner, _clock, WorkerRig.Impolite(options => options.Politeness.AddressVisits = 1));
        using IDisposable taken = await rig.Politeness.EnterAddressAsync(Address(Shared), default);
        await records.AddAsync([new("http://crowded.example/", "cli")], default);
        await rig.Worker.StartAsync(default);
        await scanner.AsksAsync().WaitAsync(Patience);
        await rig.Worker.StopAsync(default);

        SiteJob job = (await records.JobsAsync(new(), default)).ShouldHaveSingleItem();
        (await records.RunsAsync(job.Id, 1, default))[0].Reason.ShouldBe(JobReasons.Stopped);
    }

    public async ValueTask DisposeAsync()
    {
        await _place.DisposeAsync();
        _folder.Dispose();
    }

    private static PeerAddress Address(string text) => PeerAddress.TryParse(text, out PeerAddress address) ? address : throw new FormatException(text);

    private FileRecords Open()
    {
        File.WriteAllText(_folder.File("jobs.json"), "[]");
        return new(_folder.File("jobs.json"), _folder.File("results.json"), new(ScanFeatures.Of), _clock);
    }

    /// <summary>Sites that have nothing but an address.</summary>
    private sealed class AddressScanner(Dictionary<string, string> addresses) : ISiteScanner
    {
        private readonly TaskCompletionSource _asks = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task AsksAsync() => _asks.Task;

        public async Task<ScanRecord> ScanAsync(string id, string url, EnterAddress? enter, CancellationToken cancel)
        {
            ValueTask<IDisposable> entering = enter!(Address(addresses[url]));
            _asks.TrySetResult();
            using IDisposable place = await entering;
            cancel.ThrowIfCancellationRequested();
            return new() { Id = id, Url = url, Site = SiteAddress.SiteOf(url), Time = DateTimeOffset.UnixEpoch, ElapsedMs = 1, Class = SiteClass.HttpContent };
        }
    }
}
