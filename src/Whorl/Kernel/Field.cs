using System.Collections.Frozen;

namespace Whorl.Kernel;

/// <summary>What a field's value is, and so which comparisons a rule or filter may use on it.</summary>
internal enum FieldType
{
    Text,
    Number,
    Flag,
    Address,
}

/// <summary>A named thing that rules and filters can ask for. Made only by <see cref="Fields"/>.</summary>
internal sealed class Field
{
    internal Field(int index, string name, FieldType type, string summary, string? header = null)
    {
        Index = index;
        Name = name;
        Type = type;
        Summary = summary;
        Header = header;
    }

    /// <summary>Place in <see cref="Fields.All"/>; -1 for a header field.</summary>
    public int Index { get; }

    public string Name { get; }

    public FieldType Type { get; }

    public string Summary { get; }

    /// <summary>For <c>http.header.NAME</c>: the header's name in lower case.</summary>
    public string? Header { get; }

    public override string ToString() => Name;
}

/// <summary>Every field there is. The same names stand in rules, in the filter language, in observations and in the console.</summary>
internal static class Fields
{
    public const string HeaderPrefix = "http.header.";

    private static readonly List<Field> List = [];

    public static readonly Field ClientIp = Add("client.ip", FieldType.Address, "Address of the client, after trusted proxies.");
    public static readonly Field ClientAsn = Add("client.asn", FieldType.Number, "Number of the autonomous system the address belongs to.");
    public static readonly Field ClientCountry = Add("client.country", FieldType.Text, "Two-letter country of the address.");
    public static readonly Field ClientSession = Add("client.session", FieldType.Text, "Session the client proved, if any.");
    public static readonly Field ClientDirect = Add("client.direct", FieldType.Flag, "True where no trusted proxy stands between; only then do TLS, TCP and HTTP/2 fingerprints speak for the client.");

    public static readonly Field HttpMethod = Add("http.method", FieldType.Text, "Request method as sent.");
    public static readonly Field HttpScheme = Add("http.scheme", FieldType.Text, "http or https.");
    public static readonly Field HttpHost = Add("http.host", FieldType.Text, "Host without port, lower case.");
    public static readonly Field HttpPath = Add("http.path", FieldType.Text, "Path, percent-decoded once, without query.");
    public static readonly Field HttpTarget = Add("http.target", FieldType.Text, "Request target as sent: raw path and query.");
    public static readonly Field HttpQuery = Add("http.query", FieldType.Text, "Query as sent, without the question mark.");
    public static readonly Field HttpVersion = Add("http.version", FieldType.Text, "1.0, 1.1, 2 or 3.");
    public static readonly Field HttpUserAgent = Add("http.user_agent", FieldType.Text, "User-Agent header.");
    public static readonly Field HttpReferer = Add("http.referer", FieldType.Text, "Referer header.");
    public static readonly Field HttpContentType = Add("http.content_type", FieldType.Text, "Content-Type header.");
    public static readonly Field HttpContentLength = Add("http.content_length", FieldType.Number, "Content-Length, where sent.");
    public static readonly Field HttpHeaderCount = Add("http.header_count", FieldType.Number, "Number of header fields.");
    public static readonly Field HttpHeaderOrder = Add("http.header_order", FieldType.Text, "Names of the header fields in sent order and case, joined by commas (HTTP/1).");

    public static readonly Field TlsJa3 = Add("tls.ja3", FieldType.Text, "JA3 of the ClientHello (MD5).");
    public static readonly Field TlsJa4 = Add("tls.ja4", FieldType.Text, "JA4 of the ClientHello.");
    public static readonly Field TlsSni = Add("tls.sni", FieldType.Text, "Server name in the ClientHello.");
    public static readonly Field TlsAlpn = Add("tls.alpn", FieldType.Text, "ALPN values offered, joined by commas.");
    public static readonly Field TlsVersion = Add("tls.version", FieldType.Text, "Highest TLS version offered: 1.0 to 1.3.");

    public static readonly Field TcpSignature = Add("tcp.signature", FieldType.Text, "The peer's SYN as a p0f v3 signature.");
    public static readonly Field Http2Fingerprint = Add("http2.fingerprint", FieldType.Text, "HTTP/2 fingerprint: SETTINGS|WINDOW_UPDATE|PRIORITY|pseudo-header order.");

    public static readonly Field AgentFamily = Add("agent.family", FieldType.Text, "What the user agent claims to be: chrome, firefox, safari, edge, curl, …");
    public static readonly Field AgentVersion = Add("agent.version", FieldType.Number, "Major version of that family.");
    public static readonly Field AgentPlatform = Add("agent.platform", FieldType.Text, "windows, macos, linux, android, ios, or absent.");
    public static readonly Field AgentIsBrowser = Add("agent.is_browser", FieldType.Flag, "True where the user agent claims to be a browser used by people.");

    public static readonly Field RobotsDisallowed = Add("robots.disallowed", FieldType.Flag, "True where the site's robots.txt forbids this path to this agent (RFC 9309).");

    private static readonly FrozenDictionary<string, Field> ByName = List.ToFrozenDictionary(field => field.Name, StringComparer.OrdinalIgnoreCase);

    public static IReadOnlyList<Field> All => List;

    /// <summary>Finds a field by name; <c>http.header.NAME</c> exists for every header name.</summary>
    public static Field? Find(string name)
    {
        if (ByName.TryGetValue(name, out Field? field))
        {
            return field;
        }

        return name.StartsWith(HeaderPrefix, StringComparison.OrdinalIgnoreCase) && name.Length > HeaderPrefix.Length
            ? new Field(-1, name.ToLowerInvariant(), FieldType.Text, "A request header; several are joined by a comma and a space.", name[HeaderPrefix.Length..].ToLowerInvariant())
            : null;
    }

    private static Field Add(string name, FieldType type, string summary)
    {
        Field field = new(List.Count, name, type, summary);
        List.Add(field);
        return field;
    }
}
