using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Whorl.Sources.Edge.Crawlers;
using Whorl.Sources.Edge.Recording;
using Whorl.Sources.Edge.Routing;

namespace Whorl.Sources.Edge;

/// <summary>Starts the edge's server and the two loops beside it, and drains at the end.</summary>
internal sealed class EdgeWorker(IOptions<EdgeOptions> options, IServiceProvider services, TimeProvider clock, ILoggerFactory logs) : IHostedService, IAsyncDisposable
{
    private readonly ILogger _log = logs.CreateLogger<EdgeWorker>();

    private readonly CancellationTokenSource _stopping = new();

    private EdgeServer? _server;

    private Task _recording = Task.CompletedTask;

    private Task _robots = Task.CompletedTask;

    /// <summary>Addresses listened on; empty before the start and after the end.</summary>
    public IReadOnlyCollection<string> Listening { get; private set; } = [];

    public EdgeServer? Server => _server;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _server = new(options.Value, services);
        await _server.StartAsync(cancellationToken);
        foreach (Site site in _server.Sites.All)
        {
            EdgeLog.Protects(_log, site.Name, string.Join(", ", site.Options.Hosts.DefaultIfEmpty("any host")), string.Join(", ", site.Upstreams.Select(upstream => upstream.Uri.Authority)));
        }

        Listening = _server.Listening;
        foreach (string address in Listening)
        {
            EdgeLog.Listening(_log, address);
        }

        _recording = RecordAsync(_server.Recorder, _stopping.Token);
        _robots = new RobotsKeeper(_server.Sites, clock, logs.CreateLogger<RobotsKeeper>()).RunAsync(_stopping.Token);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_server is null)
        {
            return;
        }

        EdgeLog.Draining(_log, _server.Metrics.Active);
        Listening = [];
        await _stopping.CancelAsync();
        await _robots;
        await _recording;
        await _server.StopAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _stopping.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    private async Task RecordAsync(Recorder recorder, CancellationToken stopping)
    {
        using PeriodicTimer timer = new(Recorder.IdleInterval, clock);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(stopping);
                timer.Period = recorder.Tick() ? Recorder.BusyInterval : Recorder.IdleInterval;
            }
            catch (OperationCanceledException)
            {
                return;
            }
#pragma warning disable CA1031 // a fault in recording must not end recording for good
            catch (Exception fault)
#pragma warning restore CA1031
            {
                EdgeLog.RecorderFailed(_log, fault);
            }
        }
    }
}

/// <summary>Ready while the edge listens; degraded while a server behind it is passed over.</summary>
internal sealed class EdgeHealth(EdgeWorker worker) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        IReadOnlyCollection<string> listening = worker.Listening;
        if (listening.Count == 0 || worker.Server is not { } server)
        {
            return Task.FromResult(HealthCheckResult.Unhealthy("the edge does not listen"));
        }

        string[] away = [.. server.Sites.All.SelectMany(site => site.Upstreams.Where(upstream => !upstream.IsWell).Select(upstream => $"upstream {upstream.Uri.Authority} of {site.Name} does not answer"))];
        return Task.FromResult(away.Length == 0 ? HealthCheckResult.Healthy(string.Join(", ", listening)) : HealthCheckResult.Degraded(string.Join("; ", away)));
    }
}
