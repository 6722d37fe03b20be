using System.Text.Json;
using Whorl.Kernel;

namespace Whorl.Analysis.Filters;

/// <summary>One part of a compiled filter.</summary>
internal abstract class Node
{
    public abstract bool Matches(Observation observation);

    /// <summary>Adds texts that every match contains; a node that cannot promise any adds none.</summary>
    public virtual void CollectNeedles(List<string> needles)
    {
    }
}

internal sealed class AndNode(Node left, Node right) : Node
{
    public override bool Matches(Observation observation) => left.Matches(observation) && right.Matches(observation);

    public override void CollectNeedles(List<string> needles)
    {
        left.CollectNeedles(needles);
        right.CollectNeedles(needles);
    }
}

internal sealed class OrNode(Node left, Node right) : Node
{
    public override bool Matches(Observation observation) => left.Matches(observation) || right.Matches(observation);
}

internal sealed class NotNode(Node inner) : Node
{
    public override bool Matches(Observation observation) => !inner.Matches(observation);
}

/// <summary><c>field: *</c></summary>
internal sealed class ExistsNode(FilterField field) : Node
{
    public override bool Matches(Observation observation) => Values.Exists(observation, field.Name);
}

/// <summary><c>field: value</c>, with or without wildcards; letters match in either case.</summary>
internal sealed class TextNode(FilterField field, Pattern pattern) : Node
{
    public override bool Matches(Observation observation) => Values.Any(observation, field.Name, pattern, static (text, wanted) => wanted.Matches(text));

    public override void CollectNeedles(List<string> needles)
    {
        // Only plain characters: JSON writers differ in what they escape.
        if (field.Canonical && pattern.Literal is { Length: > 0 } literal && literal.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'))
        {
            needles.Add(literal.ToLowerInvariant());
        }
    }
}

/// <summary><c>client.ip: 203.0.113.0/24</c></summary>
internal sealed class NetworkNode(FilterField field, Network network) : Node
{
    public override bool Matches(Observation observation) =>
        Values.Any(observation, field.Name, network, static (text, wanted) => PeerAddress.TryParse(text, out PeerAddress address) && wanted.Contains(address));

    public override void CollectNeedles(List<string> needles)
    {
        if (network.Length == 128)
        {
            needles.Add(network.First.ToString());
        }
    }
}

internal enum Comparison
{
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// <summary><c>http.status &gt;= 500</c></summary>
internal sealed class NumberNode(FilterField field, Comparison comparison, double wanted) : Node
{
    public override bool Matches(Observation observation) =>
        Values.Number(observation, field.Name) is { } value && comparison switch
        {
            Comparison.Less => value < wanted,
            Comparison.LessOrEqual => value <= wanted,
            Comparison.Greater => value > wanted,
            Comparison.GreaterOrEqual => value >= wanted,
            _ => value.Equals(wanted),
        };
}

/// <summary><c>client.direct: true</c></summary>
internal sealed class FlagNode(FilterField field, bool wanted) : Node
{
    public override bool Matches(Observation observation) =>
        Values.Any(observation, field.Name, wanted, static (text, flag) => text.Equals(flag ? "true" : "false", StringComparison.Ordinal));
}

/// <summary>A word without a field: found anywhere in what a person sees of a request.</summary>
internal sealed class WordNode(Pattern pattern) : Node
{
    private static readonly string[] Searched =
    [
        "client.ip", "http.host", "http.path", "http.query", "http.user_agent", "http.referer", "http.method",
        "tls.ja4", "tls.ja3", "tls.sni", "verdict.action", "verdict.rule", "verdict.rules", "id", "subject",
    ];

    public override bool Matches(Observation observation)
    {
        foreach (string name in Searched)
        {
            if (Values.Any(observation, name, pattern, static (text, wanted) => wanted.IsFoundIn(text)))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>Reads values of an observation by field name; lists and objects answer with each of their texts.</summary>
internal static class Values
{
    public static bool Exists(Observation observation, string name) =>
        Envelope(observation, name) is not null || (Attribute(observation, name, out JsonElement value) && value.ValueKind != JsonValueKind.Null);

    public static bool Any<T>(Observation observation, string name, T wanted, Func<string, T, bool> test)
    {
        if (Envelope(observation, name) is { } text)
        {
            return test(text, wanted);
        }

        return Attribute(observation, name, out JsonElement value) && Any(value, wanted, test, depth: 0);
    }

    public static double? Number(Observation observation, string name) =>
        Attribute(observation, name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) ? number : null;

    private static bool Attribute(Observation observation, string name, out JsonElement value)
    {
        value = default;
        return observation.Attributes.ValueKind == JsonValueKind.Object && observation.Attributes.TryGetProperty(name, out value);
    }

    private static string? Envelope(Observation observation, string name) => name switch
    {
        "id" => observation.Id.ToString(),
        "kind" => observation.Kind,
        "sensor" => observation.Sensor,
        "subject" => observation.Subject.Text,
        _ => null,
    };

    private static bool Any<T>(JsonElement value, T wanted, Func<string, T, bool> test, int depth)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String: return test(value.GetString()!, wanted);
            case JsonValueKind.Number: return test(value.GetRawText(), wanted);
            case JsonValueKind.True: return test("true", wanted);
            case JsonValueKind.False: return test("false", wanted);
            case JsonValueKind.Array when depth == 0:
                foreach (JsonElement element in value.EnumerateArray())
                {
                    if (Any(element, wanted, test, depth + 1))
                    {
                        return true;
                    }
                }

                return false;
            case JsonValueKind.Object:
                // Rules and decisions inside a verdict are known by these two.
                return (value.TryGetProperty("id", out JsonElement id) && id.ValueKind == JsonValueKind.String && test(id.GetString()!, wanted))
                    || (value.TryGetProperty("scenario", out JsonElement scenario) && scenario.ValueKind == JsonValueKind.String && test(scenario.GetString()!, wanted));
            default: return false;
        }
    }
}
