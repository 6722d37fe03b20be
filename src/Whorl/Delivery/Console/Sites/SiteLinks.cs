using System.Collections.Frozen;
using Microsoft.AspNetCore.WebUtilities;
using Whorl.Analysis.Campaigns;
using Whorl.Kernel.Sites;

namespace Whorl.Delivery.WebConsole.Sites;

/// <summary>Links of the console about sites. They lead to pages of this console alone: what strangers wrote is a value in them, never the way.</summary>
internal static class SiteLinks
{
    /// <summary>The campaigns of sites on a node that knows none.</summary>
    public static readonly IReadOnlyDictionary<string, CampaignId> NoCampaigns = FrozenDictionary<string, CampaignId>.Empty;

    public static string Site(string site) => "/sites/" + Uri.EscapeDataString(Bounded(site, 300));

    public static string Scan(string site, string id) => Site(site) + "/scans/" + Uri.EscapeDataString(id);

    public static string Compare(string site, string from, string to) => Site(site) + "/compare" + Query(("from", from), ("to", to));

    /// <summary>The scan as JSON, for programs and as a file.</summary>
    public static string Json(string site, string id, bool download) => $"/api/v1/sites/{Uri.EscapeDataString(site)}/scans/{Uri.EscapeDataString(id)}{(download ? "?download=true" : "")}";

    /// <summary>Who shows this; null where no list is kept of such.</summary>
    public static string? Feature(string kind, string value) =>
        value.Length is > 0 and <= SiteFeature.MaxValue && FeatureKinds.ByName.ContainsKey(kind) ? "/features" + Query(("kind", kind), ("value", value)) : null;

    public static string Jobs(string site, string? job = null) => "/jobs" + Query(("site", site), ("job", job));

    public static string Query(params ReadOnlySpan<(string Name, string? Value)> parts)
    {
        string url = "";
        foreach ((string name, string? value) in parts)
        {
            if (value is { Length: > 0 })
            {
                url = And(url, name, value);
            }
        }

        return url;
    }

    public static string And(string url, string name, string value) => QueryHelpers.AddQueryString(url, name, Bounded(value, 2048));

    /// <summary>An address as it can be passed on: no program makes a link of it, and no click leads there.</summary>
    public static string Defanged(string url)
    {
        string safe = url.StartsWith("http", StringComparison.OrdinalIgnoreCase) ? "hxxp" + url[4..] : url;
        int scheme = safe.IndexOf("://", StringComparison.Ordinal), from = scheme < 0 ? 0 : scheme + 3;
        int end = safe.AsSpan(from).IndexOfAny("/?#") is >= 0 and int at ? from + at : safe.Length;
        return safe[..from] + safe[from..end].Replace(".", "[.]", StringComparison.Ordinal) + safe[end..];
    }

    // Half of a pair would be no text.
    private static string Bounded(string text, int most) => text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];
}
