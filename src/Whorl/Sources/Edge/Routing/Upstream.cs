using System.Text;
using Whorl.Sources.Edge.Forwarding;
using Yarp.ReverseProxy.Model;

namespace Whorl.Sources.Edge.Routing;

/// <summary>One server behind a site, with its connections, its load and its health (which YARP keeps).</summary>
internal sealed class Upstream : IDisposable
{
    private int _inFlight;

    public Upstream(string id, UpstreamOptions options, SiteOptions site, Deadlines deadlines)
    {
        Id = id;
        Uri = new Uri(options.Url);
        Weight = options.Weight;
        IsPlain = Uri.Scheme == Uri.UriSchemeHttp && options.Protocol == UpstreamProtocol.Http1;
        IsHttp2 = options.Protocol == UpstreamProtocol.Http2;
        HostHeader = site.HostHeader.Length == 0 ? null : site.HostHeader == "upstream" ? Uri.Authority : site.HostHeader;
        HostHeaderBytes = HostHeader is null ? null : Encoding.ASCII.GetBytes(HostHeader);
        Name = Encoding.ASCII.GetBytes(Uri.Authority);
        Pool = new(this, site, deadlines);
    }

    /// <summary>Name of the destination in YARP.</summary>
    public string Id { get; }

    public Uri Uri { get; }

    public int Weight { get; }

    /// <summary>True where the strict forwarder can speak with it: HTTP/1.1 in clear. Everything else is YARP's.</summary>
    public bool IsPlain { get; }

    public bool IsHttp2 { get; }

    /// <summary>Host field to send instead of the visitor's; null to keep the visitor's.</summary>
    public string? HostHeader { get; }

    public byte[]? HostHeaderBytes { get; }

    /// <summary>Host and port, as observations name it.</summary>
    public byte[] Name { get; }

    public UpstreamPool Pool { get; }

    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Set once YARP has loaded its configuration; before that the upstream counts as well.</summary>
    public DestinationState? Destination { get; set; }

    public bool IsWell => Destination is not { } known || (known.Health.Active != DestinationHealth.Unhealthy && known.Health.Passive != DestinationHealth.Unhealthy);

    public void Enter() => Interlocked.Increment(ref _inFlight);

    public void Leave() => Interlocked.Decrement(ref _inFlight);

    public void Dispose() => Pool.Dispose();
}
