using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Whorl.Kernel;
using Whorl.Sources.Edge;
using Whorl.Sources.Edge.Connections;

namespace Whorl.Tests.Edge;

/// <summary>An edge on a free loopback port, with a judge, a sink and a log that tests look into.</summary>
internal sealed class TestEdge : IAsyncDisposable
{
    private IHost _host = null!;

    public FakeJudge Judge { get; } = new();

    public ListSink Sink { get; } = new();

    public ListLog Log { get; } = new();

    public IPEndPoint EndPoint { get; private set; } = null!;

    public EdgeWorker Worker => _host.Services.GetRequiredService<EdgeWorker>();

    public static async Task<TestEdge> StartAsync(Action<EdgeOptions> configure, params IEnumerable<string> upstreams)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new());
        builder.AddConnections().AddEdge();
        builder.Services.AddOptions<NodeOptions>().Configure(node =>
        {
            node.Name = "test-node";
            node.Data = Directory.CreateTempSubdirectory("whorl-edge-").FullName;
        });
        builder.Services.AddMetrics();
        builder.Services.AddSingleton(TimeProvider.System);
        SiteOptions site = new() { Upstreams = [.. upstreams.Select(url => new UpstreamOptions { Url = url })] };
        builder.Services.PostConfigure<EdgeOptions>(options =>
        {
            options.Listen = ["http://127.0.0.1:0"];
            if (site.Upstreams.Count > 0)
            {
                options.Sites.Add(site);
            }

            configure(options);
        });
        TestEdge edge = new();
        builder.Services.AddSingleton<IRequestJudge>(edge.Judge);
        builder.Services.AddSingleton<IObservationSink>(edge.Sink);
        builder.Services.AddSingleton<ILoggerProvider>(edge.Log);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        edge._host = builder.Build();
        await edge._host.StartAsync();
        edge.EndPoint = IPEndPoint.Parse(new Uri(edge.Worker.Listening.Single()).Authority);
        return edge;
    }

    /// <summary>A client of this edge; HTTP/1.1, no redirects. By way of <see cref="Way.Kestrel"/> it sends absolute targets, as to a proxy.</summary>
    public HttpClient Client(Way way = Way.Raw) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = way == Way.Kestrel,
        Proxy = way == Way.Kestrel ? new WebProxy(new Uri($"http://{EndPoint}")) { BypassProxyOnLocal = false } : null,
    })
    {
        BaseAddress = new Uri(way == Way.Kestrel ? "http://site.test" : $"http://{EndPoint}"),
        Timeout = TimeSpan.FromSeconds(20),
    };

    /// <summary>An edge whose requests go the way a test wants to look at.</summary>
    public static Task<TestEdge> StartAsync(Way way, Action<EdgeOptions> configure, params IEnumerable<string> upstreams) => StartAsync(
        options =>
        {
            options.Sites.ForEach(site => site.AlwaysYarp = way == Way.Yarp);
            configure(options);
        },
        upstreams);

    /// <summary>Sends bytes as they are and reads until the edge closes or <paramref name="until"/> stands in the answer.</summary>
    public async Task<string> RawAsync(string request, string? until = null)
    {
        using TcpClient tcp = new() { NoDelay = true };
        await tcp.ConnectAsync(EndPoint);
        await tcp.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request));
        return await ReadAsync(tcp.GetStream(), until);
    }

    public static async Task<string> ReadAsync(Stream stream, string? until = null)
    {
        using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(20));
        StringBuilder text = new();
        byte[] buffer = new byte[4096];
        try
        {
            int count;
            while ((count = await stream.ReadAsync(buffer, deadline.Token)) > 0)
            {
                text.Append(Encoding.Latin1.GetString(buffer, 0, count));
                if (until is not null && text.ToString().Contains(until, StringComparison.Ordinal))
                {
                    break;
                }
            }
        }
        catch (IOException)
        {
            // A reset ends it too.
        }

        return text.ToString();
    }

    /// <summary>Observations so far, after the recorder wrote what was waiting. A record is added after the answer went out, so this waits for so many.</summary>
    public async Task<IReadOnlyList<Observation>> ObservationsAsync(int count, string kind = "http.request")
    {
        using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(20));
        while (true)
        {
            Observation[] found = [.. Sink.All().Where(observation => observation.Kind == kind)];
            if (found.Length >= count || deadline.IsCancellationRequested)
            {
                return found;
            }

            await Sink.ChangedAsync(deadline.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(5));
        await _host.StopAsync(deadline.Token);
        await Worker.DisposeAsync();
        _host.Dispose();
    }
}

/// <summary>Who reads a request and who carries it.</summary>
public enum Way
{
    /// <summary>Our reader, our forwarder.</summary>
    Raw,

    /// <summary>Kestrel, our forwarder.</summary>
    Kestrel,

    /// <summary>Kestrel, YARP.</summary>
    Yarp,
}

/// <summary>Says what a test tells it to.</summary>
internal sealed class FakeJudge : IRequestJudge
{
    public Func<IFacts, ClientKeys, List<RuleInfo>, Verdict> Says { get; set; } = static (_, _, _) => default;

    public Verdict Judge(IFacts facts, in ClientKeys client, List<RuleInfo> hits)
    {
        hits.Clear();
        return Says(facts, client, hits);
    }
}

/// <summary>Keeps what it is given.</summary>
internal sealed class ListSink : IObservationSink
{
    private readonly Lock _gate = new();

    private readonly List<Observation> _all = [];

    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<ObservationBatch> Batches { get; } = [];

    public bool Broken { get; set; }

    public bool TryPublish(Observation observation) => Add([observation], null);

    public bool TryPublish(ObservationBatch batch)
    {
        CloudEvents.TryReadBatch(batch.Json, out IReadOnlyList<Observation> observations).ShouldBeTrue();
        return Add(observations, batch);
    }

    public IReadOnlyList<Observation> All()
    {
        lock (_gate)
        {
            return [.. _all];
        }
    }

    public Task ChangedAsync(CancellationToken cancel)
    {
        lock (_gate)
        {
            return _changed.Task.WaitAsync(cancel).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private bool Add(IReadOnlyList<Observation> observations, ObservationBatch? batch)
    {
        if (Broken)
        {
            throw new InvalidOperationException("the store is away");
        }

        lock (_gate)
        {
            _all.AddRange(observations);
            if (batch is not null)
            {
                Batches.Add(batch);
            }

            _changed.SetResult();
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return true;
    }
}

/// <summary>Keeps log lines of warning and above.</summary>
internal sealed class ListLog : ILoggerProvider, ILogger
{
    public System.Collections.Concurrent.ConcurrentQueue<(LogLevel Level, string Text, Exception? Fault)> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue((logLevel, formatter(state, exception), exception));

    /// <summary>Nothing went wrong inside: no line at error, no exception in any line.</summary>
    public void ShouldBeQuiet() => Lines.Where(line => line.Level >= LogLevel.Error || line.Fault is not null).ShouldBeEmpty();

    public void Dispose()
    {
    }
}

/// <summary>Reads one attribute of an observation.</summary>
internal static class ObservationReading
{
    public static string? Get(this Observation observation, string name) =>
        observation.Attributes.TryGetProperty(name, out JsonElement value) ? value.ToString() : null;
}
