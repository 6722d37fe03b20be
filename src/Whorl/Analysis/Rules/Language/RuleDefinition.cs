using Whorl.Kernel;
using Whorl.Kernel.Content;

namespace Whorl.Analysis.Rules.Language;

/// <summary>A rule as written, checked.</summary>
internal sealed record RuleDefinition(
    RuleInfo Info, IReadOnlyList<string> References, Condition When, IReadOnlyList<RuleTest> Tests, ContentPlace Place);

/// <summary>A test that stands inside a rule: with these facts the rule must match, or must not.</summary>
internal sealed record RuleTest(FactBag Facts, bool Match, ContentPlace Place);

/// <summary>The sum of weights from which on an action is taken.</summary>
internal readonly record struct Threshold(int Score, DecisionAction Action);

/// <summary>All that a set of rules files says, and all that is wrong with them.</summary>
/// <param name="Rules">In the order of files and of places in them; changes are applied, rules that were turned off are gone.</param>
/// <param name="Thresholds">By rising score.</param>
internal sealed record RuleSource(IReadOnlyList<RuleDefinition> Rules, IReadOnlyList<Threshold> Thresholds, IReadOnlyList<ContentFault> Faults);
