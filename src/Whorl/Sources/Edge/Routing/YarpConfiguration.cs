using Yarp.ReverseProxy.Configuration;

namespace Whorl.Sources.Edge.Routing;

/// <summary>A site as YARP knows it: destinations, health checks, and the client for what YARP carries itself.</summary>
internal static class YarpConfiguration
{
    public static ClusterConfig Of(Site site) => new()
    {
        ClusterId = site.Name,
        Destinations = site.Upstreams.ToDictionary(upstream => upstream.Id, upstream => new DestinationConfig { Address = upstream.Uri.ToString() }),
        HealthCheck = new()
        {
            AvailableDestinationsPolicy = "HealthyOrPanic",
            Active = site.Options.HealthPath is { } path
                ? new()
                {
                    Enabled = true,
                    Path = path,
                    Interval = site.Options.HealthInterval,
                    Timeout = site.Options.HealthInterval < TimeSpan.FromSeconds(5) ? site.Options.HealthInterval : TimeSpan.FromSeconds(5),
                    Policy = "ConsecutiveFailures",
                }
                : null,

            // Failures are reported to YARP by both forwarders; a policy of its own would need its middleware.
            Passive = new() { Enabled = true, Policy = "TransportFailureRate", ReactivationPeriod = site.Options.FailurePause },
        },
        HttpClient = new() { EnableMultipleHttp2Connections = true, MaxConnectionsPerServer = null },
        HttpRequest = new() { ActivityTimeout = site.Options.IdleTime },
    };
}
