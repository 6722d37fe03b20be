using System.Buffers;
using System.Text;
using Whorl.Sources.Sites.Pages.Html;

namespace Whorl.Sources.Sites.Pages;

/// <summary>
/// Turns the bytes of a page into text as browsers do: byte order mark, charset of the header, meta within the first 1024 bytes,
/// else UTF-8 where the bytes are valid UTF-8, else windows-1252.
/// </summary>
internal static class PageCharset
{
    // §13.2.3.2: the declaration must stand within these.
    private const int MaxPrescan = 1024;

    // "x-mac-cyrillic" and its like; a longer label is none.
    private const int MaxLabel = 40;

    private const string Utf8 = "utf-8";

    private static readonly SearchValues<char> LabelEnd = SearchValues.Create("; \t\r\n\f\"'>");

    public static (string Text, string Name) Decode(ReadOnlySpan<byte> body, string? contentType)
    {
        (string name, int skip) = OfMark(body);
        if (name.Length == 0)
        {
            name = OfLabel(LabelOf(contentType)) ?? OfMeta(body) ?? (Utf8Valid(body) ? Utf8 : "windows-1252");
        }

        return (EncodingOf(name).GetString(body[skip..]), name);
    }

    private static (string Name, int Skip) OfMark(ReadOnlySpan<byte> body) => body switch
    {
        [0xEF, 0xBB, 0xBF, ..] => (Utf8, 3),
        [0xFE, 0xFF, ..] => ("utf-16be", 2),
        [0xFF, 0xFE, ..] => ("utf-16le", 2),
        _ => ("", 0),
    };

    // A page that was cut in the middle of a character is still UTF-8.
    private static bool Utf8Valid(ReadOnlySpan<byte> body)
    {
        if (Utf8Is(body))
        {
            return true;
        }

        for (int cut = 1; cut <= 3 && cut < body.Length; cut++)
        {
            byte lead = body[^cut];
            if (lead is < 0x80 or >= 0xC0)
            {
                int length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
                return cut < length && Utf8Is(body[..^cut]);
            }
        }

        return false;
    }

    private static bool Utf8Is(ReadOnlySpan<byte> body) => System.Text.Unicode.Utf8.IsValid(body);

    /// <summary>The label after <c>charset=</c>; null where there is none.</summary>
    private static string? LabelOf(ReadOnlySpan<char> text)
    {
        while (true)
        {
            int at = text.IndexOf("charset", StringComparison.OrdinalIgnoreCase);
            if (at < 0)
            {
                return null;
            }

            text = text[(at + 7)..].TrimStart();
            if (!text.StartsWith("=", StringComparison.Ordinal))
            {
                continue;
            }

            text = text[1..].TrimStart();
            bool quoted = text.Length > 0 && text[0] is '"' or '\'';
            ReadOnlySpan<char> rest = quoted ? text[1..] : text;
            int end = quoted ? rest.IndexOf(text[0]) : rest.IndexOfAny(LabelEnd);
            return rest[..(end < 0 ? rest.Length : end)].Trim().ToString();
        }
    }

    private static string? OfMeta(ReadOnlySpan<byte> body)
    {
        // Markup is ASCII in every encoding that can be declared so.
        string head = Encoding.Latin1.GetString(body[..Math.Min(body.Length, MaxPrescan)]);
        HtmlTokens tokens = new(head);
        while (tokens.Next())
        {
            if (tokens.Kind != HtmlTokenKind.StartTag || !tokens.Name.Equals("meta", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            string? label = null;
            if (tokens.TryAttribute("charset", out ReadOnlySpan<char> charset))
            {
                label = charset.ToString();
            }
            else if (tokens.TryAttribute("http-equiv", out ReadOnlySpan<char> equivalent) && equivalent.Trim().Equals("content-type", StringComparison.OrdinalIgnoreCase)
                && tokens.TryAttribute("content", out ReadOnlySpan<char> content))
            {
                label = LabelOf(content);
            }

            if (OfLabel(label) is { } name)
            {
                // A page that could be read this far is not UTF-16.
                return name.StartsWith("utf-16", StringComparison.Ordinal) ? Utf8 : name;
            }
        }

        return null;
    }

    // The Encoding standard's labels, where they are not the framework's own or mean another encoding there.
    private static string? OfLabel(string? label)
    {
        string name = label?.Trim().ToLowerInvariant() ?? "";
        if (name.Length is 0 or > MaxLabel)
        {
            return null;
        }

        switch (name)
        {
            case "utf8" or "utf-8" or "unicode-1-1-utf-8" or "x-unicode20utf8":
                return Utf8;
            case "utf-16" or "utf-16le" or "unicode" or "ucs-2":
                return "utf-16le";
            case "utf-16be":
                return "utf-16be";
            case "iso-8859-1" or "iso8859-1" or "iso_8859-1" or "latin1" or "l1" or "ascii" or "us-ascii" or "ansi_x3.4-1968" or "cp1252" or "x-cp1252" or "x-user-defined" or "windows-1252":
                return "windows-1252";
            case "iso-8859-9" or "latin5":
                return "windows-1254";
            case "iso-8859-11" or "tis-620":
                return "windows-874";
            case "gb2312" or "gbk" or "gb_2312-80" or "x-gbk" or "chinese" or "gb18030":
                return "gb18030";
            case "shift_jis" or "shift-jis" or "sjis" or "x-sjis" or "ms_kanji" or "windows-31j":
                return "shift_jis";
            case "euc-kr" or "ks_c_5601-1987" or "korean" or "windows-949":
                return "euc-kr";
            case "big5" or "big5-hkscs" or "x-x-big5" or "cn-big5":
                return "big5";
            case "win-1251" or "cp1251" or "x-cp1251":
                return "windows-1251";
            case "utf-7" or "utf-32" or "utf-32be":
                return null;
            default:
                return CodePagesEncodingProvider.Instance.GetEncoding(name) is { } known && IsTextOfTheWeb(known.CodePage) ? known.WebName.ToLowerInvariant() : null;
        }
    }

    // Windows and ISO code pages, KOI8, DOS Cyrillic, Mac, EUC-JP, ISO-2022-JP; no EBCDIC, whose '<' is another byte.
    private static bool IsTextOfTheWeb(int page) =>
        page is (>= 874 and <= 950) or (>= 1250 and <= 1258) or (>= 28592 and <= 28606) or 866 or 20866 or 21866 or 10000 or 10017 or 51932 or 50220 or 50221 or 50222 or 54936;

    private static Encoding EncodingOf(string name) => name switch
    {
        Utf8 => Encoding.UTF8,
        "utf-16le" => Encoding.Unicode,
        "utf-16be" => Encoding.BigEndianUnicode,
        "euc-kr" => CodePagesEncodingProvider.Instance.GetEncoding(949)!,
        "windows-874" => CodePagesEncodingProvider.Instance.GetEncoding(874)!,
        _ => CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.UTF8,
    };
}
