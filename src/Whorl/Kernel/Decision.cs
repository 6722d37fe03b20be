using System.Text.Json.Serialization;

namespace Whorl.Kernel;

/// <summary>What is done about a peer, mildest last in force order: see <see cref="DecisionMatch"/>. Numbers are stored and sent; they never change.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DecisionAction>))]
internal enum DecisionAction
{
    [JsonStringEnumMemberName("allow")] Allow = 0,
    [JsonStringEnumMemberName("throttle")] Throttle = 1,
    [JsonStringEnumMemberName("challenge")] Challenge = 2,
    [JsonStringEnumMemberName("captcha")] Captcha = 3,
    [JsonStringEnumMemberName("charge")] Charge = 4,
    [JsonStringEnumMemberName("tarpit")] Tarpit = 5,
    [JsonStringEnumMemberName("block")] Block = 6,
}

/// <summary>What the value of a decision names. Numbers are stored and sent; they never change.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DecisionScope>))]
internal enum DecisionScope
{
    [JsonStringEnumMemberName("ip")] Ip = 0,
    [JsonStringEnumMemberName("range")] Range = 1,
    [JsonStringEnumMemberName("session")] Session = 2,
    [JsonStringEnumMemberName("ja4")] Ja4 = 3,
    [JsonStringEnumMemberName("asn")] Asn = 4,
    [JsonStringEnumMemberName("country")] Country = 5,
}

/// <summary>A stored remedy with a term. Immutable; it ends by <see cref="Until"/> or by being deleted.</summary>
/// <param name="Id">UUIDv7; its time is when the decision was made.</param>
/// <param name="Origin">Who decided: <c>console</c>, <c>cli</c>, <c>api</c>, <c>import:NAME</c>, or a module.</param>
/// <param name="Scenario">What for, in a word an operator can filter by: <c>manual</c>, a rule id, a list's name.</param>
/// <param name="Scope">What <paramref name="Value"/> names.</param>
/// <param name="Value">Canonical text: an address, a prefix, a JA4, a number, a two-letter country, a session.</param>
/// <param name="Action">The remedy.</param>
/// <param name="Until">When it ends; null for as long as it is not deleted.</param>
/// <param name="Reason">A sentence for people; may be empty.</param>
/// <param name="Simulated">Looked up and shown, not enforced.</param>
internal sealed record Decision(
    DecisionId Id,
    string Origin,
    string Scenario,
    DecisionScope Scope,
    string Value,
    DecisionAction Action,
    DateTimeOffset? Until,
    string Reason,
    bool Simulated);
