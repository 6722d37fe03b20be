using Yarp.ReverseProxy.Configuration;

// The barest YARP: one route, one destination, the socket setting that suits it best (docs/decisions/0003). Arguments: port, backend's port.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.UseUrls($"http://127.0.0.1:{args[0]}").UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
builder.Services.AddReverseProxy().LoadFromMemory(
    [new RouteConfig { RouteId = "all", ClusterId = "backend", Match = new() { Path = "/{**rest}" } }],
    [new ClusterConfig { ClusterId = "backend", Destinations = new Dictionary<string, DestinationConfig>(StringComparer.Ordinal) { ["one"] = new() { Address = $"http://127.0.0.1:{args[1]}" } } }]);
WebApplication app = builder.Build();
app.MapReverseProxy();
app.Run();
