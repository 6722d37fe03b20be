using System.Text.Json;
using Whorl.Kernel;
using Whorl.Kernel.Sites;
using Whorl.Kernel.Writing;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Jobs;

/// <summary>A scan as the observation <c>site.scan</c> tells of it.</summary>
internal static class ScanObservation
{
    // As other sources cut lines of strangers.
    private const int MaxText = 2048;
    private const int MaxTitle = 512;

    public static Observation Of(ScanRecord scan, IReadOnlyList<SiteFeature> features, string sensor, TimeProvider clock)
    {
        Dictionary<string, object> attributes = new(StringComparer.Ordinal)
        {
            ["site.url"] = Cut(scan.Url, MaxText),
            ["site.scan"] = scan.Id,
            ["site.class"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(scan.Class.ToString()),
            ["site.features"] = features.Take(SiteFeature.MaxOfOneScan).Select(feature => feature.ToString()).ToArray(),
        };
        Add(attributes, "site.reason", scan.Reason, MaxText);
        Add(attributes, "site.final_url", scan.Http?.FinalUrl, MaxText);
        Add(attributes, "site.title", scan.Page?.Title, MaxTitle);
        Add(attributes, "site.changed", scan.Changed is { Count: > 0 } changed ? string.Join(',', changed) : null, MaxText);
        if (scan.Http is { Status: > 0 } http)
        {
            attributes["site.status"] = http.Status;
        }

        return new(ObservationId.New(clock), SiteKinds.Scan, scan.Time, sensor, Subject.Site(Cut(scan.Site, MaxTitle)), JsonSerializer.SerializeToElement(attributes));
    }

    private static void Add(Dictionary<string, object> attributes, string name, string? text, int max)
    {
        if (!string.IsNullOrEmpty(text))
        {
            attributes[name] = Cut(text, max);
        }
    }

    private static string Cut(string text, int max) => text.Length <= max ? text : ShortText.Cut(text, max - 1) + "…";
}
