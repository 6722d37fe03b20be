using System.Buffers;

namespace Whorl.Sources.Sites.Scans;

/// <summary>Texts of strangers as every system of record can hold them.</summary>
internal static class PlainText
{
    // NUL, and halves of pairs: texts with these are looked at closely.
    private static readonly SearchValues<char> Unstorable = SearchValues.Create([(char)0, .. Enumerable.Range(0xD800, 0x800).Select(code => (char)code)]);

    /// <summary>PostgreSQL holds neither a NUL nor half of a pair.</summary>
    public static string? Of(string? text)
    {
        if (text is null || !text.AsSpan().ContainsAny(Unstorable))
        {
            return text;
        }

        return string.Concat(text.EnumerateRunes().Select(rune => rune.Value == 0 ? "\uFFFD" : rune.ToString()));
    }
}
