using System.Text.Json;
using Whorl.Kernel;
using Whorl.Kernel.Sites;
using Whorl.Kernel.Writing;

namespace Whorl.Analysis.Campaigns;

/// <summary>What one scan says of a site, as far as campaigns care.</summary>
/// <param name="Scan">Id of the scan; later scans sort after earlier ones.</param>
/// <param name="Rank">A scan with content counts before one with an error page, and that before none: a site that went down stays what it was.</param>
internal sealed record SiteSighting(string Site, string Url, string? Title, string Class, int Rank, string Scan, DateTimeOffset Time, ObservationId Evidence, IReadOnlyList<SiteFeature> Features)
{
    // A host name has 253 characters at most; what is longer is none.
    private const int MaxSite = 255;

    // As long as the longest URL that a scan follows.
    private const int MaxUrl = 2048;

    private const int MaxTitle = 256;

    /// <summary>Null for what is no scan of a site.</summary>
    public static SiteSighting? In(Observation observation)
    {
        const string prefix = "site:";
        string subject = observation.Subject.Text;
        if (observation.Kind != SiteKinds.Scan || !subject.StartsWith(prefix, StringComparison.Ordinal) || subject.Length - prefix.Length is 0 or > MaxSite)
        {
            return null;
        }

        string name = observation.Text("site.class") ?? "";
        int rank = name switch { "http_content" => 2, "http_error" => 1, _ => 0 };
        Guid scan = Uuid7.TryParse(observation.Text("site.scan"), out Guid given) ? given : observation.Id.Value;
        string site = subject[prefix.Length..];
        return new(
            site, Cut(observation.Text("site.url"), MaxUrl) ?? site, Cut(observation.Text("site.title"), MaxTitle), rank > 0 ? name : "unreachable", rank, Uuid7.Text(scan),
            observation.Time, observation.Id, FeaturesOf(observation));
    }

    private static SiteFeature[] FeaturesOf(Observation observation)
    {
        if (!observation.Attributes.TryGetProperty("site.features", out JsonElement list) || list.ValueKind != JsonValueKind.Array)
        {
            return [];
        }

        HashSet<SiteFeature> features = [];
        foreach (JsonElement each in list.EnumerateArray())
        {
            if (features.Count < SiteFeature.MaxOfOneScan && each.ValueKind == JsonValueKind.String && SiteFeature.TryParse(each.GetString(), out SiteFeature feature))
            {
                features.Add(feature);
            }
        }

        return [.. features.OrderBy(feature => feature.Kind, StringComparer.Ordinal).ThenBy(feature => feature.Value, StringComparer.Ordinal)];
    }

    // PostgreSQL takes no NUL in a text.
    private static string? Cut(string? text, int length) => text is not { Length: > 0 } ? null : ShortText.Cut(text, length).Replace("\0", "", StringComparison.Ordinal);
}
