using Whorl.Kernel;
using Whorl.Sources.Edge.Connections;
using Whorl.Sources.Edge.Messages;
using Whorl.Sources.Edge.Routing;

namespace Whorl.Sources.Edge.Exchanges;

/// <summary>Where facts find header fields.</summary>
internal interface IHeaderFields
{
    /// <summary>Number of field lines.</summary>
    int HeaderCount { get; }

    /// <summary>A field by its lower-case name; several lines joined by a comma and a space; null where absent.</summary>
    string? Header(string name);

    string? UserAgent { get; }

    string? Referer { get; }
}

/// <summary>One request as rules see it. Reused for every request of a connection.</summary>
internal sealed class RequestFacts : IFacts
{
    private string? _target;

    private string? _hostHeader;

    private bool _knowsRobots;

    private bool? _robots;

    private IHeaderFields _fields = null!;

    private ConnectionFacts _wire = null!;

    public string Method { get; private set; } = "";

    public string Scheme { get; set; } = "http";

    /// <summary>Host without port, lower case.</summary>
    public string Host { get; private set; } = "";

    /// <summary>Raw path and query.</summary>
    public string Target { get; private set; } = "/";

    public string Path { get; private set; } = "/";

    public string? Query { get; private set; }

    public string Version { get; private set; } = "1.1";

    public PeerAddress Client { get; private set; }

    /// <summary>True where no trusted proxy stands between.</summary>
    public bool Direct { get; private set; }

    public Site? Site { get; set; }

    public IHeaderFields Headers => _fields;

    public ClientKeys Keys => new(Client, null, Direct ? _wire.Ja4 : null, 0, null);

    public void Begin(IHeaderFields fields, ConnectionFacts wire, PeerAddress client, bool direct)
    {
        _fields = fields;
        _wire = wire;
        Client = client;
        Direct = direct;
        Site = null;
        _knowsRobots = false;
    }

    public void Begin(string method, string scheme, string? hostHeader, string target, string version)
    {
        Method = method;
        Scheme = scheme;
        Version = version;
        if (!ReferenceEquals(_hostHeader, hostHeader))
        {
            _hostHeader = hostHeader;
            Host = hostHeader is null ? "" : RequestTarget.HostName(hostHeader);
        }

        if (!ReferenceEquals(_target, target))
        {
            _target = Target = target;
            (Path, Query) = RequestTarget.Split(target);
        }
    }

    public string? Text(Field field)
    {
        if (field.Header is { } header)
        {
            return _fields.Header(header);
        }

        return field.Index switch
        {
            var i when i == Fields.HttpMethod.Index => Method,
            var i when i == Fields.HttpScheme.Index => Scheme,
            var i when i == Fields.HttpHost.Index => Host,
            var i when i == Fields.HttpPath.Index => Path,
            var i when i == Fields.HttpTarget.Index => Target,
            var i when i == Fields.HttpQuery.Index => Query,
            var i when i == Fields.HttpVersion.Index => Version,
            var i when i == Fields.HttpUserAgent.Index => _fields.UserAgent,
            var i when i == Fields.HttpReferer.Index => _fields.Referer,
            var i when i == Fields.HttpContentType.Index => _fields.Header("content-type"),
            _ => Direct ? WireText(field) : null,
        };
    }

    public double? Number(Field field) =>
        field == Fields.HttpHeaderCount ? _fields.HeaderCount
        : field == Fields.HttpContentLength && long.TryParse(_fields.Header("content-length"), out long length) ? length
        : null;

    public bool? Flag(Field field) =>
        field == Fields.ClientDirect ? Direct
        : field == Fields.RobotsDisallowed ? RobotsDisallowed()
        : null;

    public PeerAddress? Address(Field field) => field == Fields.ClientIp ? Client : null;

    private string? WireText(Field field) => field.Index switch
    {
        var i when i == Fields.TlsJa3.Index => _wire.Ja3,
        var i when i == Fields.TlsJa4.Index => _wire.Ja4,
        var i when i == Fields.TlsSni.Index => _wire.Sni,
        var i when i == Fields.TlsAlpn.Index => _wire.Alpn,
        var i when i == Fields.TlsVersion.Index => _wire.TlsVersion,
        var i when i == Fields.TcpSignature.Index => _wire.TcpSignature,
        var i when i == Fields.Http2Fingerprint.Index => _wire.Http2Fingerprint,
        var i when i == Fields.HttpHeaderOrder.Index => _wire.HeaderOrder,
        _ => null,
    };

    private bool? RobotsDisallowed()
    {
        if (!_knowsRobots)
        {
            _knowsRobots = true;
            _robots = Site?.Robots is { } robots && _fields.UserAgent is { } agent ? !robots.Allows(agent, Target) : null;
        }

        return _robots;
    }
}
