using System.Globalization;
using System.Text;
using AngleSharp.Html;

namespace Whorl.Sources.Sites.Pages.Html;

/// <summary>Character references (HTML standard §13.2.5.72) in text and attributes.</summary>
internal static class HtmlEntities
{
    // CounterClockwiseContourIntegral; is the longest name.
    private const int MaxName = 33;

    // Names that need no semicolon have at most so many letters (&Aacute).
    private const int MaxLegacyName = 6;

    private static readonly Encoding Windows1252 = CodePagesEncodingProvider.Instance.GetEncoding(1252)!;

    /// <summary>Adds the text with its references replaced.</summary>
    public static void Append(StringBuilder to, ReadOnlySpan<char> text, bool inAttribute = false)
    {
        while (true)
        {
            int at = text.IndexOf('&');
            if (at < 0)
            {
                to.Append(text);
                return;
            }

            to.Append(text[..at]);
            text = text[at..];
            int taken = TakeReference(to, text, inAttribute);
            if (taken == 0)
            {
                to.Append('&');
                taken = 1;
            }

            text = text[taken..];
        }
    }

    public static string Decode(ReadOnlySpan<char> text, bool inAttribute = false)
    {
        if (!text.Contains('&'))
        {
            return text.ToString();
        }

        StringBuilder decoded = new(text.Length);
        Append(decoded, text, inAttribute);
        return decoded.ToString();
    }

    private static int TakeReference(StringBuilder to, ReadOnlySpan<char> text, bool inAttribute)
    {
        if (text.Length > 2 && text[1] == '#')
        {
            return TakeNumber(to, text);
        }

        int length = 0;
        while (length < MaxName && 1 + length < text.Length && char.IsAsciiLetterOrDigit(text[1 + length]))
        {
            length++;
        }

        if (length == 0)
        {
            return 0;
        }

        if (1 + length < text.Length && text[1 + length] == ';' && Named(text.Slice(1, length + 1)) is { } exact)
        {
            to.Append(exact);
            return length + 2;
        }

        for (int legacy = Math.Min(length, MaxLegacyName); legacy >= 2; legacy--)
        {
            if (Named(text.Slice(1, legacy)) is { } symbol)
            {
                // &copy=1 in an address is no reference.
                bool part = inAttribute && 1 + legacy < text.Length && (text[1 + legacy] == '=' || char.IsAsciiLetterOrDigit(text[1 + legacy]));
                if (part)
                {
                    return 0;
                }

                to.Append(symbol);
                return 1 + legacy;
            }
        }

        return 0;
    }

    private static string? Named(ReadOnlySpan<char> name) => name switch
    {
        "amp;" => "&",
        "nbsp;" => "\u00A0",
        "lt;" => "<",
        "gt;" => ">",
        "quot;" => "\"",
        _ => HtmlEntityProvider.Resolver.GetSymbol(name.ToString()),
    };

    private static int TakeNumber(StringBuilder to, ReadOnlySpan<char> text)
    {
        bool hex = text[2] is 'x' or 'X';
        int start = hex ? 3 : 2;
        int at = start;
        int code = 0;
        while (at < text.Length && (hex ? char.IsAsciiHexDigit(text[at]) : char.IsAsciiDigit(text[at])))
        {
            int digit = int.Parse(text.Slice(at, 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            code = Math.Min((code * (hex ? 16 : 10)) + digit, 0x110000);
            at++;
        }

        if (at == start)
        {
            return 0;
        }

        if (code is >= 0x80 and <= 0x9F)
        {
            to.Append(Windows1252.GetString([(byte)code]));
        }
        else
        {
            to.Append(code != 0 && Rune.TryCreate(code, out Rune rune) ? rune.ToString() : "\uFFFD");
        }

        return at < text.Length && text[at] == ';' ? at + 1 : at;
    }
}
