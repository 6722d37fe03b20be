using System.Buffers;
using System.Globalization;
using System.Text;
using Whorl.Sources.Sites.Pages.Html;

namespace Whorl.Sources.Sites.Pages;

/// <summary>
/// The normalised text of a page: text outside head, script, style, noscript, template, title and the like, references replaced,
/// characters without width left out, in lower case (invariant), every run of white space one space, none at the ends.
/// Tags count as white space, except those that stand within a line (<see cref="HtmlNames.Inline"/>).
/// Style sheets are not read: text that they hide counts, text that they or scripts add does not.
/// </summary>
internal sealed class VisibleText
{
    private static readonly SearchValues<char> Plain = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789!\"#$%&'()*+,-./:;<=>?@[]{}_|~");

    private readonly StringBuilder _text = new();
    private readonly StringBuilder _decoded = new();
    private bool _space;

    public void Break() => _space = true;

    /// <param name="text">References as written, unless raw.</param>
    public void Append(ReadOnlySpan<char> text, bool raw)
    {
        if (raw || !text.Contains('&'))
        {
            Fold(text);
            return;
        }

        _decoded.Clear();
        HtmlEntities.Append(_decoded, text);
        foreach (ReadOnlyMemory<char> chunk in _decoded.GetChunks())
        {
            Fold(chunk.Span);
        }
    }

    public override string ToString() => _text.ToString();

    private void Fold(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            int plain = text.IndexOfAnyExcept(Plain);
            plain = plain < 0 ? text.Length : plain;
            if (plain > 0)
            {
                Space();
                _text.Append(text[..plain]);
                text = text[plain..];
                continue;
            }

            char c = text[0];
            text = text[1..];
            if (char.IsWhiteSpace(c))
            {
                _space = true;
            }
            else if (!char.IsControl(c) && CharUnicodeInfo.GetUnicodeCategory(c) != UnicodeCategory.Format)
            {
                Space();
                _text.Append(char.ToLowerInvariant(c));
            }
        }
    }

    private void Space()
    {
        if (_space && _text.Length > 0)
        {
            _text.Append(' ');
        }

        _space = false;
    }
}
