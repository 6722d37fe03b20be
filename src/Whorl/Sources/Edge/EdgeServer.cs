using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Whorl.Kernel;
using Whorl.Sources.Edge.Asking;
using Whorl.Sources.Edge.Connections;
using Whorl.Sources.Edge.Exchanges;
using Whorl.Sources.Edge.Forwarding;
using Whorl.Sources.Edge.Recording;
using Whorl.Sources.Edge.Refusals;
using Whorl.Sources.Edge.Routing;
using Whorl.Sources.Edge.Wires;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;

namespace Whorl.Sources.Edge;

/// <summary>A step that another part of the edge adds to the connections of every listener, before HTTP: PROXY protocol, TLS, fingerprints.</summary>
/// <param name="Order">Steps run from the lowest; the one that ends TLS is 100.</param>
/// <param name="Add">Adds the step to a listener with the scheme http or https.</param>
internal sealed record ConnectionStep(int Order, Action<ListenOptions, string> Add);

/// <summary>
/// The edge's own Kestrel inside this process, with YARP beside it, on services of its own: only what it shares with the rest of the process is passed in.
/// Kestrel calls <see cref="EdgeApplication"/> directly; there is no middleware between.
/// </summary>
internal sealed class EdgeServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private readonly IServer _server;

    private readonly Gate _gate;

    private readonly EdgeOptions _options;

    private readonly CancellationTokenSource _stopping = new();

    public EdgeServer(EdgeOptions options, IServiceProvider host)
    {
        _options = options;
        ILoggerFactory logs = host.GetRequiredService<ILoggerFactory>();
        TimeProvider clock = host.GetRequiredService<TimeProvider>();
        Deadlines = new(clock);
        Sites = new(options, Deadlines);
        Metrics = host.GetRequiredService<EdgeMetrics>();
        Recorder = new(host.GetRequiredService<IObservationSink>(), clock, Metrics, host.GetRequiredService<Microsoft.Extensions.Options.IOptions<NodeOptions>>().Value.Name, options.Limits.WaitingObservations, logs.CreateLogger<Recorder>());
        TrustedProxies trusted = new(options.TrustedProxies.Select(text => Network.TryParse(text, out Network network) ? network : default));
        RawFrontDoor? door = null;
        ConnectionStep[] steps = [.. host.GetServices<ConnectionStep>().OrderBy(step => step.Order)];
        _app = Build(logs, clock, host, kestrel =>
        {
            Limit(kestrel.Limits, options.Limits);
            foreach ((string scheme, IPEndPoint endPoint) in Addresses(options))
            {
                kestrel.Listen(endPoint, listen =>
                {
                    foreach (ConnectionStep step in steps)
                    {
                        step.Add(listen, scheme);
                    }

                    listen.Use(next => connection => door!.OnConnectionAsync(connection, next));
                });
            }
        });
        _server = _app.Services.GetRequiredService<IServer>();
        UpstreamHealth health = new(_app.Services.GetRequiredService<IDestinationHealthUpdater>());
        Refusal refusal = new(options.Pages);
        Throttle throttle = new(options.Throttle, clock);
        _gate = new(
            Sites,
            trusted,
            options,
            host.GetRequiredService<IRequestJudge>(),
            Recorder,
            refusal,
            throttle,
            new Tarpit(options.Tarpit, clock, _stopping.Token),
            new Forwarder(health),
            new YarpForwarder(_app.Services.GetRequiredService<IHttpForwarder>(), health),
            new AskEndpoint(options.Ask, refusal, throttle),
            Metrics,
            clock,
            logs.CreateLogger<Gate>());
        door = new(_gate, Sites, trusted, options.Limits, Deadlines);
    }

    public Deadlines Deadlines { get; }

    public SiteTable Sites { get; }

    public EdgeMetrics Metrics { get; }

    public Recorder Recorder { get; }

    /// <summary>Addresses really listened on, after <see cref="StartAsync"/>.</summary>
    public IReadOnlyCollection<string> Listening => [.. _server.Features.Get<IServerAddressesFeature>()!.Addresses];

    public async Task StartAsync(CancellationToken cancel)
    {
        // Loads YARP's configuration and starts its health checks; no request goes through this pipeline.
        _app.MapReverseProxy();
        IProxyStateLookup state = _app.Services.GetRequiredService<IProxyStateLookup>();
        foreach (Site site in Sites.All)
        {
            if (state.TryGetCluster(site.Name, out Yarp.ReverseProxy.Model.ClusterState? cluster))
            {
                site.Cluster = cluster;
                foreach (Upstream upstream in site.Upstreams)
                {
                    upstream.Destination = cluster.Destinations.GetValueOrDefault(upstream.Id);
                }
            }
        }

        await _server.StartAsync(new EdgeApplication(_gate, _options.Limits), cancel);
    }

    /// <summary>Stops listening, lets requests under way end, then cuts what is left when <paramref name="cancel"/> fires.</summary>
    public async Task StopAsync(CancellationToken cancel)
    {
        await _stopping.CancelAsync();
        await _server.StopAsync(cancel);
        Recorder.Flush();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Sites.Dispose();
        Deadlines.Dispose();
        _stopping.Dispose();
    }

    public static IEnumerable<(string Scheme, IPEndPoint EndPoint)> Addresses(EdgeOptions options) =>
        options.Listen.DefaultIfEmpty(EdgeOptions.DefaultListen).Select(text => EdgeOptionsCheck.TryReadListen(text, out (string Scheme, IPEndPoint EndPoint) listen) ? listen : throw new InvalidOperationException(text));

    private WebApplication Build(ILoggerFactory logs, TimeProvider clock, IServiceProvider host, Action<KestrelServerOptions> configure)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddSingleton(logs);
        builder.Services.AddLogging();
        builder.Services.AddSingleton(clock);
        builder.Services.AddSingleton(host.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>());
        builder.Services.AddRouting();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.Services.AddSingleton<IConnectionListenerFactory>(services => new WireTransport(EdgeListening.Listen, services.GetRequiredService<IMemoryPoolFactory<byte>>(), Deadlines, _options.Limits.IdleTime));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            configure(kestrel);
        });
        builder.Services.AddReverseProxy().LoadFromMemory([], [.. Sites.All.Select(YarpConfiguration.Of)]).ConfigureHttpClient((context, handler) =>
        {
            SiteOptions? site = Sites.All.FirstOrDefault(known => known.Name == context.ClusterId)?.Options;
            handler.ConnectTimeout = site?.ConnectTime ?? TimeSpan.FromSeconds(5);
        });
        return builder.Build();
    }

    private static void Limit(KestrelServerLimits kestrel, EdgeLimits limits)
    {
        kestrel.MaxRequestHeadersTotalSize = limits.HeaderBytes;
        kestrel.MaxRequestLineSize = limits.HeaderBytes;
        kestrel.MaxRequestHeaderCount = limits.HeaderCount;
        kestrel.MaxRequestBufferSize = Math.Max(limits.HeaderBytes, 256 * 1024);
        kestrel.RequestHeadersTimeout = limits.HeaderTime;
        kestrel.KeepAliveTimeout = limits.KeepAliveTime;
        kestrel.MaxRequestBodySize = limits.BodyBytes;
        kestrel.MaxConcurrentConnections = limits.Connections;
    }
}

/// <summary>What Kestrel calls for each request it read.</summary>
internal sealed class EdgeApplication(Gate gate, EdgeLimits limits) : IHttpApplication<KestrelExchange>
{
    public KestrelExchange CreateContext(IFeatureCollection contextFeatures)
    {
        KestrelExchange exchange;
        if (contextFeatures is IHostContextContainer<KestrelExchange> container)
        {
            exchange = container.HostContext ??= new();
        }
        else
        {
            exchange = new();
        }

        exchange.Begin(contextFeatures, limits.BodyBytes);
        return exchange;
    }

    public Task ProcessRequestAsync(KestrelExchange context) => gate.ServeAsync(context).AsTask();

    public void DisposeContext(KestrelExchange context, Exception? exception) => context.End();
}
