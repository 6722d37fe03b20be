using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Whorl.Sources.Sites;
using Whorl.Sources.Sites.Fetching;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;
using Whorl.Stores;
using Whorl.Tests.Sites.Fetching;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites.Work;

/// <summary>A queue full of sites that mean their visitor harm, visited side by side by a real worker with a real scanner.</summary>
public sealed class TrickyJobsTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly SqlRecordsPlace _place = new();
    private readonly FakeSite _site = new();
    private readonly FakeNames _names = new();

    public ValueTask InitializeAsync()
    {
        Tricks.Set(_names);
        _site.Page("/ok", "<title>ok</title>");
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        await _place.DisposeAsync();
        await _site.DisposeAsync();
        await _names.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_trick_comes_to_its_class_and_reason_and_the_worker_stays_well(bool slow)
    {
        Trick[] tricks = [.. Tricks.All.Where(trick => trick.Slow == slow && !trick.Turning)];
        tricks.Length.ShouldBeGreaterThanOrEqualTo(slow ? 6 : 60);
        string[] urls = [.. tricks.Select((trick, number) => trick.Play(_site, $"/trick{number}", Host(number)))];
        using X509Certificate2 expired = Scanning.Certificate("expired");
        await using FakeSite secure = new(tls: new() { ServerCertificate = expired });
        secure.Page("/", "<title>ok</title>");
        (IJobSource jobs, IResultSink results) = _place.Open(new SqliteDatabase(_folder.File("whorl.db"), [SitesTables.Migrations], TimeProvider.System), TimeProvider.System);
        await jobs.AddAsync([.. urls.Select(url => new NewJob(url, "test")), new NewJob($"http://honest.test:{_site.Port}/ok", "test"), new NewJob(secure.Url, "test")], default);
        _names.Address("honest.test", "127.0.0.1");
        using SiteScanner scanner = Scanning.Scanner(_names, options => options.Timeout = slow ? TimeSpan.FromSeconds(1.2) : options.Timeout);
        using WorkerRig rig = new(jobs, results, scanner, TimeProvider.System, WorkerRig.Impolite(options =>
        {
            options.Worker.Once = true;
            options.Worker.Concurrency = options.Worker.BatchSize = options.Politeness.AddressVisits = 16;
        }));

        await rig.RunAsync();

        Dictionary<string, ScanRecord> scans = new(StringComparer.Ordinal);
        foreach (SiteSummary site in await results.SitesAsync(new(Limit: 500), default))
        {
            foreach (ScanRecord scan in await results.ScansAsync(site.Site, 99, null, default))
            {
                scans.Add(scan.Url, scan);
            }
        }

        foreach ((Trick trick, string url) in tricks.Zip(urls))
        {
            trick.Judge(scans[url]);
        }

        scans.Single(scan => scan.Key.Contains("honest", StringComparison.Ordinal)).Value.Page!.Title.ShouldBe("ok");
        scans[secure.Url + "/"].Tls!.Distrust.ShouldContain("expired");
        JobCounts counts = await jobs.CountAsync(default);
        (counts.Jobs.Values.Sum(), counts.Jobs.GetValueOrDefault(JobState.Leased), counts.Due).ShouldBe((tricks.Length + 2L, 0L, 0L));
        (await new SitesHealth(rig.Worker, rig.Visits).CheckHealthAsync(new())).Status.ShouldBe(HealthStatus.Healthy);
    }

    // A host of its own, or politeness would visit one after the other.
    private string Host(int number)
    {
        _names.Address($"trick{number}.test", "127.0.0.1");
        return $"trick{number}.test";
    }
}
