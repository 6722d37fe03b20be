using System.Buffers;

namespace Whorl.Sources.Sites.Pages.Html;

internal enum HtmlTokenKind
{
    End,
    Text,
    StartTag,
    EndTag,
    Comment,
}

/// <summary>
/// The tokens of an HTML text in one pass, after the HTML standard §13.2.5: any text, no recursion, nothing copied.
/// What a DOM does afterwards (foster parents, formatting that is opened again) is not done.
/// </summary>
internal ref struct HtmlTokens(ReadOnlySpan<char> html)
{
    // More than any honest tag carries; what follows is read and not kept.
    public const int MaxAttributes = 64;

    private static readonly SearchValues<char> NameEnd = SearchValues.Create("\t\n\f\r />");
    private static readonly SearchValues<char> AttributeNameEnd = SearchValues.Create("\t\n\f\r />=");
    private static readonly SearchValues<char> ValueEnd = SearchValues.Create("\t\n\f\r >");

    private readonly ReadOnlySpan<char> _html = html;
    private readonly (int Name, int NameLength, int Value, int ValueLength)[] _attributes = new (int, int, int, int)[MaxAttributes];
    private int _attributeCount;
    private int _at;

    // A raw element's name, whose text ends at its own end tag alone.
    private ReadOnlySpan<char> _raw;

    public HtmlTokenKind Kind { get; private set; }

    /// <summary>Of a tag, as it was written.</summary>
    public ReadOnlySpan<char> Name { get; private set; }

    /// <summary>Of text and of comments; of text with its references as they were written.</summary>
    public ReadOnlySpan<char> Content { get; private set; }

    /// <summary>Whether the text is of an element that knows no references: a script, a style sheet.</summary>
    public bool IsRaw { get; private set; }

    public bool SelfClosing { get; private set; }

    /// <summary>What follows is the text of the element that was just opened, up to its end tag.</summary>
    public void ReadRaw() => _raw = Name;

    /// <summary>Whether the place is inside SVG or MathML, where CDATA sections are text.</summary>
    public bool InForeign { get; set; }

    public bool Next()
    {
        if (_at >= _html.Length)
        {
            Kind = HtmlTokenKind.End;
            return false;
        }

        if (!_raw.IsEmpty && TakeRaw())
        {
            return true;
        }

        IsRaw = false;
        if (_html[_at] == '<' && TakeMarkup())
        {
            return true;
        }

        // The first character is text, whatever it is.
        int next = _html[(_at + 1)..].IndexOf('<');
        int end = next < 0 ? _html.Length : _at + 1 + next;
        return Take(HtmlTokenKind.Text, _at, end - _at, end);
    }

    /// <summary>Value of an attribute, references as written; empty and false where the tag has none of the name (in lower case).</summary>
    public readonly bool TryAttribute(ReadOnlySpan<char> name, out ReadOnlySpan<char> value)
    {
        for (int i = 0; i < _attributeCount; i++)
        {
            (int start, int length, int valueStart, int valueLength) = _attributes[i];
            if (length == name.Length && _html.Slice(start, length).Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                value = _html.Slice(valueStart, valueLength);
                return true;
            }
        }

        value = default;
        return false;
    }

    private bool TakeRaw()
    {
        ReadOnlySpan<char> name = _raw;
        for (int at = _at; ;)
        {
            int found = _html[at..].IndexOf("</", StringComparison.Ordinal);
            int end = found < 0 ? _html.Length : at + found;
            int after = end + 2 + name.Length;
            bool closes = after < _html.Length && _html.Slice(end + 2, name.Length).Equals(name, StringComparison.OrdinalIgnoreCase) && NameEnd.Contains(_html[after]);
            if (found >= 0 && !closes)
            {
                at = end + 2;
                continue;
            }

            _raw = default;
            int start = _at;
            IsRaw = true;
            return end > start && Take(HtmlTokenKind.Text, start, end - start, end);
        }
    }

    private bool TakeMarkup()
    {
        ReadOnlySpan<char> rest = _html[(_at + 1)..];
        if (rest.IsEmpty)
        {
            return false;
        }

        if (char.IsAsciiLetter(rest[0]))
        {
            return TakeTag(HtmlTokenKind.StartTag, _at + 1);
        }

        switch (rest[0])
        {
            case '/' when rest.Length > 1 && char.IsAsciiLetter(rest[1]):
                return TakeTag(HtmlTokenKind.EndTag, _at + 2);
            case '/' when rest.Length > 1 && rest[1] == '>':
                return Take(HtmlTokenKind.Comment, _at, 0, _at + 3);
            case '/' when rest.Length > 1:
                return TakeUntil('>', _at + 2);
            case '!' when rest.StartsWith("!--", StringComparison.Ordinal):
                return TakeComment(_at + 4);
            case '!' when InForeign && rest.StartsWith("![CDATA[", StringComparison.Ordinal):
                return TakeCdata(_at + 9);
            case '!' when rest.Length >= 8 && rest[1..8].Equals("doctype", StringComparison.OrdinalIgnoreCase):
                // No token of its own: an empty comment, which nobody keeps.
                int end = rest.IndexOf('>');
                return Take(HtmlTokenKind.Comment, _at, 0, end < 0 ? _html.Length : _at + 2 + end);
            case '!' or '?':
                return TakeUntil('>', rest[0] == '!' ? _at + 2 : _at + 1);
            default:
                return false;
        }
    }

    private bool TakeUntil(char mark, int start)
    {
        int found = _html[start..].IndexOf(mark);
        return found < 0 ? Take(HtmlTokenKind.Comment, start, _html.Length - start, _html.Length) : Take(HtmlTokenKind.Comment, start, found, start + found + 1);
    }

    // Ends at --> or --!>; <!--> and <!---> are empty ones.
    private bool TakeComment(int start)
    {
        ReadOnlySpan<char> text = _html[start..];
        int empty = text.StartsWith(">", StringComparison.Ordinal) ? 1 : text.StartsWith("->", StringComparison.Ordinal) ? 2 : 0;
        if (empty > 0)
        {
            return Take(HtmlTokenKind.Comment, start, 0, start + empty);
        }

        for (int at = 0; ;)
        {
            int found = text[at..].IndexOf("--", StringComparison.Ordinal);
            if (found < 0)
            {
                return Take(HtmlTokenKind.Comment, start, text.Length, _html.Length);
            }

            at += found;
            ReadOnlySpan<char> after = text[(at + 2)..];
            int length = after.StartsWith(">", StringComparison.Ordinal) ? 1 : after.StartsWith("!>", StringComparison.Ordinal) ? 2 : 0;
            if (length > 0)
            {
                return Take(HtmlTokenKind.Comment, start, at, start + at + 2 + length);
            }

            at++;
        }
    }

    private bool TakeCdata(int start)
    {
        int found = _html[start..].IndexOf("]]>", StringComparison.Ordinal);
        IsRaw = true;
        return found < 0 ? Take(HtmlTokenKind.Text, start, _html.Length - start, _html.Length) : Take(HtmlTokenKind.Text, start, found, start + found + 3);
    }

    private bool TakeTag(HtmlTokenKind kind, int start)
    {
        int at = start + Span(start, NameEnd);
        Name = _html[start..at];
        _attributeCount = 0;
        SelfClosing = false;
        while (at < _html.Length && _html[at] != '>')
        {
            if (_html[at] is '/' or ' ' or '\t' or '\n' or '\f' or '\r')
            {
                SelfClosing = _html[at] == '/' && at + 1 < _html.Length && _html[at + 1] == '>';
                at++;
            }
            else
            {
                at = TakeAttribute(at);
            }
        }

        // A tag that the end of the text cuts off is none (§13.2.5: eof-in-tag).
        return at < _html.Length ? Take(kind, at, 0, at + 1) : Take(HtmlTokenKind.Comment, at, 0, at);
    }

    private int TakeAttribute(int at)
    {
        // A name may begin with '=' and end nowhere near it.
        int nameLength = Math.Max(1, _html[at] == '=' ? 1 + Span(at + 1, AttributeNameEnd) : Span(at, AttributeNameEnd));
        int end = at + nameLength;
        int value = end + Blank(end);
        if (value >= _html.Length || _html[value] != '=')
        {
            Keep(at, nameLength, end, 0);
            return end;
        }

        value += 1;
        value += Blank(value);
        if (value >= _html.Length || _html[value] == '>')
        {
            Keep(at, nameLength, Math.Min(value, _html.Length), 0);
            return Math.Min(value, _html.Length);
        }

        if (_html[value] is '"' or '\'')
        {
            int quote = _html[(value + 1)..].IndexOf(_html[value]);
            int length = quote < 0 ? _html.Length - value - 1 : quote;
            Keep(at, nameLength, value + 1, length);
            return quote < 0 ? _html.Length : value + 1 + length + 1;
        }

        int plain = Span(value, ValueEnd);
        Keep(at, nameLength, value, plain);
        return value + plain;
    }

    private void Keep(int name, int nameLength, int value, int valueLength)
    {
        if (_attributeCount < MaxAttributes)
        {
            _attributes[_attributeCount++] = (name, nameLength, value, valueLength);
        }
    }

    private readonly int Span(int start, SearchValues<char> end)
    {
        int found = _html[start..].IndexOfAny(end);
        return found < 0 ? _html.Length - start : found;
    }

    private readonly int Blank(int start)
    {
        int at = start;
        while (at < _html.Length && _html[at] is ' ' or '\t' or '\n' or '\f' or '\r')
        {
            at++;
        }

        return at - start;
    }

    private bool Take(HtmlTokenKind kind, int start, int length, int next)
    {
        Kind = kind;
        Content = _html.Slice(start, length);
        _at = next;
        return true;
    }
}
