using System.Text;

namespace Whorl.Sources.Decoys.Shell;

/// <summary>When a command is run, after the one before it.</summary>
internal enum Joint
{
    Always,
    AfterSuccess,
    AfterFailure,
    Piped,
}

/// <summary>Where a command's output goes or its input comes from.</summary>
internal readonly record struct Redirection(string Path, bool Append, bool Input);

/// <summary>One simple command of a line.</summary>
internal sealed record SimpleCommand(Joint Joint, IReadOnlyList<string> Words, IReadOnlyList<Redirection> Redirections, string? HereDelimiter)
{
    /// <summary>Whether its output is the input of the next.</summary>
    public bool Feeds { get; init; }
}

/// <summary>Splits a line as a POSIX shell does, as far as attackers' lines need it: quotes, escapes, variables, pipes, lists, redirections, here-documents.</summary>
internal sealed class CommandLine
{
    // One line of a dropper has some twenty commands; a longer list is cut.
    private const int MaxCommands = 128;

    private const int MaxWords = 512;

    private const int MaxRedirections = 16;

    // What variables and $(…) may blow one word, and all words of a line, up to: a dropper's whole binary as \x.. stays under it.
    private const int MaxWord = 64 * 1024;

    private const int MaxText = 256 * 1024;

    private readonly string _line;
    private readonly Func<string, string> _variable;
    private readonly Func<string, string> _substitute;
    private List<string> _words = [];
    private List<Redirection> _redirections = [];
    private string? _here;
    private SimpleCommand? _next;
    private Joint _joint;
    private int _at;
    private int _count;
    private int _text;

    /// <param name="line">The line, one character per byte.</param>
    /// <param name="variable">Value of a variable.</param>
    /// <param name="substitute">Output of a command in <c>$(…)</c>.</param>
    public CommandLine(string line, Func<string, string> variable, Func<string, string> substitute) => (_line, _variable, _substitute) = (line, variable, substitute);

    /// <summary>The next command; null at the end. What it says is filled in now, so that it sees what those before it did.</summary>
    public SimpleCommand? Next()
    {
        _next = null;
        Read();
        return _next is null || ++_count > MaxCommands ? null : _next with { Feeds = _joint == Joint.Piped };
    }

    private void Read()
    {
        while (_at < _line.Length && _next is null)
        {
            char c = _line[_at];
            switch (c)
            {
                case ' ' or '\t' or '\r':
                    _at++;
                    break;
                case '#' when _at == 0 || _line[_at - 1] is ' ' or ';' or '\n':
                    _at = _line.IndexOf('\n', _at) is >= 0 and int end ? end : _line.Length;
                    break;
                case ';' or '\n' or '(' or ')':
                    Cut(1, Joint.Always);
                    break;
                case '&':
                    bool both = Peek(1) == '&';
                    Cut(both ? 2 : 1, both ? Joint.AfterSuccess : Joint.Always);
                    break;
                case '|':
                    bool or = Peek(1) == '|';
                    Cut(or ? 2 : 1, or ? Joint.AfterFailure : Joint.Piped);
                    break;
                case '>' or '<':
                    ReadRedirection(c);
                    break;
                case >= '0' and <= '9' when Peek(1) is '>' && _words.Count > 0 && _line[_at - 1] == ' ':
                    _at++;
                    ReadRedirection('>', keep: c == '1');
                    break;
                default:
                    string word = ReadWord();
                    if (_words.Count < MaxWords)
                    {
                        _words.Add(word);
                    }

                    break;
            }
        }

        if (_next is null)
        {
            Cut(0, Joint.Always);
        }
    }

    private char Peek(int ahead) => _at + ahead < _line.Length ? _line[_at + ahead] : '\0';

    private void Cut(int length, Joint joint)
    {
        _at += length;
        if (_words.Count > 0 || _redirections.Count > 0)
        {
            _next = new(_joint, _words, _redirections, _here);
            (_words, _redirections, _here) = ([], [], null);
        }

        _joint = joint;
    }

