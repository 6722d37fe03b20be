using System.Text.Json;
using Whorl.Kernel;

namespace Whorl.Analysis.Explanations;

/// <summary>Turns an observation into an <see cref="Explanation"/>: everything it says stands in the record itself.</summary>
internal static class Explainer
{
    // Bounds a page about a hostile record; the edge writes at most as many rules as there are.
    private const int MaxRules = 200;

    private static readonly (string Title, string[] Fields)[] Groups =
    [
        ("Fingerprints", ["tls.ja4", "tls.ja3", "http2.fingerprint", "tcp.signature", "http.header_order"]),
        ("Client", ["client.ip", "client.asn", "client.country", "client.session", "client.direct", "agent.family", "agent.version", "agent.platform", "agent.is_browser"]),
        ("Request",
        [
            "http.fault", "http.repeats", "http.method", "http.scheme", "http.host", "http.path", "http.target", "http.query", "http.version", "http.user_agent", "http.referer", "http.content_type",
            "http.content_length", "http.header_count", "robots.disallowed", "tls.sni", "tls.alpn", "tls.version",
        ]),
        ("Answer", ["http.status", "http.response_bytes", "http.duration_us", "edge.site", "edge.upstream"]),
    ];

    public static Explanation Explain(Observation observation, IReadOnlyList<RelatedRequest> related, IReadOnlyList<Threshold>? thresholds = null)
    {
        JsonElement facts = observation.Attributes;
        string? action = Text(facts, "verdict.action"), cause = Text(facts, "verdict.cause"), wouldBe = Text(facts, "verdict.would_be");
        string? rule = Text(facts, "verdict.rule");
        double? score = Number(facts, "verdict.score");
        ExplainedDecision? decision = DecisionOf(facts);
        List<ExplainedRule> rules = RulesOf(facts);
        return new(
            observation.Id.ToString(), observation.Time, observation.Kind, observation.Sensor, observation.Subject.Text,
            Sentence(observation, action, cause, wouldBe, score, rule, decision, rules),
            action, wouldBe == action ? null : wouldBe, cause, score, rule, decision, rules, thresholds ?? [], GroupsOf(facts), related, facts);
    }

    /// <summary>A related request as one line.</summary>
    public static RelatedRequest Relate(Observation observation, string shares)
    {
        JsonElement facts = observation.Attributes;
        return new(
            observation.Id.ToString(), observation.Time, shares, Text(facts, "client.ip") ?? observation.Subject.Text,
            Text(facts, "http.method") ?? observation.Kind, TargetOf(facts), Number(facts, "http.status") is { } status ? (int)status : null, Text(facts, "verdict.action"));
    }

    /// <summary>Host, path and query as people write them.</summary>
    public static string TargetOf(JsonElement facts) =>
        Text(facts, "http.host") + Text(facts, "http.path") + (Text(facts, "http.query") is { Length: > 0 } query ? "?" + query : "");

    public static string? Text(JsonElement facts, string name) =>
        facts.ValueKind == JsonValueKind.Object && facts.TryGetProperty(name, out JsonElement value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined)
            ? value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText()
            : null;

    public static double? Number(JsonElement facts, string name) =>
        facts.ValueKind == JsonValueKind.Object && facts.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number)
            ? number : null;

    private static string Sentence(
        Observation observation, string? action, string? cause, string? wouldBe, double? score, string? rule, ExplainedDecision? decision, List<ExplainedRule> rules)
    {
        if (action is null)
        {
            return $"{observation.Kind} about {observation.Subject.Text}, seen by {observation.Sensor}.";
        }

        if (cause == "malformed")
        {
            string more = Number(observation.Attributes, "http.repeats") is > 0 and { } repeats
                ? $" {Count((int)Math.Min(repeats, int.MaxValue), "more malformed request", "more malformed requests")} of this address within a second {(repeats > 1 ? "are" : "is")} told by this one." : "";
            return $"{Done(action)} unread: the request {RequestFaults.MeaningOf(Text(observation.Attributes, "http.fault") ?? "is malformed")}.{more}";
        }

        string done = Done(action);
        string why = cause switch
        {
            "decision" when decision is not null => $" by a decision on its {decision.Scope} ({decision.Origin}, {decision.Scenario}{(decision.Reason.Length > 0 ? ": " + decision.Reason : "")}).",
            "rule" => $" by rule {rule}{(rules.Find(r => r.Id == rule) is { Description: { Length: > 0 } says } ? ": " + char.ToLowerInvariant(says[0]) + says[1..].TrimEnd('.') : "")}.",
            "score" => $": {Count(rules.Count(r => !r.Simulated && r.Weight > 0), "rule adds", "rules add")} up to {score:0.##}.",
            _ when rules.Exists(r => !r.Simulated) => $": what matched adds up to {score ?? 0:0.##}, which is not enough to act.",
            _ => ": nothing spoke against it.",
        };
        string shadow = wouldBe is not null && wouldBe != action ? $" With simulated rules and decisions it would have been {Done(wouldBe).ToLowerInvariant()}." : "";
        return $"{done}{why}{shadow}";
    }

    private static string Done(string action) => action switch
    {
        "allow" => "Allowed",
        "throttle" => "Throttled",
        "challenge" => "Challenged",
        "captcha" => "Asked for a captcha",
        "charge" => "Asked to pay",
        "tarpit" => "Tarpitted",
        "block" => "Blocked",
        _ => action,
    };

    private static string Count(int count, string one, string many) => count == 1 ? $"1 {one}" : $"{count} {many}";

    private static ExplainedDecision? DecisionOf(JsonElement facts) =>
        facts.ValueKind == JsonValueKind.Object && facts.TryGetProperty("verdict.decision", out JsonElement value) && value.ValueKind == JsonValueKind.Object
            ? new(
                Text(value, "id") ?? "", Text(value, "scope") ?? "", Text(value, "action") ?? "", Text(value, "simulated") == "true",
                Text(value, "origin") ?? "", Text(value, "scenario") ?? "", Text(value, "reason") ?? "")
            : null;

    private static List<ExplainedRule> RulesOf(JsonElement facts)
    {
        List<ExplainedRule> rules = [];
        if (facts.ValueKind == JsonValueKind.Object && facts.TryGetProperty("verdict.rules", out JsonElement list) && list.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement value in list.EnumerateArray().Take(MaxRules))
            {
                if (Text(value, "id") is { } id)
                {
                    rules.Add(new(id, (int)(Number(value, "version") ?? 0), Text(value, "description") ?? "", Number(value, "weight") ?? 0, Text(value, "action"), Text(value, "simulated") == "true"));
                }
            }
        }

        return rules;
    }

    private static List<FactGroup> GroupsOf(JsonElement facts)
    {
        List<FactGroup> groups = [];
        HashSet<string> told = new(StringComparer.Ordinal);
        foreach ((string title, string[] names) in Groups)
        {
            List<Fact> known = [];
            foreach (string name in names)
            {
                if (Text(facts, name) is { } value)
                {
                    told.Add(name);
                    known.Add(new(name, value));
                }
            }

            if (known.Count > 0)
            {
                groups.Add(new(title, known));
            }
        }

        List<Fact> rest = [];
        if (facts.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in facts.EnumerateObject())
            {
                if (!property.Name.StartsWith("verdict.", StringComparison.Ordinal) && told.Add(property.Name))
                {
                    rest.Add(new(property.Name, Text(facts, property.Name) ?? ""));
                }
            }
        }

        if (rest.Count > 0)
        {
            groups.Add(new("Other", rest));
        }

        return groups;
    }
}
