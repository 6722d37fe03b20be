using System.Text;

namespace Whorl.Sources.Edge.Crawlers;

/// <summary>A robots.txt and what it allows (RFC 9309). Immutable; reading never fails: lines that say nothing are passed over.</summary>
internal sealed class RobotsFile
{
    /// <summary>RFC 9309 §2.5 asks for at least 500 KiB; the rest of a longer file is not read.</summary>
    public const int MaxLength = 512 * 1024;

    // Far more than any site has; a question costs their number times the target's length at most.
    private const int MaxRules = 20_000;

    /// <summary>Allows everything: there is no file (RFC 9309 §2.3.1.3).</summary>
    public static readonly RobotsFile AllowAll = new([]);

    /// <summary>Forbids everything: the file cannot be had for now (RFC 9309 §2.3.1.4).</summary>
    public static readonly RobotsFile DisallowAll = Parse("User-agent: *\nDisallow: /\n"u8);

    // Rules that one or several agents have in common, the longest first and of equal ones those that allow; an agent may be named by several such groups.
    private readonly Dictionary<string, List<List<Rule>>> _groups;

    private RobotsFile(Dictionary<string, List<List<Rule>>> groups) => _groups = groups;

    public static RobotsFile Parse(ReadOnlySpan<byte> utf8)
    {
        utf8 = utf8[..Math.Min(utf8.Length, MaxLength)];
        if (utf8 is [0xEF, 0xBB, 0xBF, ..])
        {
            utf8 = utf8[3..];
        }

        Dictionary<string, List<List<Rule>>> groups = new(StringComparer.OrdinalIgnoreCase);
        List<List<Rule>> all = [];
        bool namingAgents = false;
        int rules = 0;
        foreach (Range range in utf8.SplitAny("\r\n"u8))
        {
            ReadOnlySpan<byte> line = utf8[range];
            int comment = line.IndexOf((byte)'#');
            line = comment < 0 ? line : line[..comment];
            int colon = line.IndexOf((byte)':');
            if (colon < 0)
            {
                continue;
            }

            ReadOnlySpan<byte> key = line[..colon].Trim(" \t"u8);
            ReadOnlySpan<byte> value = line[(colon + 1)..].Trim(" \t"u8);
            if (Ascii.EqualsIgnoreCase(key, "user-agent"))
            {
                if (!namingAgents)
                {
                    all.Add([]);
                    namingAgents = true;
                }

                Name(groups, Token(value), all[^1]);
            }
            else if ((Ascii.EqualsIgnoreCase(key, "allow") || Ascii.EqualsIgnoreCase(key, "disallow")) && all.Count > 0)
            {
                namingAgents = false;
                if (value.Length > 0 && rules++ < MaxRules)
                {
                    all[^1].Add(new(new(Normalize(value)), (key[0] | 0x20) == 'a'));
                }
            }
        }

        // The most octets win; of two equal ones, allow (RFC 9309 §2.2.2).
        all.ForEach(group => group.Sort(static (a, b) => a.Pattern.Length != b.Pattern.Length ? b.Pattern.Length - a.Pattern.Length : b.Allow.CompareTo(a.Allow)));
        return new(groups);
    }

    /// <summary>May a crawler with this User-Agent (or bare product token) ask for this target (raw path and query)?</summary>
    public bool Allows(string agent, string target)
    {
        if (_groups.Count == 0 || target is "/robots.txt")
        {
            return true;
        }

        if (GroupsFor(agent) is not { } groups)
        {
            return true;
        }

        byte[] path = Normalize(Encoding.UTF8.GetBytes(target));
        int best = -1;
        bool allowed = true;
        foreach (List<Rule> group in groups)
        {
            foreach (Rule rule in group)
            {
                if (rule.Pattern.Length < best)
                {
                    break;
                }

                if (rule.Pattern.Matches(path, out _))
                {
                    allowed = rule.Pattern.Length == best ? allowed || rule.Allow : rule.Allow;
                    best = rule.Pattern.Length;
                    break;
                }
            }
        }

        return allowed;
    }

    /// <summary>The groups of the product tokens in a User-Agent: of the first word that has one, else of *.</summary>
    private List<List<Rule>>? GroupsFor(string agent)
    {
        foreach (ReadOnlyMemory<char> word in Tokens(agent))
        {
            if (_groups.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(word.Span, out List<List<Rule>>? rules))
            {
                return rules;
            }
        }

        return _groups.GetValueOrDefault("*");
    }

    private static IEnumerable<ReadOnlyMemory<char>> Tokens(string agent)
    {
        int start = -1;
        for (int i = 0; i <= agent.Length; i++)
        {
            bool inside = i < agent.Length && (char.IsAsciiLetter(agent[i]) || agent[i] is '_' or '-');
            if (inside)
            {
                start = start < 0 ? i : start;
            }
            else if (start >= 0)
            {
                yield return agent.AsMemory(start, i - start);
                start = -1;
            }
        }
    }

    private static void Name(Dictionary<string, List<List<Rule>>> groups, string token, List<Rule> group)
    {
        if (!groups.TryGetValue(token, out List<List<Rule>>? named))
        {
            groups[token] = named = [];
        }

        if (named.Count == 0 || named[^1] != group)
        {
            named.Add(group);
        }
    }

    /// <summary>Letters, dash and underscore up to anything else; * alone stays.</summary>
    private static string Token(ReadOnlySpan<byte> value)
    {
        if (value.StartsWith("*"u8) && (value.Length == 1 || value[1] is (byte)' ' or (byte)'\t'))
        {
            return "*";
        }

        int length = 0;
        while (length < value.Length && (char.IsAsciiLetter((char)value[length]) || value[length] is (byte)'_' or (byte)'-'))
        {
            length++;
        }

        return Encoding.ASCII.GetString(value[..length]);
    }

    /// <summary>One spelling for each octet: bytes beyond ASCII are percent-encoded, hexadecimal digits are upper case, unreserved letters are plain.</summary>
    private static byte[] Normalize(ReadOnlySpan<byte> text)
    {
        List<byte> normal = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            byte b = text[i];
            bool encoded = b == '%' && i + 2 < text.Length && char.IsAsciiHexDigit((char)text[i + 1]) && char.IsAsciiHexDigit((char)text[i + 2]);
            if (encoded)
            {
                b = (byte)((Hex(text[i + 1]) << 4) | Hex(text[i + 2]));
                i += 2;
            }

            if (encoded ? char.IsAsciiLetterOrDigit((char)b) || b is (byte)'-' or (byte)'.' or (byte)'_' or (byte)'~' : b is > 32 and < 127)
            {
                normal.Add(b);
            }
            else
            {
                normal.AddRange("%"u8);
                normal.Add((byte)"0123456789ABCDEF"[b >> 4]);
                normal.Add((byte)"0123456789ABCDEF"[b & 15]);
            }
        }

        return [.. normal];
    }

    private static int Hex(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private readonly record struct Rule(RobotsPattern Pattern, bool Allow);
}
