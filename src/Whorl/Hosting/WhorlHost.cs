using System.Net;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Whorl.Hosting.Configuration;
using Whorl.Hosting.Telemetry;
using Whorl.Kernel;

namespace Whorl.Hosting;

/// <summary>Puts roles, configuration and the console server together into one host.</summary>
internal static class WhorlHost
{
    public const string SocketFile = "whorl.sock";

    // Requests in flight at shutdown get this long; then connections are cut.
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(30);

    /// <summary>Builds and checks; every fault of the configuration is in the <see cref="ConfigurationException"/>.</summary>
    /// <param name="named">Whether the roles were asked for by name.</param>
    public static WebApplication Build(IReadOnlyList<Role> roles, IConfiguration configuration, bool named = false)
    {
        WebApplicationBuilder builder = CreateBuilder(roles, configuration);
        builder.Services.AddSingleton(new RunningRoles(named));
        ConsoleAddress? console = roles.Any(role => role.Name == "console") ? ConsoleAddress.Read(configuration) : null;
        NodeOptions node = configuration.GetSection(NodeOptions.Section).Get<NodeOptions>() ?? new();
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, node, console));
        WebApplication app = builder.Build();
        IReadOnlyList<string> faults = ConfigurationCheck.Run(app.Services, configuration);
        if (faults.Count > 0)
        {
            throw new ConfigurationException(string.Join('\n', faults));
        }

        DataFolder.Claim(node.Data);
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = check => check.Tags.Contains("live"), ResponseWriter = HealthText.WriteAsync });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready"), ResponseWriter = HealthText.WriteAsync });
        foreach (RequestPipeline pipeline in app.Services.GetServices<RequestPipeline>())
        {
            pipeline.Configure(app);
        }

        foreach (EndpointMap endpoints in app.Services.GetServices<EndpointMap>())
        {
            endpoints.Map(app);
        }

        return app;
    }

    /// <summary>All services of some roles, without a listening server: what <c>whorl config</c> and <c>whorl doctor</c> look at.</summary>
    public static WebApplicationBuilder CreateBuilder(IReadOnlyList<Role> roles, IConfiguration configuration)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddConfiguration(configuration);
        builder.Services.AddSingleton(TimeProvider.System).AddSingleton(new RunningRoles(Named: false));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = DrainTime + TimeSpan.FromSeconds(5));
        builder.Services.AddHealthChecks();

        // What is degraded is said once by the module that is; not again each time somebody asks for health.
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.Error);
        builder.AddModuleOptions<NodeOptions, NodeOptionsValidator>();
        builder.AddTelemetry();
        foreach (Func<IHostApplicationBuilder, IHostApplicationBuilder> module in roles.SelectMany(role => role.Modules).Distinct())
        {
            module(builder);
        }

        return builder;
    }

    private static void Listen(KestrelServerOptions kestrel, NodeOptions node, ConsoleAddress? console)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = 64 * 1024 * 1024; // an imported list of a million addresses
        DataFolder.Create(node.Data);
        string socket = Path.Combine(Path.GetFullPath(node.Data), SocketFile);
        DataFolder.RemoveStaleSocket(socket);
        kestrel.ListenUnixSocket(socket, listen => listen.Use(next => connection =>
        {
            connection.Features.Set(LocalSocketFeature.Instance);
            return next(connection);
        }));
        if (console is not null)
        {
            kestrel.Listen(console.EndPoint);
        }
    }
}

/// <summary>Where the console listens: an address and port of <c>Console:Listen</c>.</summary>
internal sealed record ConsoleAddress(IPEndPoint EndPoint)
{
    public const string Default = "http://127.0.0.1:8911";

    public static ConsoleAddress Read(IConfiguration configuration)
    {
        string text = configuration["Console:Listen"] ?? Default;
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) || uri.Scheme != Uri.UriSchemeHttp)
        {
            throw new ConfigurationException($"Console:Listen: '{text}' is no address like {Default}");
        }

        IPAddress address = uri.Host == "localhost" ? IPAddress.Loopback
            : IPAddress.TryParse(uri.Host.Trim('[', ']'), out IPAddress? parsed) ? parsed
            : throw new ConfigurationException($"Console:Listen: '{uri.Host}' is no IP address");
        return new(new IPEndPoint(address, uri.Port));
    }
}
