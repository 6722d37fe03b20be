using System.Text;
using Whorl.Kernel;

namespace Whorl.Analysis.Filters;

/// <summary>What is wrong with a filter's text, and where.</summary>
/// <param name="Start">First character of the fault, from 0.</param>
/// <param name="Length">How many characters; 0 where something is missing at the end.</param>
internal sealed record FilterFault(int Start, int Length, string Message);

/// <summary>
/// A compiled filter over observations: <c>client.ip: 203.0.113.0/24 and not http.status &lt; 400</c>. One language for console, API and command line;
/// <see cref="FilterParser"/> says how it is written.
/// </summary>
internal sealed class Filter
{
    private readonly Node? _root;

    internal Filter(string text, Node? root)
    {
        Text = text;
        _root = root;
        List<string> needles = [];
        root?.CollectNeedles(needles);
        Needles = needles;
    }

    /// <summary>The filter that everything passes.</summary>
    public static Filter Everything { get; } = new("", null);

    /// <summary>As written.</summary>
    public string Text { get; }

    /// <summary>Texts that the JSON of every match contains: lets a store pass over blocks without parsing them. May be empty.</summary>
    public IReadOnlyList<string> Needles { get; }

    public bool Matches(Observation observation) => _root is null || _root.Matches(observation);

    /// <summary>Compiles; on a fault <paramref name="filter"/> is null. Never throws, whatever the text.</summary>
    public static bool TryParse(string? text, out Filter? filter, out FilterFault? fault) => FilterParser.TryParse(text ?? "", out filter, out fault);

    /// <summary>The text of this filter narrowed to a value (or, with <paramref name="without"/>, to everything but it).</summary>
    public static string Narrow(string? text, string field, string value, bool without)
    {
        string term = (without ? "not " : "") + field + ": " + Quote(value);
        string before = (text ?? "").Trim();
        if (before.Length == 0)
        {
            return term;
        }

        if (before.Split(" and ").Contains(term, StringComparer.OrdinalIgnoreCase))
        {
            return before;
        }

        return (HasOr(before) ? "(" + before + ")" : before) + " and " + term;
    }

    /// <summary>A value as the language reads it back: bare where that is safe, else in quotes.</summary>
    public static string Quote(string value)
    {
        if (value.Length is > 0 and <= 64 && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/' or ':')
            && !IsWord(value, "and") && !IsWord(value, "or") && !IsWord(value, "not"))
        {
            return value;
        }

        StringBuilder text = new(value.Length + 2);
        text.Append('"');
        foreach (char c in value)
        {
            _ = c switch
            {
                '"' or '\\' => text.Append('\\').Append(c),
                _ when char.IsControl(c) || char.IsSurrogate(c) || char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.Format =>
                    text.Append("\\u").Append(((int)c).ToString("x4")),
                _ => text.Append(c),
            };
        }

        return text.Append('"').ToString();
    }

    internal static bool IsWord(ReadOnlySpan<char> text, string word) => text.Equals(word, StringComparison.OrdinalIgnoreCase);

    // Generous: brackets around a filter that did not need them change nothing.
    private static bool HasOr(string text) => text.Contains("or", StringComparison.OrdinalIgnoreCase);
}
