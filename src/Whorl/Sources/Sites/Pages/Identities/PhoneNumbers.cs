namespace Whorl.Sources.Sites.Pages.Identities;

/// <summary>Phone numbers in international form in a page's visible text: a plus and 8 to 15 digits (E.164), spaced as people do.</summary>
internal static class PhoneNumbers
{
    private const int MinDigits = 8;
    private const int MaxDigits = 15;

    // Digits with what stands between them.
    private const int MaxWritten = 32;

    private const int MaxTries = 5000;

    public static void Find(ReadOnlySpan<char> text, IdentityList found)
    {
        int at = -1;
        Span<char> number = stackalloc char[1 + MaxDigits + 1];
        for (int tries = 0; tries < MaxTries; tries++)
        {
            int next = text[(at + 1)..].IndexOf('+');
            if (next < 0)
            {
                return;
            }

            at += 1 + next;
            bool begins = (at == 0 || !(char.IsAsciiLetterOrDigit(text[at - 1]) || text[at - 1] is '+' or '=' or '_')) && at + 1 < text.Length && text[at + 1] is >= '1' and <= '9';
            if (begins && Read(text[(at + 1)..], number) is > 0 and int length)
            {
                found.Add("contact", "phone", number[..length].ToString());
            }
        }
    }

    /// <summary>A number of a link: digits alone, after a plus where it began with one or with 00; empty where it is no number.</summary>
    public static string Canonical(string written)
    {
        string text = written.Replace("%20", "", StringComparison.OrdinalIgnoreCase).Replace("%2B", "+", StringComparison.OrdinalIgnoreCase).Trim();
        string digits = string.Concat(text.Where(char.IsAsciiDigit));
        bool international = text.StartsWith('+') || digits.StartsWith("00", StringComparison.Ordinal);
        digits = international && !text.StartsWith('+') ? digits[2..] : digits;
        return digits.Length is >= 5 and <= MaxDigits && digits.Distinct().Count() > 1 ? (international ? "+" + digits : digits) : "";
    }

    private static int Read(ReadOnlySpan<char> text, Span<char> number)
    {
        int count = 1;
        number[0] = '+';
        int last = 0;
        int at = 0;
        int between = 0;
        for (; at < text.Length && at < MaxWritten && count <= MaxDigits + 1; at++)
        {
            if (char.IsAsciiDigit(text[at]))
            {
                if (count == number.Length)
                {
                    return 0;
                }

                number[count++] = text[at];
                last = at;
                between = 0;
            }
            else if (text[at] is not (' ' or '.' or '-' or '(' or ')' or '/') || ++between > 2)
            {
                break;
            }
        }

        bool ends = last + 1 >= text.Length || !(char.IsAsciiLetter(text[last + 1]) || text[last + 1] is '=' or '_');
        return ends && count - 1 is >= MinDigits and <= MaxDigits ? count : 0;
    }
}
