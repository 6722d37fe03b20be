using System.Text.RegularExpressions;
using Whorl.Kernel;

namespace Whorl.Analysis.Rules.Language;

/// <summary>What a rule asks. An absent field makes every comparison false, except the one that asks for absence.</summary>
internal abstract record Condition;

internal sealed record AllOf(IReadOnlyList<Condition> Conditions) : Condition;

internal sealed record AnyOf(IReadOnlyList<Condition> Conditions) : Condition;

internal sealed record NotOf(Condition Inner) : Condition;

/// <summary>A question about one field.</summary>
internal abstract record Comparison(Field Field) : Condition;

internal enum TextOperator
{
    /// <summary>The whole text.</summary>
    Equals,

    /// <summary>Anywhere in the text.</summary>
    Contains,

    /// <summary>Anywhere, with no letter, digit, dash or underscore before or after it.</summary>
    Token,
    Prefix,
    Suffix,
}

/// <summary>True where the text stands so to any of the values.</summary>
internal sealed record TextComparison(Field Field, TextOperator Operator, IReadOnlyList<string> Values, bool CaseSensitive) : Comparison(Field);

/// <summary>True where any of the patterns is found in the text.</summary>
internal sealed record PatternComparison(Field Field, IReadOnlyList<Regex> Patterns) : Comparison(Field);

internal enum NumberOperator
{
    Equals,
    Greater,
    Less,
}

internal sealed record NumberComparison(Field Field, NumberOperator Operator, IReadOnlyList<double> Values) : Comparison(Field);

internal sealed record FlagComparison(Field Field, bool Value) : Comparison(Field);

internal sealed record AddressComparison(Field Field, IReadOnlyList<Network> Networks) : Comparison(Field);

/// <summary>Asks whether the field is there at all.</summary>
internal sealed record Presence(Field Field, bool Present) : Comparison(Field);
