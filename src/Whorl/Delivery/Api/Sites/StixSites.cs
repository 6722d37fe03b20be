using System.Text.Json;
using Whorl.Delivery.Exports.Stix;
using Whorl.Sources.Sites.Jobs;

namespace Whorl.Delivery.Api.Sites;

/// <summary>Sites as a bundle of STIX 2.1: of each its name, its URL, the address that answered, and when all that was observed. Nothing is said of whether it is bad: that is for campaigns.</summary>
internal static class StixSites
{
    // Written as it comes; this much is held.
    private const int Held = 64 * 1024;

    public static async Task WriteAsync(IAsyncEnumerable<SiteSummary> sites, DateTimeOffset now, Stream output, CancellationToken cancel)
    {
        await using Utf8JsonWriter json = new(output);
        StixWriter stix = new(json);
        stix.BeginBundle(StixId.OfName("bundle", $"sites {now.UtcTicks}"));
        await foreach (SiteSummary site in sites.WithCancellation(cancel))
        {
            Write(json, stix, site);
            if (json.BytesPending > Held)
            {
                await json.FlushAsync(cancel);
            }
        }

        stix.EndBundle();
    }

    private static void Write(Utf8JsonWriter json, StixWriter stix, SiteSummary site)
    {
        (string type, string host) = StixWriter.Host(site.Site);

        // A list names each site once, and so its name and URL; addresses are shared.
        string?[] seen = [stix.Value(type, host, once: type == "domain-name"), stix.Url(site.Url, once: true), stix.Address(site.Ip)];
        stix.Begin("observed-data", StixId.OfName("observed-data", site.Site), site.First, site.Last);
        json.WriteString("first_observed", StixWriter.Time(site.First));
        json.WriteString("last_observed", StixWriter.Time(site.Last));
        json.WriteNumber("number_observed", Math.Clamp(site.Scans, 1, 999_999_999));
        json.WriteStartArray("object_refs");
        foreach (string id in seen.OfType<string>().Distinct(StringComparer.Ordinal))
        {
            json.WriteStringValue(id);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
