using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Native.Capture;
using Whorl.Sources.Capture.Inputs;
using Whorl.Sources.Capture.Listening;

namespace Whorl.Sources.Capture;

/// <summary>Chooses interfaces, keeps a listening post on each, and says once a second what they saw.</summary>
internal sealed class CaptureWorker(
    IOptions<CaptureOptions> options, IOptions<NodeOptions> node, RunningRoles roles, ShardMaker shards, IObservationSink sink, CaptureMetrics metrics, TimeProvider clock, ILogger<CaptureWorker> log)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // A sensor that loses frames for long is not sensing; one burst is no news.
    private const int SecondsOfDropsToSay = 60;

    private readonly IReadOnlyList<CapturePoint> _set = options.Value.Points();
    private readonly CaptureSummary _summary = new(node.Value.Name, clock);
    private readonly Dictionary<string, (SourceCounters Source, ShardCounters Shard)> _counted = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _dropsSaid = new(StringComparer.Ordinal);
    private volatile List<ListeningPost> _posts = [];
    private bool _saidNothing;

    /// <summary>What health says: the posts, and why there are none.</summary>
    public IReadOnlyList<ListeningPost> Posts => _posts;

    /// <summary>Why there is nothing to listen on; null where there is.</summary>
    public string? Off { get; private set; }

    /// <summary>Whether having nothing to listen on is a fault: it is where somebody asked for capture by name.</summary>
    public bool WasAskedFor => roles.Named || _set.Count > 0;

    /// <summary>One round: choose, look after every post, tell.</summary>
    public void Step()
    {
        // What is found may come, go and change; what was set stays.
        if (_set.Count == 0 || _posts.Count == 0)
        {
            Choose();
        }

        foreach (ListeningPost post in _posts)
        {
            post.Step();
            Count(post);
        }

        metrics.Now(_posts.Sum(post => post.Shard.Flows), _posts.Count(post => post.IsListening), _posts.Count(post => post.Fault is not null));
        if ((WasAskedFor || _posts.Count > 0) && _summary.Take(_posts, Off) is { } summary)
        {
            sink.TryPublish(summary);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Interval, clock);
        try
        {
            do
            {
                Step();
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
        finally
        {
            foreach (ListeningPost post in _posts)
            {
                post.Close();
                Count(post);
            }
        }
    }

    private void Choose()
    {
        IReadOnlyList<NetworkLink> links = NetworkLink.List();
        InterfaceChoice choice = InterfaceChoice.Of(_set, links);
        Off = choice.Points.Count > 0 ? null : InterfaceChoice.NothingFound;
        if (Off is not null)
        {
            SayNothingFound();
        }

        if (choice.Points.SequenceEqual(_posts.Select(post => post.Point)))
        {
            return;
        }

        List<ListeningPost> posts = [];
        foreach (CapturePoint point in choice.Points)
        {
            ListeningPost? known = _posts.FirstOrDefault(post => post.Point == point);
            posts.Add(known ?? new(point, options.Value, shards.Make, clock, log));
            if (known is null && InterfaceChoice.Blindness(point, links) is { } blindness)
            {
                CaptureLog.Blind(log, point.Text, blindness);
            }
        }

        foreach (ListeningPost gone in _posts.Except(posts))
        {
            gone.Close();
            Count(gone);
            CaptureLog.Left(log, gone.Point.Text);
        }

        if (choice.Because is not null)
        {
            CaptureLog.Chose(log, string.Join(", ", choice.Points), choice.Because);
        }

        _posts = posts;
        _saidNothing = _saidNothing && posts.Count == 0;
    }

    private void SayNothingFound()
    {
        if (_saidNothing)
        {
            return;
        }

        _saidNothing = true;
        if (WasAskedFor)
        {
            CaptureLog.NoInterface(log, InterfaceChoice.NothingFound);
        }
        else
        {
            CaptureLog.Off(log, InterfaceChoice.NothingFound);
        }
    }

    private void Count(ListeningPost post)
    {
        (SourceCounters source, ShardCounters shard) = _counted.GetValueOrDefault(post.Point.Text);
        SourceCounters grown = new(post.Source.Frames - source.Frames, post.Source.Bytes - source.Bytes, post.Source.KernelDrops - source.KernelDrops, post.Source.Freezes - source.Freezes);
        metrics.Add(_set.Contains(post.Point) ? post.Point.Text : CaptureMetrics.Chosen, grown, new(0, post.Shard.Observations - shard.Observations, post.Shard.Dropped - shard.Dropped, post.Shard.Evictions - shard.Evictions, 0));
        _counted[post.Point.Text] = (post.Source, post.Shard);
        long now = clock.GetTimestamp();
        if (grown.KernelDrops > 0 && now >= _dropsSaid.GetValueOrDefault(post.Point.Text, long.MinValue))
        {
            _dropsSaid[post.Point.Text] = now + (SecondsOfDropsToSay * clock.TimestampFrequency);
            CaptureLog.Dropping(log, post.Point.Text, grown.KernelDrops);
        }
    }
}

/// <summary>Degraded while an interface that should be listened on is not; never unready, because nothing else depends on it.</summary>
internal sealed class CaptureHealth(CaptureWorker worker) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ListeningPost> posts = worker.Posts;
        string says = worker.Off is { } off ? $"off: {off}"
            : posts.Count == 0 ? "starting"
            : string.Join("; ", posts.Select(post => post.Fault is { } fault ? $"{post.Point.Text}: {fault.Reason}" : $"{post.Point.Text}: listening"));
        bool degraded = posts.Any(post => post.Fault is not null) || (worker.Off is not null && worker.WasAskedFor);
        return Task.FromResult(degraded ? HealthCheckResult.Degraded(says) : HealthCheckResult.Healthy(says));
    }
}
