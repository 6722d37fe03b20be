using System.Text;
using Whorl.Sources.Decoys.Sessions;
using Whorl.Sources.Decoys.Shell;

namespace Whorl.Sources.Decoys.Text;

/// <summary>Lines over telnet (RFC 854): takes commands and options out, echoes as it promised, knows backspace.</summary>
internal sealed class TelnetTerminal(DecoySession session) : ITerminal
{
    // Droppers' lines have a few hundred characters.
    private const int MaxLine = 8192;

    private readonly TelnetFilter _filter = new();

    public async ValueTask<string?> ReadLineAsync(bool echo)
    {
        StringBuilder line = new();
        StringBuilder back = new();
        while (true)
        {
            bool ended = false;
            int used = 0;
            ReadOnlyMemory<byte> input = session.Input;
            while (used < input.Length && !ended)
            {
                if (_filter.Take(input.Span[used++]) is { } typed)
                {
                    ended = Edit(typed, line, back);
                }
            }

            session.Consume(used);
            if (echo && back.Length > 0)
            {
                await session.WriteAsync(back.ToString());
            }

            back.Clear();

            if (ended)
            {
                return line.ToString();
            }

            if (!await session.MoreAsync())
            {
                return null;
            }
        }
    }

    public ValueTask WriteAsync(string text) => session.WriteAsync(text.Replace("\n", "\r\n", StringComparison.Ordinal).Replace("\xFF", "\xFF\xFF", StringComparison.Ordinal));

    // True at the end of the line.
    private static bool Edit(byte typed, StringBuilder line, StringBuilder back)
    {
        switch (typed)
        {
            case (byte)'\n':
                back.Append("\r\n");
                return true;
            case 0x7F or 0x08:
                if (line.Length > 0)
                {
                    line.Length--;
                    back.Append("\b \b");
                }

                return false;
            default:
                if (line.Length < MaxLine)
                {
                    line.Append((char)typed);
                    back.Append((char)typed);
                }

                return false;
        }
    }
}

/// <summary>Takes telnet's commands out of the bytes (RFC 854, 855); a byte at a time, so that it does not matter where they were cut.</summary>
internal sealed class TelnetFilter
{
    private const byte Iac = 255;
    private const byte SubBegin = 250;
    private const byte SubEnd = 240;

    private State _state;

    private enum State
    {
        Text,
        AfterReturn,
        Command,
        Option,
        Sub,
        SubCommand,
    }

    /// <summary>What the byte means as text: a line end is <c>\n</c> however it was sent; null where it is none.</summary>
    public byte? Take(byte next)
    {
        switch (_state)
        {
            case State.Command:
                _state = next switch { SubBegin => State.Sub, >= 251 and <= 254 => State.Option, _ => State.Text };
                return next == Iac ? Iac : null;
            case State.Option:
                _state = State.Text;
                return null;
            case State.Sub:
                _state = next == Iac ? State.SubCommand : State.Sub;
                return null;
            case State.SubCommand:
                _state = next == SubEnd ? State.Text : State.Sub;
                return null;
            case State.AfterReturn when next is (byte)'\n' or 0:
                _state = State.Text;
                return null;
        }

        _state = next switch { Iac => State.Command, (byte)'\r' => State.AfterReturn, _ => State.Text };
        return next switch { Iac or 0 => null, (byte)'\r' => (byte)'\n', _ => next };
    }
}
