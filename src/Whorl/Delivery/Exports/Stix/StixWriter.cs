using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Whorl.Delivery.Exports.Stix;

/// <summary>Writes the objects of one STIX 2.1 bundle, each once. What the caller says comes only once is not remembered: a list of a million sites is written as it comes.</summary>
internal sealed class StixWriter(Utf8JsonWriter json)
{
    public const string MediaType = "application/stix+json;version=2.1";

    // UUIDs of ids: only one value of two types would have the same, and no value is of two.
    private readonly HashSet<Guid> _written = [];

    /// <summary>As STIX demands: UTC, to the millisecond (§2.14).</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'");

    /// <summary>The type and value of a host as STIX names it: a domain name, or an address.</summary>
    public static (string Type, string Value) Host(string host) =>
        IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) ? (AddressType(address), address.ToString()) : ("domain-name", host);

    public void BeginBundle(string id)
    {
        json.WriteStartObject();
        json.WriteString("type", "bundle");
        json.WriteString("id", id);
        json.WriteStartArray("objects");
    }

    public void EndBundle()
    {
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Begins an object that has times and comes only once; the caller ends it.</summary>
    public void Begin(string type, string id, DateTimeOffset created, DateTimeOffset modified)
    {
        Begin(type, id);
        json.WriteString("created", Time(created < modified ? created : modified));
        json.WriteString("modified", Time(modified));
    }

    /// <summary>Begins an object that has times; the caller ends it. False if it is there already.</summary>
    public bool TryBegin(string type, string id, DateTimeOffset created, DateTimeOffset modified)
    {
        if (!IsFirst(id))
        {
            return false;
        }

        Begin(type, id, created, modified);
        return true;
    }

    /// <summary>An observable that its value makes: domain name, address, URL. Its id.</summary>
    /// <param name="once">Whether it comes only once.</param>
    public string Value(string type, string value, bool once = false)
    {
        string id = StixId.OfValue(type, value);
        if (once || IsFirst(id))
        {
            Begin(type, id);
            json.WriteString("value", value);
            json.WriteEndObject();
        }

        return id;
    }

    /// <summary>Of an address; null if the text is none.</summary>
    public string? Address(string? text) => IPAddress.TryParse(text, out IPAddress? address) ? Value(AddressType(address), address.ToString()) : null;

    /// <summary>Null if the text is no address of the web.</summary>
    public string? Url(string text, bool once = false) => Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https" ? Value("url", url.AbsoluteUri, once) : null;

    /// <param name="sha256">In hex.</param>
    public string Certificate(string sha256)
    {
        string id = StixId.OfCertificate(sha256);
        if (IsFirst(id))
        {
            Begin("x509-certificate", id);
            json.WriteStartObject("hashes");
            json.WriteString("SHA-256", sha256);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return id;
    }

    private static string AddressType(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? "ipv4-addr" : "ipv6-addr";

    private bool IsFirst(string id) => _written.Add(Guid.Parse(id.AsSpan(id.IndexOf("--", StringComparison.Ordinal) + 2)));

    private void Begin(string type, string id)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteString("spec_version", "2.1");
        json.WriteString("id", id);
    }
}
