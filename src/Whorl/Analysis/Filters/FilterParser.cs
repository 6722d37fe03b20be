using System.Globalization;
using System.Text;
using Whorl.Kernel;

namespace Whorl.Analysis.Filters;

/// <summary>
/// Reads the filter language. Recursive descent over bounded text; every fault has a place and a next step.
/// <code>
/// any     = all { "or" all }
/// all     = one { [ "and" ] one }
/// one     = "not" one | "(" any ")" | field ":" values | field ( "&lt;" | "&lt;=" | "&gt;" | "&gt;=" ) number | word
/// values  = value | "(" any ")"        inside these brackets words are values of the field
/// value   = word, in which * stands for anything and \ takes the next character as it is | "quoted": \" \\ \uXXXX, * is a star
/// </code>
/// </summary>
internal sealed class FilterParser
{
    /// <summary>Longer than any filter a person keeps in a URL; browsers and proxies cut URLs near 8 KiB.</summary>
    public const int MaxLength = 4096;

    // Brackets and nots deeper than this are a fault, so that the stack is never at the mercy of the text.
    private const int MaxDepth = 32;

    // Bounds the work of one match.
    private const int MaxTerms = 128;

    private readonly string _text;
    private int _at;
    private int _depth;
    private int _terms;
    private FilterFault? _fault;

    private FilterParser(string text) => _text = text;

    public static bool TryParse(string text, out Filter? filter, out FilterFault? fault)
    {
        filter = null;
        if (text.Length > MaxLength)
        {
            fault = new(MaxLength, text.Length - MaxLength, $"a filter has at most {MaxLength} characters");
            return false;
        }

        FilterParser parser = new(text);
        parser.SkipSpace();
        Node? root = null;
        if (parser._at < text.Length)
        {
            root = parser.Any(null);
            parser.SkipSpace();
            if (parser._fault is null && parser._at < text.Length)
            {
                parser.Fail(parser._at, 1, text[parser._at] == ')' ? "this bracket closes nothing" : "a filter cannot go on like this here");
            }
        }

        fault = parser._fault;
        if (fault is not null)
        {
            return false;
        }

        filter = root is null ? Filter.Everything : new(text.Trim(), root);
        return true;
    }

    private Node? Any(FilterField? field)
    {
        Node? left = All(field);
        while (left is not null && TakeWord("or"))
        {
            left = All(field) is { } right ? new OrNode(left, right) : null;
        }

        return left;
    }

    private Node? All(FilterField? field)
    {
        Node? left = One(field);
        while (left is not null)
        {
            bool joined = TakeWord("and");
            SkipSpace();
            if (!joined && (_at >= _text.Length || _text[_at] == ')' || PeekWord("or")))
            {
                break;
            }

            left = One(field) is { } right ? new AndNode(left, right) : null;
        }

        return left;
    }

    private Node? One(FilterField? field)
    {
        SkipSpace();
        if (_at >= _text.Length)
        {
            return Fail(_at, 0, field is null ? "a condition is missing here" : $"a value for {field.Name} is missing here");
        }

        if (++_depth > MaxDepth)
        {
            return Fail(_at, 1, $"brackets and nots go at most {MaxDepth} deep");
        }

        Node? node = Inner(field);
        _depth--;
        return node;
    }

    private Node? Inner(FilterField? field)
    {
        if (TakeWord("not"))
        {
            return One(field) is { } inner ? new NotNode(inner) : null;
        }

        if (_text[_at] == '(')
        {
            int open = _at++;
            Node? inner = Any(field);
            SkipSpace();
            if (inner is null)
            {
                return null;
            }

            if (_at >= _text.Length || _text[_at] != ')')
            {
                return Fail(open, 1, "this bracket is never closed");
            }

            _at++;
            return inner;
        }

        if (_text[_at] == ')')
        {
            return Fail(_at, 1, "a condition is missing before this bracket");
        }

        if (PeekWord("and") || PeekWord("or"))
        {
            return Fail(_at, PeekWord("or") ? 2 : 3, "this word joins two conditions; the one before it is missing");
        }

        if (++_terms > MaxTerms)
        {
            return Fail(_at, 1, $"a filter has at most {MaxTerms} conditions");
        }

        return field is null ? Term() : Value(field);
    }

