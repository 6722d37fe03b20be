using Whorl.Fingerprints.Http;
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
    private static readonly Func<RequestFacts, string?>?[] Texts = MakeTexts();

    // Lower-case names of what a user agent can claim, made once.
    private static readonly string[] Families = [.. Enum.GetNames<UserAgentFamily>().Select(SnakeCase)];

    private static readonly string?[] Platforms = [null, .. Enum.GetNames<UserAgentPlatform>().Skip(1).Select(name => name.ToLowerInvariant())];

    private string? _agentText;

    private UserAgent? _agent;

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

        return Texts[field.Index]?.Invoke(this);
    }

    public double? Number(Field field) =>
        field == Fields.HttpHeaderCount ? _fields.HeaderCount
        : field == Fields.AgentVersion ? Agent() is { Version: > 0 } agent ? agent.Version : null
        : field == Fields.HttpContentLength && long.TryParse(_fields.Header("content-length"), out long length) ? length
        : null;

    public bool? Flag(Field field) =>
        field == Fields.ClientDirect ? Direct
        : field == Fields.AgentIsBrowser ? Agent()?.ClaimsBrowser
        : field == Fields.RobotsDisallowed ? RobotsDisallowed()
        : null;

    public PeerAddress? Address(Field field) => field == Fields.ClientIp ? Client : null;

    /// <summary>What the User-Agent claims, read once for as long as it stays the same.</summary>
    private UserAgent? Agent()
    {
        string? text = _fields.UserAgent;
        if (!ReferenceEquals(text, _agentText))
        {
            _agentText = text;
            _agent = text is null ? null : UserAgent.Parse(text);
        }

        return _agent;
    }

    private bool? RobotsDisallowed()
    {
        if (!_knowsRobots)
        {
            _knowsRobots = true;
            _robots = Site?.Robots is { } robots && _fields.UserAgent is { } agent ? !robots.Allows(agent, Target) : null;
        }

        return _robots;
    }

    private static Func<RequestFacts, string?>?[] MakeTexts()
    {
        Func<RequestFacts, string?>?[] texts = new Func<RequestFacts, string?>?[Fields.All.Count];
        texts[Fields.HttpMethod.Index] = static facts => facts.Method;
        texts[Fields.HttpScheme.Index] = static facts => facts.Scheme;
        texts[Fields.HttpHost.Index] = static facts => facts.Host;
        texts[Fields.HttpPath.Index] = static facts => facts.Path;
        texts[Fields.HttpTarget.Index] = static facts => facts.Target;
        texts[Fields.HttpQuery.Index] = static facts => facts.Query;
        texts[Fields.HttpVersion.Index] = static facts => facts.Version;
        texts[Fields.HttpUserAgent.Index] = static facts => facts._fields.UserAgent;
        texts[Fields.HttpReferer.Index] = static facts => facts._fields.Referer;
        texts[Fields.HttpContentType.Index] = static facts => facts._fields.Header("content-type");
        texts[Fields.AgentFamily.Index] = static facts => facts.Agent() is { } agent ? Families[(int)agent.Family] : null;
        texts[Fields.AgentPlatform.Index] = static facts => facts.Agent() is { } agent ? Platforms[(int)agent.Platform] : null;
        Wire(Fields.TlsJa3, static wire => wire.Ja3);
        Wire(Fields.TlsJa4, static wire => wire.Ja4);
        Wire(Fields.TlsSni, static wire => wire.Sni);
        Wire(Fields.TlsAlpn, static wire => wire.Alpn);
        Wire(Fields.TlsVersion, static wire => wire.TlsVersion);
        Wire(Fields.TcpSignature, static wire => wire.TcpSignature);
        Wire(Fields.Http2Fingerprint, static wire => wire.Http2Fingerprint);
        Wire(Fields.HttpHeaderOrder, static wire => wire.HeaderOrder);
        return texts;

        // What a proxy's connection shows says nothing of the client behind it.
        void Wire(Field field, Func<ConnectionFacts, string?> read) => texts[field.Index] = facts => facts.Direct ? read(facts._wire) : null;
    }

    private static string SnakeCase(string name) =>
        string.Concat(name.Select((c, index) => char.IsAsciiLetterUpper(c) && index > 0 ? "_" + char.ToLowerInvariant(c) : char.ToLowerInvariant(c).ToString()));
}
