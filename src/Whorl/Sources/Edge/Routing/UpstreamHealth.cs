using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Whorl.Sources.Edge.Routing;

/// <summary>Tells YARP, which keeps the health of upstreams, about failures on the forwarder's path; it takes an upstream back after the site's pause.</summary>
internal sealed class UpstreamHealth(IDestinationHealthUpdater updater)
{
    public void Failed(Site site, Upstream upstream)
    {
        if (site.Cluster is { } cluster && upstream.Destination is { } destination)
        {
            updater.SetPassive(cluster, destination, DestinationHealth.Unhealthy, site.Options.FailurePause);
        }
    }
}