    private Node? Term()
    {
        int start = _at, end = _at;
        while (end < _text.Length && (char.IsAsciiLetterOrDigit(_text[end]) || _text[end] is '.' or '_' or '-'))
        {
            end++;
        }

        int sign = end;
        while (sign < _text.Length && char.IsWhiteSpace(_text[sign]))
        {
            sign++;
        }

        // "2001:db8::1" alone is an address, not a field called 2001.
        bool isAddress = Network.TryParse(WordAt(start), out Network network);
        if (end == start || isAddress || sign >= _text.Length || _text[sign] is not (':' or '=' or '<' or '>'))
        {
            Pattern? pattern = ReadPattern(out _);
            return pattern is null ? null
                : isAddress ? new NetworkNode(FilterFields.Find("client.ip")!, network)
                : pattern.IsAnything ? Fail(start, _at - start, "a star alone needs a field before it, as in tls.ja4: *")
                : new WordNode(pattern);
        }

        string name = _text[start..end];
        if (FilterFields.Find(name) is not { } field)
        {
            return Fail(start, end - start, FilterFields.Nearest(name) is { } near ? $"there is no field {name}; did you mean {near}?" : $"there is no field {name}");
        }

        _at = sign + 1;
        if (_text[sign] is ':' or '=')
        {
            SkipSpace();
            return _at < _text.Length ? Values(field) : Fail(_at, 0, $"a value for {field.Name} is missing here");
        }

        bool orEqual = _at < _text.Length && _text[_at] == '=';
        _at += orEqual ? 1 : 0;
        return Compare(field, (_text[sign], orEqual) switch
        {
            ('<', false) => Comparison.Less,
            ('<', true) => Comparison.LessOrEqual,
            ('>', false) => Comparison.Greater,
            _ => Comparison.GreaterOrEqual,
        });
    }

    private Node? Values(FilterField field) => _text[_at] == '(' ? One(field) : _text[_at] == ')' ? Fail(_at, 1, $"a value for {field.Name} is missing here") : Value(field);

    private Node? Value(FilterField field)
    {
        int start = _at;
        Pattern? pattern = ReadPattern(out bool quoted);
        if (pattern is null)
        {
            return null;
        }

        if (pattern.IsAnything && !quoted)
        {
            return new ExistsNode(field);
        }

        string text = pattern.Literal;
        switch (field.Type)
        {
            case FieldType.Address when pattern.IsExact:
                return Network.TryParse(text, out Network network) ? new NetworkNode(field, network)
                    : Fail(start, _at - start, $"{field.Name} takes an address or a prefix such as 203.0.113.0/24");
            case FieldType.Number when pattern.IsExact:
                return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
                    ? new NumberNode(field, Comparison.Equal, number)
                    : Fail(start, _at - start, $"{field.Name} takes a number");
            case FieldType.Flag:
                bool yes = Filter.IsWord(text, "true") || Filter.IsWord(text, "yes");
                return yes || Filter.IsWord(text, "false") || Filter.IsWord(text, "no") ? new FlagNode(field, yes)
                    : Fail(start, _at - start, $"{field.Name} is true or false");
            default:
                return new TextNode(field, pattern);
        }
    }

    private Node? Compare(FilterField field, Comparison comparison)
    {
        SkipSpace();
        int start = _at;
        if (field.Type != FieldType.Number)
        {
            return Fail(start, 0, $"{field.Name} has no order; use {field.Name}: value");
        }

        ReadOnlySpan<char> word = WordAt(start);
        _at += word.Length;
        return double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? new NumberNode(field, comparison, number)
            : Fail(start, word.Length, $"{field.Name} is compared with a number");
    }

    private Pattern? ReadPattern(out bool quoted)
    {
        quoted = _text[_at] == '"';
        return quoted ? ReadQuoted() : ReadWord();
    }

    private Pattern? ReadQuoted()
    {
        int open = _at++;
        StringBuilder value = new();
        while (_at < _text.Length && _text[_at] != '"')
        {
            char c = _text[_at++];
            if (c == '\\' && _at < _text.Length)
            {
                c = _text[_at++];
                if (c == 'u' && _at + 4 <= _text.Length && ushort.TryParse(_text.AsSpan(_at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code))
                {
                    c = (char)code;
                    _at += 4;
                }
            }

            value.Append(c);
        }

        if (_at >= _text.Length)
        {
            Fail(open, 1, "this quote is never closed");
            return null;
        }

        _at++;
        return Pattern.Exact(value.ToString());
    }

    private Pattern ReadWord()
    {
        List<string> parts = [];
        StringBuilder part = new();
        while (_at < _text.Length && !EndsWord(_text[_at]))
        {
            char c = _text[_at++];
            if (c == '*')
            {
                parts.Add(part.ToString());
                part.Clear();
            }
            else
            {
                part.Append(c == '\\' && _at < _text.Length ? _text[_at++] : c);
            }
        }

        parts.Add(part.ToString());
        return new(parts);
    }

    private ReadOnlySpan<char> WordAt(int start)
    {
        int end = start;
        while (end < _text.Length && !EndsWord(_text[end]))
        {
            end++;
        }

        return _text.AsSpan(start, end - start);
    }

    private bool PeekWord(string word) => Filter.IsWord(WordAt(_at), word);

    private bool TakeWord(string word)
    {
        SkipSpace();
        if (!PeekWord(word))
        {
            return false;
        }

        _at += word.Length;
        return true;
    }

    private void SkipSpace()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            _at++;
        }
    }

    private static bool EndsWord(char c) => char.IsWhiteSpace(c) || c is '(' or ')' or '"';

    private Node? Fail(int start, int length, string message)
    {
        _fault ??= new(start, length, message);
        return null;
    }
}
