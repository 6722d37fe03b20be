using Whorl.Analysis.Rules.Language;
using Whorl.Kernel;

namespace Whorl.Tests.Rules;

/// <summary>What a condition means, written down as plainly as can be: the compiled rules must agree with it.</summary>
internal static class NaiveInterpreter
{
    public static bool Holds(Condition condition, IFacts facts) => condition switch
    {
        AllOf all => all.Conditions.All(inner => Holds(inner, facts)),
        AnyOf any => any.Conditions.Any(inner => Holds(inner, facts)),
        NotOf not => !Holds(not.Inner, facts),
        TextComparison text => facts.Text(text.Field) is { } value && text.Values.Any(one => Compare(value, one, text)),
        PatternComparison pattern => facts.Text(pattern.Field) is { } value && pattern.Patterns.Any(one => one.IsMatch(value)),
        NumberComparison number => facts.Number(number.Field) is { } value && number.Values.Any(one => number.Operator switch
        {
            NumberOperator.Greater => value > one,
            NumberOperator.Less => value < one,
            _ => value == one,
        }),
        FlagComparison flag => facts.Flag(flag.Field) == flag.Value,
        AddressComparison address => facts.Address(address.Field) is { } value && address.Networks.Any(network => network.Contains(value)),
        Presence presence => presence.Present == presence.Field.Type switch
        {
            FieldType.Text => facts.Text(presence.Field) is not null,
            FieldType.Number => facts.Number(presence.Field) is not null,
            FieldType.Flag => facts.Flag(presence.Field) is not null,
            _ => facts.Address(presence.Field) is not null,
        },
        _ => throw new InvalidOperationException(condition.GetType().Name),
    };

    private static bool Compare(string value, string wanted, TextComparison text)
    {
        StringComparison comparison = text.CaseSensitive ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        return text.Operator switch
        {
            TextOperator.Equals => value.Equals(wanted, comparison),
            TextOperator.Prefix => value.StartsWith(wanted, comparison),
            TextOperator.Suffix => value.EndsWith(wanted, comparison),
            TextOperator.Contains => value.Contains(wanted, comparison),
            _ => Enumerable.Range(0, value.Length).Any(at => value.AsSpan(at).StartsWith(wanted, comparison) && !Inside(value, at - 1) && !Inside(value, at + wanted.Length)),
        };
    }

    private static bool Inside(string value, int at) => at >= 0 && at < value.Length && (char.IsLetterOrDigit(value[at]) || value[at] is '-' or '_');
}
