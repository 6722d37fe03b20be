using System.Buffers;
using System.Globalization;
using System.Text;

namespace Whorl.Sources.Sites.Pages.Identities;

/// <summary>Markup as it reads once scripts and the browser have undone what stands escaped in it: <c>\/</c>, <c>\n</c>, <c>\u003e</c> of JSON and scripts, <c>&amp;#64;</c> of those who hide addresses.</summary>
internal static class Escapes
{
    private static readonly SearchValues<char> Marks = SearchValues.Create("\\&");

    /// <summary>The text itself where nothing in it is escaped. What is undone is never longer than before.</summary>
    public static string Undo(string html)
    {
        int next = html.AsSpan().IndexOfAny(Marks);
        if (next < 0)
        {
            return html;
        }

        StringBuilder plain = new(html.Length);
        int at = 0;
        while (next >= 0)
        {
            plain.Append(html, at, next);
            at += next;
            ReadOnlySpan<char> rest = html.AsSpan(at);
            (char c, int length) = rest[0] == '&' ? Reference(rest) : Escape(rest);
            plain.Append(c);
            at += length;
            next = html.AsSpan(at).IndexOfAny(Marks);
        }

        return plain.Append(html, at, html.Length - at).ToString();
    }

    // What is no escape stands for its first character.
    private static (char Plain, int Length) Escape(ReadOnlySpan<char> text) => text switch
    {
        [_, 'n' or 'r' or 't', ..] => (' ', 2),
        [_, '/' or '"' or '\'', ..] => (text[1], 2),
        [_, 'u', ..] => Number(text, 2, 4),
        [_, 'x', ..] => Number(text, 2, 2),
        _ => (text[0], 1),
    };

    private static (char Plain, int Length) Number(ReadOnlySpan<char> text, int start, int digits) =>
        text.Length >= start + digits && ushort.TryParse(text.Slice(start, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code) ? ((char)code, start + digits) : (text[0], 1);

    // Numbers of ASCII alone: names such as &amp; are what patterns expect.
    private static (char Plain, int Length) Reference(ReadOnlySpan<char> text)
    {
        int end = text[..Math.Min(text.Length, 8)].IndexOf(';');
        if (end < 3 || text[1] != '#')
        {
            return (text[0], 1);
        }

        bool hex = text[2] is 'x' or 'X';
        ReadOnlySpan<char> digits = text[(hex ? 3 : 2)..end];
        return byte.TryParse(digits, hex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out byte code) && code is >= 0x20 and < 0x7F ? ((char)code, end + 1) : (text[0], 1);
    }
}
