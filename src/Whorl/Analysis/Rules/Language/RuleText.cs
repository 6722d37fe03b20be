namespace Whorl.Analysis.Rules.Language;

/// <summary>The text of one rules file.</summary>
/// <param name="File">Name for faults and lists, normally its path.</param>
/// <param name="Content">What stands in it.</param>
/// <param name="Layer">Place of its folder in the configured order; settings of a later layer prevail over those of an earlier one.</param>
internal sealed record RuleText(string File, string Content, int Layer = 0);
