using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Kernel.Sites;
using Whorl.Sources.Sites;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Records;
using Whorl.Sources.Sites.Scans;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites.Work;

/// <summary>Visits sites that stand in a file, without a network: the same file gives the same scans.</summary>
internal sealed class FixtureScanner : ISiteScanner
{
    private readonly Dictionary<string, Fixture> _sites;
    private readonly TimeProvider _clock;

    public FixtureScanner(string json, TimeProvider clock) => (_sites, _clock) = (JsonSerializer.Deserialize<Dictionary<string, Fixture>>(json, ScanJson.Options)!, clock);

    public static string File { get; } = Path.Combine(Repository.Root, "tests", "fixtures", "sites.json");

    public Task<ScanRecord> ScanAsync(string id, string url, EnterAddress? enter, CancellationToken cancel)
    {
        ScanRecord scan = new() { Id = id, Url = url, Site = SiteAddress.SiteOf(url), Time = _clock.GetUtcNow(), ElapsedMs = 0, Class = SiteClass.Unreachable, Reason = ScanReasons.Dns };
        if (_sites.TryGetValue(url, out Fixture? site))
        {
            byte[] html = Encoding.UTF8.GetBytes(site.Html);
            scan = scan with
            {
                Class = site.Status < 400 ? SiteClass.HttpContent : SiteClass.HttpError,
                Reason = site.Status < 400 ? null : ScanReasons.Status,
                Http = new() { FinalUrl = site.FinalUrl ?? url, Status = site.Status, Protocol = "1.1", ContentType = "text/html", BodyBytes = html.Length },
                Page = new() { Bytes = html.Length, Sha256 = Convert.ToHexStringLower(SHA256.HashData(html)), Title = site.Title, Identities = site.Identities },
                Network = new() { Ip = site.Ip, Addresses = site.Ip is null ? [] : [new() { Ip = site.Ip }] },
            };
        }

        return Task.FromResult(scan);
    }

    private sealed record Fixture
    {
        public int Status { get; init; } = 200;

        public string? Title { get; init; }

        public string Html { get; init; } = "";

        public string? FinalUrl { get; init; }

        public string? Ip { get; init; }

        public IReadOnlyList<IdentityFact> Identities { get; init; } = [];
    }
}

/// <summary>Records on a database, and what they need.</summary>
internal sealed class SqlRecordsPlace : IAsyncDisposable
{
    private readonly TestMeters _meters = new();
    private readonly List<IAsyncDisposable> _records = [];
    private readonly List<IDatabase> _databases = [];

    public (SqlRecords Jobs, SqlRecords Results) Open(IDatabase database, TimeProvider clock, ScanFeatureReader? features = null)
    {
        SqlRecords records = new(database, new(database, TimeProvider.System, new(_meters), NullLoggerFactory.Instance), new(database, features ?? new(ScanFeatures.Of)), clock);
        _records.Add(records);
        _databases.Add(database);
        return (records, records);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable records in _records)
        {
            await records.DisposeAsync();
        }

        _databases.OfType<IDisposable>().ToList().ForEach(database => database.Dispose());
        _meters.Dispose();
    }
}

/// <summary>A scanner that a test writes as a function.</summary>
internal sealed class ScriptedScanner(Func<string, string, CancellationToken, Task<ScanRecord>> script) : ISiteScanner
{
    public Task<ScanRecord> ScanAsync(string id, string url, EnterAddress? enter, CancellationToken cancel) => script(id, url, cancel);
}

/// <summary>A worker with everything but the site real.</summary>
internal sealed class WorkerRig : IDisposable
{
    private readonly TestMeters _meters = new();

    public WorkerRig(IJobSource jobs, IResultSink results, ISiteScanner scanner, TimeProvider clock, SitesOptions options)
    {
        IOptions<SitesOptions> set = Options.Create(options);
        SitesMetrics metrics = new(_meters);
        Politeness = new(set, clock);
        Teller = new(results, Published, new(ScanFeatures.Of), Options.Create(new NodeOptions { Name = "test" }), metrics, clock, NullLogger<ScanTeller>.Instance);
        Visits = new(jobs, results, scanner, Politeness, Teller, set, metrics, clock, NullLogger<Visits>.Instance);
        Worker = new(jobs, Visits, Teller, set, new(Named: true), Life, metrics, clock, NullLogger<SitesWorker>.Instance);
    }

    public Politeness Politeness { get; }

    public ScanTeller Teller { get; }

    public Visits Visits { get; }

    public SitesWorker Worker { get; }

    public ListBus Published { get; } = new();

    public StubLife Life { get; } = new();

    /// <summary>What is polite in the world would be waiting here.</summary>
    public static SitesOptions Impolite(Action<SitesOptions>? change = null)
    {
        SitesOptions options = new();
        options.Politeness.HostGap = TimeSpan.Zero;
        options.Worker.PollInterval = TimeSpan.FromMilliseconds(50);
        change?.Invoke(options);
        return options;
    }

    /// <summary>Runs the worker until it says that it is done.</summary>
    public async Task RunAsync()
    {
        await Worker.StartAsync(default);
        await Life.Stopping.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await Worker.StopAsync(default);
    }

    public void Dispose()
    {
        Worker.Dispose();
        Visits.Dispose();
        Life.Dispose();
        _meters.Dispose();
    }

    internal sealed class ListBus : IBus
    {
        public ConcurrentQueue<Observation> Observations { get; } = [];

        /// <summary>As a bus whose every bound was reached.</summary>
        public bool IsFull { get; set; }

        public ValueTask<bool> PublishAsync(BusMessage message, CancellationToken cancel)
        {
            if (IsFull)
            {
                return new(false);
            }

            message.Topic.ShouldBe(Topics.ObservationPrefix + SiteKinds.Scan);
            CloudEvents.TryReadBatch(message.Body, out IReadOnlyList<Observation> told).ShouldBeTrue();
            told.ToList().ForEach(Observations.Enqueue);
            return new(true);
        }

        public ValueTask<IAsyncDisposable> SubscribeAsync(Subscription subscription, Func<BusMessage, CancellationToken, Task> handler, CancellationToken cancel) => throw new NotSupportedException();
    }

    internal sealed class StubLife : IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource _never = new();

        public TaskCompletionSource Stopping { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CancellationToken ApplicationStarted => new(canceled: true);

        public CancellationToken ApplicationStopping => _never.Token;

        public CancellationToken ApplicationStopped => _never.Token;

        public void StopApplication() => Stopping.TrySetResult();

        public void Dispose() => _never.Dispose();
    }
}