    private void ReadRedirection(char kind, bool keep = true)
    {
        bool twice = Peek(1) == kind;
        _at += twice ? 2 : 1;
        if (Peek(0) == '&')
        {
            // 2>&1: there is one stream here.
            _at++;
            ReadWord();
            return;
        }

        while (Peek(0) is ' ' or '-')
        {
            _at++;
        }

        string word = ReadWord();
        if (kind == '<' && twice)
        {
            _here = word;
        }
        else if (keep && word.Length > 0 && _redirections.Count < MaxRedirections)
        {
            _redirections.Add(new(word, twice, kind == '<'));
        }
    }

    private string ReadWord()
    {
        StringBuilder word = new();
        int begin = _at;
        while (_at < _line.Length)
        {
            char c = _line[_at];
            if (c is ' ' or '\t' or '\r' or '\n' or ';' or '&' or '|' or '<' or '>' or '(' or ')')
            {
                break;
            }

            switch (c)
            {
                case '\\':
                    Add(word, _at + 1 < _line.Length ? _line.AsSpan(_at + 1, 1) : "\\");
                    _at += 2;
                    break;
                case '\'':
                    int end = _line.IndexOf('\'', _at + 1);
                    end = end < 0 ? _line.Length : end;
                    Add(word, _line.AsSpan(_at + 1, end - _at - 1));
                    _at = end + 1;
                    break;
                case '"':
                    _at++;
                    ReadQuoted(word);
                    break;
                case '$' or '`':
                    ReadExpansion(word);
                    break;
                default:
                    Add(word, _line.AsSpan(_at++, 1));
                    break;
            }
        }

        // What no word can begin with would otherwise be read again and again.
        _at = _at == begin && _at < _line.Length && _line[_at] is not (' ' or '\n' or ';' or '&' or '|' or '<' or '>' or '(' or ')' or '\t' or '\r') ? _at + 1 : Math.Min(_at, _line.Length);
        return word.ToString();
    }

    private void ReadQuoted(StringBuilder word)
    {
        while (_at < _line.Length && _line[_at] != '"')
        {
            if (_line[_at] == '\\' && Peek(1) is '"' or '\\' or '$' or '`')
            {
                int skip = _line[_at] == '\\' ? 1 : 0;
                Add(word, _line.AsSpan(_at + skip, 1));
                _at += skip + 1;
            }
            else if (_line[_at] is '$' or '`')
            {
                ReadExpansion(word);
            }
            else
            {
                Add(word, _line.AsSpan(_at++, 1));
            }
        }

        _at++;
    }

    private void ReadExpansion(StringBuilder word)
    {
        if (_line[_at] == '`')
        {
            int end = _line.IndexOf('`', _at + 1);
            end = end < 0 ? _line.Length : end;
            Add(word, _substitute(_line[(_at + 1)..end]));
            _at = Math.Min(end + 1, _line.Length);
            return;
        }

        _at++;
        if (Peek(0) == '(')
        {
            int begin = ++_at;
            for (int open = 1; _at < _line.Length && open > 0; _at++)
            {
                open += _line[_at] switch { '(' => 1, ')' => -1, _ => 0 };
            }

            int end = _at > begin && _line[_at - 1] == ')' ? _at - 1 : _at;
            Add(word, _substitute(_line[begin..end]));
            return;
        }

        bool braces = Peek(0) == '{';
        int start = braces ? ++_at : _at;
        while (_at < _line.Length && (char.IsAsciiLetterOrDigit(_line[_at]) || _line[_at] == '_' || (_at == start && _line[_at] is '?' or '$' or '!' or '#' or '@' or '*' && _at == start)))
        {
            _at++;
        }

        string name = _line[start.._at];
        if (braces)
        {
            _at = _line.IndexOf('}', _at) is >= 0 and int close ? close + 1 : _line.Length;
        }

        Add(word, name.Length == 0 ? "$" : _variable(name));
    }

    private void Add(StringBuilder word, ReadOnlySpan<char> text)
    {
        int take = Math.Min(text.Length, Math.Min(MaxWord - word.Length, MaxText - _text));
        word.Append(text[..take]);
        _text += take;
    }
}
