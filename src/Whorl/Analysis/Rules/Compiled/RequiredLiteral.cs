namespace Whorl.Analysis.Rules.Compiled;

/// <summary>
/// Finds a text that every match of a pattern must contain, so that the pattern need not be tried on texts without it. Careful rather than
/// clever: reads literals at the outermost level only, and gives up on anything it does not know.
/// </summary>
internal static class RequiredLiteral
{
    // Shorter ones stand in nearly every text.
    private const int MinLength = 3;

    /// <summary>The longest such text of at least three characters; null where none is sure.</summary>
    public static string? Of(string pattern)
    {
        string best = "";
        string run = "";
        int at = 0;
        while (at < pattern.Length)
        {
            int start = at;
            char? literal = null;
            switch (pattern[at])
            {
                case '|':
                    return null;
                case '^' or '$' or '.':
                    at++;
                    break;
                case '\\' when at + 1 < pattern.Length && !char.IsLetterOrDigit(pattern[at + 1]):
                    literal = pattern[at + 1];
                    at += 2;
                    break;
                case '\\' when at + 1 < pattern.Length && "dDwWsSbB".Contains(pattern[at + 1], StringComparison.Ordinal):
                    at += 2;
                    break;
                case '[':
                    at = EndOfSet(pattern, at);
                    break;
                case '(':
                    // An inline option such as (?x) changes what follows; a plain or non-capturing group does not.
                    if (at + 1 < pattern.Length && pattern[at + 1] == '?' && !(at + 2 < pattern.Length && pattern[at + 2] == ':'))
                    {
                        return null;
                    }

                    at = EndOfGroup(pattern, at);
                    break;
                case '\\' or '*' or '+' or '?' or '{' or ')' or ']' or '}':
                    return null;
                default:
                    literal = pattern[at];
                    at++;
                    break;
            }

            if (at < 0)
            {
                return null;
            }

            bool quantified = at < pattern.Length && pattern[at] is '*' or '?' or '{' or '+';
            if (literal is { } c && char.IsAscii(c) && !quantified)
            {
                run += c;
                continue;
            }

            // Zero-width anchors do not break a run of what must stand there, but a run across them gains nothing worth the care.
            best = run.Length > best.Length ? run : best;
            run = literal is { } repeated && char.IsAscii(repeated) && pattern[at] == '+' ? repeated.ToString() : "";
            at = quantified ? EndOfQuantifier(pattern, at) : at;
            if (at < 0 || at == start)
            {
                return null;
            }

            // After x+ the next literal follows the last x.
        }

        best = run.Length > best.Length ? run : best;
        return best.Length >= MinLength ? best : null;
    }

    private static int EndOfQuantifier(string pattern, int at)
    {
        if (pattern[at] == '{')
        {
            int close = pattern.IndexOf('}', at);
            if (close < 0)
            {
                return -1;
            }

            at = close;
        }

        at++;
        return at < pattern.Length && pattern[at] == '?' ? at + 1 : at;
    }

    private static int EndOfSet(string pattern, int at)
    {
        at++;
        at += at < pattern.Length && pattern[at] == '^' ? 1 : 0;
        at += at < pattern.Length && pattern[at] == ']' ? 1 : 0;
        for (; at < pattern.Length; at++)
        {
            switch (pattern[at])
            {
                case '\\':
                    at++;
                    break;
                case '[':
                    return -1;
                case ']':
                    return at + 1;
            }
        }

        return -1;
    }

    private static int EndOfGroup(string pattern, int at)
    {
        int open = 0;
        while (at >= 0 && at < pattern.Length)
        {
            switch (pattern[at])
            {
                case '\\':
                    at += 2;
                    continue;
                case '[':
                    at = EndOfSet(pattern, at);
                    continue;
                case '(':
                    open++;
                    break;
                case ')':
                    open--;
                    break;
            }

            at++;
            if (open == 0)
            {
                return at;
            }
        }

        return -1;
    }
}
