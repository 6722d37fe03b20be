using System.Globalization;
using System.Text.RegularExpressions;
using Whorl.Kernel;
using Whorl.Kernel.Content;

namespace Whorl.Analysis.Rules.Language;

/// <summary>Reads the values that a comparison holds a field against; a list stands for any of its items, <c>$name</c> for a named list.</summary>
internal sealed class ValueReader(IReadOnlyDictionary<string, IReadOnlyList<YamlText>> lists, List<ContentFault> faults)
{
    // Shipped lists hold a few hundred; a list of addresses belongs into decisions.
    public const int MaxValues = 20_000;

    private const int MaxPatternLength = 2_000;

    /// <summary>The scalars of a node; empty, with a fault, where there are none.</summary>
    public IReadOnlyList<YamlText> Scalars(YamlNode node, string what)
    {
        List<YamlText> values = [];
        foreach (YamlNode item in node is YamlList list ? list.Items : [node])
        {
            switch (item)
            {
                case YamlText { Plain: true } name when name.Value.StartsWith('$'):
                    values.AddRange(Named(name));
                    break;
                case YamlText { Value.Length: > 0 } text:
                    values.Add(text);
                    break;
                default:
                    faults.Add(new(item.Place, $"{what} must be a value or a list of values, none of them empty"));
                    break;
            }
        }

        if (node is YamlList { Items.Count: 0 })
        {
            faults.Add(new(node.Place, $"{what} is an empty list"));
        }

        if (values.Count > MaxValues)
        {
            faults.Add(new(node.Place, $"{what} holds more than {MaxValues} values", "addresses belong into decisions: whorl decisions import"));
            return [];
        }

        return values;
    }

    public IReadOnlyList<double> Numbers(YamlNode node, string what)
    {
        List<double> numbers = [];
        foreach (YamlText text in Scalars(node, what))
        {
            if (double.TryParse(text.Value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number))
            {
                numbers.Add(number);
            }
            else
            {
                faults.Add(new(text.Place, $"{what} needs a number, not {Schema.Quote(text.Value)}"));
            }
        }

        return numbers;
    }

    public IReadOnlyList<Network> Networks(YamlNode node, string what)
    {
        List<Network> networks = [];
        foreach (YamlText text in Scalars(node, what))
        {
            if (Network.TryParse(text.Value, out Network network))
            {
                networks.Add(network);
            }
            else
            {
                faults.Add(new(text.Place, $"{what} needs an address or a prefix such as 203.0.113.0/24, not {Schema.Quote(text.Value)}"));
            }
        }

        return networks;
    }

    public IReadOnlyList<Regex> Patterns(YamlNode node, bool caseSensitive)
    {
        List<Regex> patterns = [];
        foreach (YamlText text in Scalars(node, "regex"))
        {
            if (text.Value.Length > MaxPatternLength)
            {
                faults.Add(new(text.Place, $"a regex may be {MaxPatternLength} characters long"));
                continue;
            }

            RegexOptions options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | (caseSensitive ? RegexOptions.None : RegexOptions.IgnoreCase);
            try
            {
                // Non-backtracking: time is linear in the text, whoever wrote it, so no time-out is needed.
                patterns.Add(new Regex(text.Value, options, Regex.InfiniteMatchTimeout));
            }
            catch (RegexParseException exception)
            {
                ContentPlace place = text.Plain ? text.Place with { Column = text.Place.Column + exception.Offset } : text.Place;
                faults.Add(new(place, $"this is not a regex: {exception.Error}"));
            }
            catch (NotSupportedException)
            {
                faults.Add(new(text.Place, "this regex needs backtracking", "lookarounds, backreferences and atomic groups are not allowed; use all: and not: instead"));
            }
        }

        return patterns;
    }

    private IReadOnlyList<YamlText> Named(YamlText name)
    {
        if (lists.TryGetValue(name.Value[1..], out IReadOnlyList<YamlText>? values))
        {
            return values;
        }

        faults.Add(new(name.Place, $"there is no list {Schema.Quote(name.Value[1..])}", NearestName.Hint(name.Value[1..], lists.Keys) ?? "put a text that begins with $ in quotes"));
        return [];
    }
}
