using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Whorl.Sources.Edge;

/// <summary>How one of several upstreams is chosen.</summary>
internal enum LoadBalancing
{
    /// <summary>Two at random by weight, then the one with fewer requests in flight.</summary>
    PowerOfTwoChoices,

    /// <summary>In turn, by weight.</summary>
    RoundRobin,

    /// <summary>Fewest requests in flight for its weight.</summary>
    LeastRequests,

    /// <summary>At random by weight.</summary>
    Random,

    /// <summary>The first healthy one in the order given.</summary>
    First,
}

/// <summary>What the edge does about a site's robots.txt.</summary>
internal enum RobotsPolicy
{
    /// <summary>The site's own file is passed on.</summary>
    LeaveToSite,

    /// <summary>The site's own file, followed by the policy's.</summary>
    Merge,

    /// <summary>The policy's file alone.</summary>
    Serve,
}

/// <summary>Which HTTP an upstream speaks.</summary>
internal enum UpstreamProtocol
{
    Http1,
    Http2,
}

/// <summary>One site: which requests are its own, and who answers them.</summary>
internal sealed class SiteOptions
{
    /// <summary>Name of the site in observations and metrics; made from its place in the list where absent.</summary>
    [RegularExpression("[A-Za-z0-9._-]{1,64}")]
    public string? Name { get; set; }

    /// <summary>Host names: exact (example.org), wildcard (*.example.org), or * for any; any where none is given.</summary>
    public List<string> Hosts { get; set; } = [];

    /// <summary>Path prefixes, such as /shop; everything where none is given. A prefix ends at a slash or at the end of the path.</summary>
    public List<string> Paths { get; set; } = [];

    /// <summary>Who answers.</summary>
    [MinLength(1), ValidateEnumeratedItems]
    public List<UpstreamOptions> Upstreams { get; set; } = [];

    /// <summary>How one of several upstreams is chosen.</summary>
    public LoadBalancing LoadBalancing { get; set; }

    /// <summary>Path asked for at every interval to see whether an upstream is well; off where absent. 2xx counts as well.</summary>
    [RegularExpression("/.*")]
    public string? HealthPath { get; set; }

    /// <summary>Time between two health checks.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan HealthInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>An upstream that failed is passed over for so long, where another one is well.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan FailurePause { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Time to connect to an upstream.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan ConnectTime { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Time until an upstream's answer begins.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan AnswerTime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Time without a byte in the middle of an upstream's answer; server-sent events must speak more often than this.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan IdleTime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Idle connections kept open to each upstream.</summary>
    [Range(0, 10_000)]
    public int IdleConnections { get; set; } = 256;

    /// <summary>Host header towards the upstream: empty for the visitor's own, "upstream" for the upstream's address, or a name.</summary>
    [RegularExpression(@"[A-Za-z0-9._:\[\]-]{0,255}")]
    public string HostHeader { get; set; } = "";

    /// <summary>True: add a Via field towards the upstream.</summary>
    public bool Via { get; set; } = true;

    /// <summary>True: tell the upstream the reference code and the verdict in X-Whorl-Reference and X-Whorl-Verdict.</summary>
    public bool TellUpstream { get; set; } = true;

    /// <summary>True: carry everything with YARP instead of the strict forwarder, which is slower but forgives upstreams whose answers are not quite HTTP.</summary>
    public bool AlwaysYarp { get; set; }

    /// <summary>Who answers /robots.txt.</summary>
    public RobotsPolicy Robots { get; set; }

    /// <summary>The policy's robots.txt; the shipped one (content/robots/robots.txt) where absent.</summary>
    public string? RobotsFile { get; set; }
}

/// <summary>One server that answers for a site.</summary>
internal sealed class UpstreamOptions
{
    /// <summary>Address, such as http://127.0.0.1:3000 or https://app.internal:8443.</summary>
    [Required, RegularExpression(@"https?://[^/?#@\s]+/?")]
    public string Url { get; set; } = "";

    /// <summary>Share of requests beside the other upstreams.</summary>
    [Range(1, 100)]
    public int Weight { get; set; } = 1;

    /// <summary>HTTP version: Http1, or Http2 (over https, or in clear with prior knowledge).</summary>
    public UpstreamProtocol Protocol { get; set; }
}
