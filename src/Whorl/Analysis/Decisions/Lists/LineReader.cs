using System.Text;

namespace Whorl.Analysis.Decisions.Lists;

/// <summary>Reads lines of bounded length: a longer one is passed over and reported, never held in memory.</summary>
internal sealed class LineReader(Stream input) : IDisposable
{
    /// <summary>Longer than any line of a list anyone publishes; our own JSON lines with the longest reason fit.</summary>
    public const int MaxLineLength = 8192;

    private readonly StreamReader _reader = new(input, Encoding.UTF8, detectEncodingFromByteOrderMarks: true, 64 * 1024, leaveOpen: true);
    private readonly char[] _buffer = new char[16 * 1024];
    private readonly StringBuilder _line = new();
    private int _at;
    private int _length;

    /// <summary>Number of the line that was read last, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>The next line without its end; null at the end of the input.</summary>
    public async ValueTask<(string? Line, bool TooLong)> ReadAsync(CancellationToken cancel)
    {
        _line.Clear();
        bool tooLong = false;
        bool any = false;
        while (true)
        {
            if (_at == _length)
            {
                _at = 0;
                _length = await _reader.ReadAsync(_buffer, cancel);
                if (_length == 0)
                {
                    Number += any ? 1 : 0;
                    return any ? (_line.ToString(), tooLong) : (null, false);
                }
            }

            any = true;
            int end = _buffer.AsSpan(_at, _length - _at).IndexOf('\n');
            int take = end < 0 ? _length - _at : end;
            if (_line.Length + take > MaxLineLength)
            {
                tooLong = true;
            }
            else
            {
                _line.Append(_buffer, _at, take);
            }

            _at += take;
            if (end >= 0)
            {
                _at++;
                Number++;
                return (_line.ToString().TrimEnd('\r'), tooLong);
            }
        }
    }

    public void Dispose() => _reader.Dispose();
}
