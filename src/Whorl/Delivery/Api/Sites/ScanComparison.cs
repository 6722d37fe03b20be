using System.Text.Json;
using System.Text.Json.Nodes;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Delivery.Api.Sites;

/// <summary>One thing that is not as it was: gone where <c>After</c> is null, new where <c>Before</c> is.</summary>
/// <param name="Part">First word of the path: <c>page</c>, <c>tls</c>, <c>network</c>.</param>
internal sealed record ScanDifference(string Part, string Path, string? Before, string? After);

/// <summary>
/// Two scans side by side, field by field. Lists are compared as sets: what came and what went. What differs at every visit (times, ids) is left out.
/// </summary>
internal static class ScanComparison
{
    /// <summary>A site that makes itself up anew each time differs in everything; more rows help nobody.</summary>
    public const int MaxShown = 200;

    private static readonly HashSet<string> Fleeting = new(StringComparer.Ordinal) { "id", "time", "elapsed_ms", "changed", "http.timing", "http.sample", "http.object", "http.hops.ms", "schema" };

    private static readonly HashSet<string> FleetingHeaders = new(StringComparer.OrdinalIgnoreCase) { "date", "age", "expires", "last-modified", "etag", "cf-ray", "x-request-id" };

    public static IReadOnlyList<ScanDifference> Between(ScanRecord before, ScanRecord after)
    {
        List<ScanDifference> changes = [];
        Compare("", Tree(before), Tree(after), changes);
        return changes;
    }

    private static JsonNode? Tree(ScanRecord scan) => JsonSerializer.SerializeToNode(
        scan.Http is { } http ? scan with { Http = http with { Headers = [.. http.Headers.Where(header => !FleetingHeaders.Contains(header.Name))], SetCookies = [.. http.SetCookies.Select(Name)] } } : scan, ScanJson.Options);

    // What a cookie holds is made up for each visitor; its name is not.
    private static string Name(string cookie) => cookie.Split('=', 2)[0];

    private static void Compare(string path, JsonNode? before, JsonNode? after, List<ScanDifference> changes)
    {
        if (changes.Count >= MaxShown || Fleeting.Contains(path))
        {
            return;
        }

        if (before is JsonObject || after is JsonObject)
        {
            JsonObject old = before as JsonObject ?? [], now = after as JsonObject ?? [];
            foreach (string name in old.Select(pair => pair.Key).Union(now.Select(pair => pair.Key), StringComparer.Ordinal))
            {
                Compare(path.Length > 0 ? path + "." + name : name, old[name], now[name], changes);
            }
        }
        else if (before is JsonArray || after is JsonArray)
        {
            CompareLists(path, before as JsonArray ?? [], after as JsonArray ?? [], changes);
        }
        else if (Text(before) is var was && Text(after) is var became && was != became)
        {
            Add(path, was, became, changes);
        }
    }

    // What is gone and what came instead are set side by side, in their order: a renewed certificate differs in a few fields.
    private static void CompareLists(string path, JsonArray before, JsonArray after, List<ScanDifference> changes)
    {
        HashSet<string> old = new(before.Select(item => Item(path, item)), StringComparer.Ordinal), now = new(after.Select(item => Item(path, item)), StringComparer.Ordinal);
        JsonNode?[] gone = [.. before.Where(item => !now.Contains(Item(path, item)))], come = [.. after.Where(item => !old.Contains(Item(path, item)))];
        for (int i = 0; i < Math.Max(gone.Length, come.Length); i++)
        {
            if (i < gone.Length && i < come.Length && gone[i] is JsonObject && come[i] is JsonObject)
            {
                Compare(path, gone[i], come[i], changes);
                continue;
            }

            if (i < gone.Length)
            {
                Add(path, Item(path, gone[i]), null, changes);
            }

            if (i < come.Length)
            {
                Add(path, null, Item(path, come[i]), changes);
            }
        }
    }

    private static void Add(string path, string? before, string? after, List<ScanDifference> changes)
    {
        if (changes.Count < MaxShown)
        {
            changes.Add(new(path.Split('.')[0], path, before, after));
        }
    }

    private static string Item(string path, JsonNode? item) => item is JsonObject fields
        ? string.Join(", ", fields.Where(field => !Fleeting.Contains(path + "." + field.Key) && field.Value is not (null or JsonArray { Count: 0 })).Select(field => $"{field.Key} {Text(field.Value)}")) : Text(item) ?? "";

    private static string? Text(JsonNode? node) => node switch
    {
        null => null,
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        JsonArray list => string.Join(" ", list.Select(Text)),
        _ => node.ToJsonString(ScanJson.Options),
    };
}
