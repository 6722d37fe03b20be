using System.ComponentModel;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Mvc;
using Whorl.Analysis.Decisions;
using Whorl.Analysis.Decisions.Lists;
using Whorl.Kernel;

namespace Whorl.Delivery.Api;

/// <summary>A decision as the API and the command line show it.</summary>
internal sealed record DecisionView(
    [property: Description("26 characters; the same everywhere.")] string Id,
    DecisionScope Scope,
    string Value,
    DecisionAction Action,
    [property: Description("When it ends; null where it has no term.")] DateTimeOffset? Until,
    string Reason,
    string Scenario,
    [property: Description("Who decided: cli, console, api:NAME, import:NAME, or a module.")] string Origin,
    [property: Description("Looked up and shown, not enforced.")] bool Simulated,
    DateTimeOffset Made,
    [property: Description("When it was ended before its term; null where it was not.")] DateTimeOffset? Ended,
    bool Active)
{
    public static DecisionView Of(StoredDecision stored, DateTimeOffset now)
    {
        Decision decision = stored.Decision;
        return new(
            decision.Id.ToString(), decision.Scope, decision.Value, decision.Action, decision.Until, decision.Reason, decision.Scenario, decision.Origin,
            decision.Simulated, Uuid7.TimeOf(decision.Id.Value), stored.Ended, stored.InForce(now));
    }
}

/// <summary>One page of decisions, newest first.</summary>
internal sealed record DecisionPage(IReadOnlyList<DecisionView> Items, [property: Description("Pass as `before` for the next page; null on the last one.")] string? Next);

/// <summary>A decision to be made.</summary>
internal sealed record NewDecision(
    DecisionScope Scope,
    [property: Description("An address, a prefix, a JA4, an AS number, a two-letter country, a session.")] string Value,
    DecisionAction Action)
{
    [Description("A term such as 4h or 7d; with neither this nor `until` the decision lasts until it is deleted.")]
    public string? For { get; init; }

    public DateTimeOffset? Until { get; init; }

    public string? Reason { get; init; }

    public string? Scenario { get; init; }

    public bool Simulated { get; init; }

    [Description("Take prefixes that hold a large part of all addresses.")]
    public bool Force { get; init; }
}

/// <summary>Which decisions are meant; every part that is given narrows.</summary>
internal sealed class DecisionFilter
{
    [FromQuery(Name = "ip"), Description("An address: decisions on it and on the ranges around it.")]
    public string? Ip { get; init; }

    [FromQuery(Name = "scope")]
    public string? Scope { get; init; }

    [FromQuery(Name = "value"), Description("In any spelling, where a scope is given too.")]
    public string? Value { get; init; }

    [FromQuery(Name = "origin")]
    public string? Origin { get; init; }

    [FromQuery(Name = "scenario")]
    public string? Scenario { get; init; }

    [FromQuery(Name = "action")]
    public string? Action { get; init; }

    [FromQuery(Name = "active"), Description("true (default): in force; false: ended or expired; any: both.")]
    public string? Active { get; init; }

    [FromQuery(Name = "before"), Description("`next` of the page before.")]
    public string? Before { get; init; }

    [FromQuery(Name = "limit"), Description("1 to 1000, 100 where not given.")]
    public int? Limit { get; init; }
}

/// <summary>How a list is to be imported.</summary>
internal sealed class ImportSettings
{
    [FromQuery(Name = "origin"), Description("Name of the list; decisions get the origin import:NAME.")]
    public string? Origin { get; init; }

    [FromQuery(Name = "format"), Description("auto (default), plain, csv, json or jsonlines.")]
    public string? Format { get; init; }

    [FromQuery(Name = "action"), Description("For lines that name none; block where not given.")]
    public string? Action { get; init; }

    [FromQuery(Name = "for"), Description("Term of lines that name none, such as 7d.")]
    public string? For { get; init; }

    [FromQuery(Name = "reason")]
    public string? Reason { get; init; }

    [FromQuery(Name = "simulate")]
    public bool? Simulate { get; init; }

    [FromQuery(Name = "force")]
    public bool? Force { get; init; }

    [FromQuery(Name = "end-missing"), Description("End decisions of this list that it no longer has.")]
    public bool? EndMissing { get; init; }
}

/// <summary>How many decisions were ended.</summary>
internal sealed record EndedView(int Ended);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(DecisionView))]
[JsonSerializable(typeof(DecisionPage))]
[JsonSerializable(typeof(NewDecision))]
[JsonSerializable(typeof(ListImportResult))]
[JsonSerializable(typeof(EndedView))]
[JsonSerializable(typeof(ProblemDetails))]
internal sealed partial class ApiJson : JsonSerializerContext;
