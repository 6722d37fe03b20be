using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Sources.Edge;

/// <summary>The edge: where it listens, which sites stand behind it, whom it believes, what it bears.</summary>
internal sealed class EdgeOptions : IModuleOptions
{
    public const string DefaultListen = "http://127.0.0.1:8080";

    public static string Section => "Edge";

    /// <summary>Addresses to listen on, such as http://127.0.0.1:8080 or http://[::]:80; http://127.0.0.1:8080 where none is given. Port 0 takes any free one.</summary>
    public List<string> Listen { get; set; } = [];

    /// <summary>Sites behind the edge. A request goes to the site with the most exact host, then the longest path prefix.</summary>
    [ValidateEnumeratedItems]
    public List<SiteOptions> Sites { get; set; } = [];

    /// <summary>Proxies in front of the edge as addresses or prefixes. Only a connection from one of these may name its client by Forwarded or X-Forwarded-For.</summary>
    public List<string> TrustedProxies { get; set; } = [];

    /// <summary>Which header trusted proxies write; the other one is never believed, because a proxy that does not know it passes a stranger's on.</summary>
    public ClientHeader ClientHeader { get; set; }

    /// <summary>Of the addresses in Listen, those on which a trusted proxy sends a PROXY protocol header (version 1 or 2) first; connections without one are closed.</summary>
    public List<string> ProxyProtocol { get; set; } = [];

    /// <summary>What the edge bears from one client and as a whole.</summary>
    [ValidateObjectMembers]
    public EdgeLimits Limits { get; set; } = new();

    /// <summary>Rate given to a client whose verdict is throttle.</summary>
    [ValidateObjectMembers]
    public ThrottleOptions Throttle { get; set; } = new();

    /// <summary>The slow page given to a client whose verdict is tarpit.</summary>
    [ValidateObjectMembers]
    public TarpitOptions Tarpit { get; set; } = new();

    /// <summary>Pages shown when a request is refused or cannot be answered.</summary>
    [ValidateObjectMembers]
    public PageOptions Pages { get; set; } = new();

    /// <summary>Verdicts for other proxies: nginx auth_request, Caddy forward_auth, Traefik forwardAuth, Envoy ext_authz.</summary>
    [ValidateObjectMembers]
    public AskOptions Ask { get; set; } = new();
}

/// <summary>Header in which a trusted proxy names its client.</summary>
internal enum ClientHeader
{
    XForwardedFor,
    Forwarded,
}

/// <summary>What the edge bears.</summary>
internal sealed class EdgeLimits
{
    /// <summary>Largest request line with all header fields, in bytes; more is answered with 431.</summary>
    [Range(1024, 1024 * 1024)]
    public int HeaderBytes { get; set; } = 32 * 1024;

    /// <summary>Most header fields of a request; more is answered with 431.</summary>
    [Range(8, 1000)]
    public int HeaderCount { get; set; } = 100;

    /// <summary>Largest request body in bytes; more is answered with 413.</summary>
    [Range(0, long.MaxValue)]
    public long BodyBytes { get; set; } = 1024L * 1024 * 1024;

    /// <summary>Time for a request's header to arrive whole.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan HeaderTime { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Time without a single byte of a request body, or of an answer being taken, before the connection is cut.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan IdleTime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Time a connection may wait for its next request.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan KeepAliveTime { get; set; } = TimeSpan.FromSeconds(75);

    /// <summary>Most client connections at once; further ones are closed.</summary>
    [Range(1, 1_000_000)]
    public int Connections { get; set; } = 20_000;

    /// <summary>Observations waiting to be recorded; further ones are dropped and counted.</summary>
    [Range(256, 1_048_576)]
    public int WaitingObservations { get; set; } = 65_536;
}

/// <summary>A token bucket for each throttled client.</summary>
internal sealed class ThrottleOptions
{
    /// <summary>Requests a second that pass in the long run.</summary>
    [Range(0.01, 10_000)]
    public double RequestsPerSecond { get; set; } = 1;

    /// <summary>Requests that may come at once.</summary>
    [Range(1, 100_000)]
    public int Burst { get; set; } = 10;

    /// <summary>Clients remembered at once; beyond it the one seen longest ago in its slot is forgotten.</summary>
    [Range(64, 4_194_304)]
    public int Clients { get; set; } = 65_536;
}

/// <summary>Bounds of the slow page.</summary>
internal sealed class TarpitOptions
{
    /// <summary>Slow pages at once; a further client gets the refusal page of a block.</summary>
    [Range(0, 100_000)]
    public int Concurrent { get; set; } = 256;

    /// <summary>Longest time one slow page lasts.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Duration { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Time between two pieces.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Most bytes of one slow page.</summary>
    [Range(256, 1024 * 1024)]
    public int Bytes { get; set; } = 16 * 1024;
}

/// <summary>What visitors see.</summary>
internal sealed class PageOptions
{
    /// <summary>How a visitor reaches the operator: a mail address or a page; shown as given.</summary>
    [MaxLength(200)]
    public string? Contact { get; set; }

    /// <summary>Folder with templates of your own; a file that is missing there is taken from the shipped ones.</summary>
    public string? Folder { get; set; }
}

/// <summary>The endpoint other proxies ask.</summary>
internal sealed class AskOptions
{
    /// <summary>Path of the endpoint; it answers only trusted proxies. Empty: off.</summary>
    [RegularExpression("/[A-Za-z0-9._~/-]{1,100}")]
    public string Path { get; set; } = "/.whorl/auth";
}

[OptionsValidator]
internal sealed partial class EdgeOptionsValidator : IValidateOptions<EdgeOptions>;
