using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Whorl.Delivery.Exports.Campaigns;
using Whorl.Sources.Sites.Jobs;

namespace Whorl.Delivery.Api.Sites;

/// <summary>Sites as a bundle of STIX 2.1: of each its name, its URL, the address that answered, and when all that was observed. Nothing is said of whether it is bad: that is for campaigns.</summary>
internal static class StixSites
{
    public const string Type = "application/stix+json;version=2.1";

    // Written as it comes; this much is held.
    private const int Held = 64 * 1024;

    public static async Task WriteAsync(IAsyncEnumerable<SiteSummary> sites, DateTimeOffset now, Stream output, CancellationToken cancel)
    {
        HashSet<string> written = new(StringComparer.Ordinal);
        await using Utf8JsonWriter json = new(output);
        json.WriteStartObject();
        json.WriteString("type", "bundle");
        json.WriteString("id", StixId.OfName("bundle", $"sites {now.UtcTicks}"));
        json.WriteStartArray("objects");
        await foreach (SiteSummary site in sites.WithCancellation(cancel))
        {
            Write(json, written, site);
            if (json.BytesPending > Held)
            {
                await json.FlushAsync(cancel);
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, HashSet<string> written, SiteSummary site)
    {
        List<string> seen = [];
        IPAddress? host = IPAddress.TryParse(site.Site.Trim('[', ']'), out IPAddress? literal) ? literal : null;
        seen.Add(Value(json, written, host is null ? "domain-name" : TypeOf(host), host?.ToString() ?? site.Site));
        if (Uri.TryCreate(site.Url, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https")
        {
            seen.Add(Value(json, written, "url", url.AbsoluteUri));
        }

        if (host is null && IPAddress.TryParse(site.Ip, out IPAddress? address))
        {
            seen.Add(Value(json, written, TypeOf(address), address.ToString()));
        }

        string observed = StixId.OfName("observed-data", site.Site);
        if (!written.Add(observed))
        {
            return;
        }

        Begin(json, "observed-data", observed);
        json.WriteString("created", Time(site.First));
        json.WriteString("modified", Time(site.Last));
        json.WriteString("first_observed", Time(site.First));
        json.WriteString("last_observed", Time(site.Last));
        json.WriteNumber("number_observed", Math.Clamp(site.Scans, 1, 999_999_999));
        json.WriteStartArray("object_refs");
        foreach (string id in seen.Distinct(StringComparer.Ordinal))
        {
            json.WriteStringValue(id);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string Value(Utf8JsonWriter json, HashSet<string> written, string type, string value)
    {
        string id = StixId.OfValue(type, value);
        if (written.Add(id))
        {
            Begin(json, type, id);
            json.WriteString("value", value);
            json.WriteEndObject();
        }

        return id;
    }

    private static void Begin(Utf8JsonWriter json, string type, string id)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteString("spec_version", "2.1");
        json.WriteString("id", id);
    }

    private static string TypeOf(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? "ipv4-addr" : "ipv6-addr";

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'");
}
