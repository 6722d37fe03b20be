using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Whorl.Delivery.Exports.Stix;

/// <summary>Writes the objects of one STIX 2.1 bundle, each once.</summary>
internal sealed class StixWriter(Utf8JsonWriter json)
{
    public const string MediaType = "application/stix+json;version=2.1";

    private readonly HashSet<string> _written = new(StringComparer.Ordinal);

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

    /// <summary>Begins an object that has times; the caller ends it. False if it is there already.</summary>
    public bool TryBegin(string type, string id, DateTimeOffset created, DateTimeOffset modified)
    {
        if (!TryBegin(type, id))
        {
            return false;
        }

        json.WriteString("created", Time(created < modified ? created : modified));
        json.WriteString("modified", Time(modified));
        return true;
    }

    /// <summary>An observable that its value makes: domain name, address, URL. Its id.</summary>
    public string Value(string type, string value)
    {
        string id = StixId.OfValue(type, value);
        if (TryBegin(type, id))
        {
            json.WriteString("value", value);
            json.WriteEndObject();
        }

        return id;
    }

    /// <summary>Of an address; null if the text is none.</summary>
    public string? Address(string? text) => IPAddress.TryParse(text, out IPAddress? address) ? Value(AddressType(address), address.ToString()) : null;

    /// <summary>Null if the text is no address of the web.</summary>
    public string? Url(string text) => Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https" ? Value("url", url.AbsoluteUri) : null;

    /// <param name="sha256">In hex.</param>
    public string Certificate(string sha256)
    {
        string id = StixId.OfCertificate(sha256);
        if (TryBegin("x509-certificate", id))
        {
            json.WriteStartObject("hashes");
            json.WriteString("SHA-256", sha256);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return id;
    }

    private static string AddressType(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? "ipv4-addr" : "ipv6-addr";

    private bool TryBegin(string type, string id)
    {
        if (!_written.Add(id))
        {
            return false;
        }

        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteString("spec_version", "2.1");
        json.WriteString("id", id);
        return true;
    }
}
