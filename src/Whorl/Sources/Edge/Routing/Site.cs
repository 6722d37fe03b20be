using System.Text;
using Whorl.Sources.Edge.Crawlers;
using Whorl.Sources.Edge.Exchanges;
using Yarp.ReverseProxy.Model;

namespace Whorl.Sources.Edge.Routing;

/// <summary>One site behind the edge.</summary>
internal sealed class Site : IDisposable
{
    public Site(string name, SiteOptions options, Deadlines deadlines)
    {
        Name = name;
        NameBytes = Encoding.ASCII.GetBytes(name);
        Options = options;
        Upstreams = [.. options.Upstreams.Select((upstream, index) => new Upstream($"{name}/{index}", upstream, options, deadlines))];
        Balancer = new(options.LoadBalancing, Upstreams);
        IsPlain = !options.AlwaysYarp && Upstreams.All(upstream => upstream.IsPlain);
    }

    public string Name { get; }

    public byte[] NameBytes { get; }

    public SiteOptions Options { get; }

    public Upstream[] Upstreams { get; }

    public Balancer Balancer { get; }

    /// <summary>True where the strict forwarder serves every upstream.</summary>
    public bool IsPlain { get; }

    /// <summary>The robots.txt in force; null until it is known.</summary>
    public RobotsFile? Robots { get; set; }

    /// <summary>What the edge itself says at /robots.txt; null until it is known, or where the site's own file is left alone.</summary>
    public OwnAnswer? RobotsAnswer { get; set; }

    /// <summary>YARP's side of this site.</summary>
    public ClusterState? Cluster { get; set; }

    public void Dispose()
    {
        foreach (Upstream upstream in Upstreams)
        {
            upstream.Dispose();
        }
    }
}
