using System.Text.Json;
using System.Text.Json.Serialization;

namespace Whorl.Analysis.Explanations;

/// <summary>Why one observation ended as it did: what the console page, <c>GET /api/v1/explain/{id}</c> and <c>whorl explain</c> all show. Made by <see cref="Explainer"/>.</summary>
/// <param name="Summary">The verdict and its reason as one sentence.</param>
/// <param name="Action">What was done; null for observations that are no request.</param>
/// <param name="WouldBe">What would have been done if simulated rules and decisions counted; null where it is the same.</param>
/// <param name="Cause">none, decision, rule, score or malformed.</param>
/// <param name="Rule">The rule that named the action, where the cause is a rule.</param>
/// <param name="Facts">What was seen, in the order people ask for it.</param>
/// <param name="Related">The actor's other requests, newest first.</param>
/// <param name="Observation">The whole record, as stored.</param>
internal sealed record Explanation(
    string Id,
    DateTimeOffset Time,
    string Kind,
    string Sensor,
    string Subject,
    string Summary,
    string? Action,
    string? WouldBe,
    string? Cause,
    double? Score,
    string? Rule,
    ExplainedDecision? Decision,
    IReadOnlyList<ExplainedRule> Rules,
    IReadOnlyList<Threshold> Thresholds,
    IReadOnlyList<FactGroup> Facts,
    IReadOnlyList<RelatedRequest> Related,
    JsonElement Observation);

/// <summary>The decision that was found.</summary>
internal sealed record ExplainedDecision(string Id, string Scope, string Action, bool Simulated, string Origin, string Scenario, string Reason);

/// <summary>A rule that matched.</summary>
internal sealed record ExplainedRule(string Id, int Version, string Description, double Weight, string? Action, bool Simulated);

/// <summary>From this score on the action is taken.</summary>
internal sealed record Threshold(double Score, string Action);

/// <summary>Facts that belong together under a heading.</summary>
internal sealed record FactGroup(string Title, IReadOnlyList<Fact> Facts);

/// <summary>One field of the observation; the name is the filter language's.</summary>
internal sealed record Fact(string Field, string Value);

/// <summary>Another request of the same actor, as one line.</summary>
/// <param name="Shares">Which field it has in common: <c>client.ip</c> or <c>tls.ja4</c>.</param>
internal sealed record RelatedRequest(string Id, DateTimeOffset Time, string Shares, string Client, string Method, string Target, int? Status, string? Action);

/// <summary>The JSON form, camel case like the rest of the API.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Explanation))]
internal sealed partial class ExplanationJson : JsonSerializerContext;
