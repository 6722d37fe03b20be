using System.Globalization;
using System.Text;
using System.Text.Json;
using Whorl.Delivery.Exports.Stix;
using Whorl.Kernel.Writing;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Delivery.Api.Sites;

/// <summary>Lists of sites as files.</summary>
internal static class SiteExports
{
    private static readonly string Header = CsvRow.Write("site", "url", "class", "reason", "status", "title", "address", "icon_mmh3", "scans", "first_seen", "last_seen", "changed", "scan");

    public static string TypeOf(string format) => format switch
    {
        "csv" => "text/csv; charset=utf-8",
        "json" => "application/json",
        "jsonlines" => "application/jsonl",
        "stix" => StixWriter.MediaType,
        _ => throw new DeskException(DeskFault.Bad("There is no such format.", "One of: csv, json, jsonlines, stix.")),
    };

    /// <summary>Writes as it comes, so that memory does not grow with the list.</summary>
    public static async Task WriteAsync(string format, IAsyncEnumerable<SiteSummary> sites, Stream output, CancellationToken cancel)
    {
        StringBuilder some = new(format == "csv" ? Header : format == "json" ? "[" : "");
        bool first = true;
        await foreach (SiteSummary site in sites.WithCancellation(cancel))
        {
            some.Append(format switch
            {
                "csv" => Row(site),
                "json" => (first ? "\n" : ",\n") + JsonSerializer.Serialize(site, ScanJson.Options),
                _ => JsonSerializer.Serialize(site, ScanJson.Options) + "\n",
            });
            first = false;
            if (some.Length > 32 * 1024)
            {
                await output.WriteAsync(Encoding.UTF8.GetBytes(some.ToString()), cancel);
                some.Clear();
            }
        }

        some.Append(format == "json" ? "\n]\n" : "");
        await output.WriteAsync(Encoding.UTF8.GetBytes(some.ToString()), cancel);
    }

    private static string Row(SiteSummary site) => CsvRow.Write(
        site.Site, site.Url, Words.Of(site.Class), site.Reason, site.Status?.ToString(CultureInfo.InvariantCulture), site.Title, site.Ip, site.Icon,
        site.Scans.ToString(CultureInfo.InvariantCulture), Time(site.First), Time(site.Last), site.Changed is { } changed ? Time(changed) : "", site.Scan);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
