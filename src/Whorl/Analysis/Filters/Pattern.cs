namespace Whorl.Analysis.Filters;

/// <summary>A value to match, whole or with wildcards. Matching is linear in practice and quadratic at worst, over bounded text.</summary>
internal sealed class Pattern
{
    private readonly string[] _parts;

    /// <param name="parts">Literal texts between wildcards; one part means no wildcard.</param>
    public Pattern(IReadOnlyList<string> parts) => _parts = [.. parts];

    public static Pattern Exact(string text) => new([text]);

    public bool IsExact => _parts.Length == 1;

    public bool IsAnything => _parts.Length > 1 && _parts.All(part => part.Length == 0);

    /// <summary>The longest text that every match contains.</summary>
    public string Literal => _parts.MaxBy(part => part.Length) ?? "";

    /// <summary>The whole of <paramref name="text"/> matches.</summary>
    public bool Matches(ReadOnlySpan<char> text)
    {
        if (IsExact)
        {
            return text.Equals(_parts[0], StringComparison.OrdinalIgnoreCase);
        }

        string first = _parts[0], last = _parts[^1];
        if (text.Length < first.Length + last.Length
            || !text.StartsWith(first, StringComparison.OrdinalIgnoreCase) || !text.EndsWith(last, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        return FindsInOrder(text[first.Length..^last.Length], _parts.AsSpan(1, _parts.Length - 2));
    }

    /// <summary>Some part of <paramref name="text"/> matches.</summary>
    public bool IsFoundIn(ReadOnlySpan<char> text) => FindsInOrder(text, _parts);

    private static bool FindsInOrder(ReadOnlySpan<char> text, ReadOnlySpan<string> parts)
    {
        foreach (string part in parts)
        {
            int at = text.IndexOf(part, StringComparison.OrdinalIgnoreCase);
            if (at < 0)
            {
                return false;
            }

            text = text[(at + part.Length)..];
        }

        return true;
    }
}
