using Whorl.Analysis.Rules;

namespace Whorl.Delivery.WebConsole;

/// <summary>What the page of rules shows; no library where this process holds no rules.</summary>
internal sealed record RulesModel(RuleState? Library, DateTimeOffset Now);
