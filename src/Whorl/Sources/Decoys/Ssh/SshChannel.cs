using System.Buffers;
using System.Text;
using Whorl.Sources.Decoys.Sessions;
using Whorl.Sources.Decoys.Shell;

namespace Whorl.Sources.Decoys.Ssh;

/// <summary>What a client asked for on its channel.</summary>
internal readonly record struct ChannelWish(bool Shell, string? Command, bool Terminal);

/// <summary>One session channel (RFC 4254 §5 and §6) and what comes over it. One for each conversation; more are refused.</summary>
internal sealed class SshChannel(DecoySession session, SshPackets packets) : ITerminal
{
    // What we allow the peer to send before we allow more: OpenSSH's own.
    private const uint Window = 2 * 1024 * 1024;

    private const uint MaxData = 32 * 1024;

    // Bytes of input held for a program that did not ask for them yet.
    private const int MaxWaiting = 64 * 1024;

    private const int MaxLine = 8192;

    private readonly ArrayBufferWriter<byte> _input = new();
    private int _used;
    private uint _peer;
    private uint _peerWindow;
    private uint _peerData;
    private uint _taken;
    private bool _open;
    private bool _ended;
    private bool _terminal;

    /// <summary>Waits until the client says what it wants; null where it never does.</summary>
    public async Task<ChannelWish?> OpenAsync()
    {
        while (await packets.ReadAsync() is { } message)
        {
            ChannelWish? wish = await HandleAsync(message);
            if (wish is not null || _ended)
            {
                return wish;
            }
        }

        return null;
    }

    /// <summary>What the client sent since it was last asked; null at the end of its input.</summary>
    public async Task<string?> ReadAsync()
    {
        if (!await HaveAsync())
        {
            return null;
        }

        string text = Encoding.Latin1.GetString(_input.WrittenSpan[_used..]);
        Use(text.Length);
        return text;
    }

    public async ValueTask<string?> ReadLineAsync(bool echo)
    {
        StringBuilder line = new();
        StringBuilder back = new();
        while (await HaveAsync())
        {
            bool? ended = Edit(line, back);
            await EchoAsync(back);
            back.Clear();
            if (ended is not null)
            {
                return ended.Value ? line.ToString() : null;
            }
        }

        return line.Length > 0 && !_terminal ? line.ToString() : null;
    }

    public async ValueTask WriteAsync(string text) => await WriteAsync(Encoding.Latin1.GetBytes(_terminal ? text.Replace("\n", "\r\n", StringComparison.Ordinal) : text));

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty && !session.IsOver)
        {
            int take = (int)Math.Min(Math.Min(_peerWindow, _peerData), Math.Min((uint)bytes.Length, MaxData));
            if (take == 0)
            {
                // The peer takes no more for now; it says so when it does.
                if (await packets.ReadAsync() is not { } message)
                {
                    return;
                }

                await HandleAsync(message);
                if (!_open)
                {
                    return;
                }

                continue;
            }

            await packets.WriteAsync(new SshWriter().Byte(SshMessage.ChannelData).Number(_peer).String(bytes.Span[..take]));
            _peerWindow -= (uint)take;
            bytes = bytes[take..];
        }
    }

    /// <summary>Says that the program ended.</summary>
    public async Task CloseAsync(int status)
    {
        if (!_open)
        {
            return;
        }

        await packets.WriteAsync(new SshWriter().Byte(SshMessage.ChannelRequest).Number(_peer).String("exit-status"u8).Flag(false).Number((uint)status));
        await packets.WriteAsync(new SshWriter().Byte(SshMessage.ChannelEof).Number(_peer));
        await packets.WriteAsync(new SshWriter().Byte(SshMessage.ChannelClose).Number(_peer));
        _open = false;

        // The client says that it is done, too; without that some report a lost connection.
        while (await packets.ReadAsync() is { } message && message is not [SshMessage.ChannelClose, ..])
        {
            // Late input.
        }
    }

    // Waits until there is input; false at its end.
    private async ValueTask<bool> HaveAsync()
    {
        while (_used == _input.WrittenCount)
        {
            if (_ended || await packets.ReadAsync() is not { } message)
            {
                return false;
            }

            await HandleAsync(message);
        }

        return true;
    }

    private void Use(int count)
    {
        _used += count;
        if (_used == _input.WrittenCount)
        {
            _input.ResetWrittenCount();
            _used = 0;
        }
    }

    // Takes what is held up to the end of the line. True at its end, false at the end of all input, null where more must come.
    private bool? Edit(StringBuilder line, StringBuilder back)
    {
        ReadOnlySpan<byte> held = _input.WrittenSpan[_used..];
        for (int i = 0; i < held.Length; i++)
        {
            switch ((char)held[i])
            {
                case '\r' or '\n':
                    Use(i + 1);
                    back.Append('\n');
                    return true;
                case '\x04' when line.Length == 0 && _terminal:
                    Use(i + 1);
                    return false;
                case '\x03' when _terminal:
                    line.Clear();
                    back.Append("^C");
                    break;
                case '\x7F' or '\b':
                    back.Append(line.Length > 0 ? "\b \b" : "");
                    line.Length = Math.Max(0, line.Length - 1);
                    break;
                case char typed when line.Length < MaxLine:
                    line.Append(typed);
                    back.Append(typed);
                    break;
            }
        }

        Use(held.Length);
        return null;
    }

    private async ValueTask EchoAsync(StringBuilder back)
    {
        if (_terminal)
        {
            await WriteAsync(back.ToString());
        }
    }

    private async Task<ChannelWish?> HandleAsync(byte[] message)
    {
        switch (message[0])
        {
            case SshMessage.ChannelOpen:
                await OpenAsync(message);
                return null;
            case SshMessage.ChannelRequest:
                return await RequestAsync(message);
            case SshMessage.ChannelData:
                await DataAsync(message);
                return null;
            case SshMessage.ChannelWindowAdjust:
                SshReader window = new(message);
                window.Take(5);
                _peerWindow = (uint)Math.Min((ulong)_peerWindow + window.Number(), uint.MaxValue);
                return null;
            case SshMessage.ChannelEof:
                _ended = true;
                return null;
            case SshMessage.ChannelClose:
                (_ended, _open) = (true, false);
                return null;
            case SshMessage.GlobalRequest:
                await GlobalAsync(message);
                return null;
            default:
                await packets.WriteAsync(new SshWriter().Byte(SshMessage.Unimplemented).Number(0));
                return null;
        }
    }

    private async Task OpenAsync(byte[] message)
    {
        (string type, uint sender, uint window, uint data, string target) = ReadOpen(message);
        if (type == "session" && !_open && !_ended)
        {
            (_peer, _peerWindow, _peerData, _open) = (sender, window, data, true);
            await packets.WriteAsync(new SshWriter().Byte(SshMessage.ChannelOpenConfirmation).Number(sender).Number(0).Number(Window).Number(MaxData));
            return;
        }

        if (type != "session")
        {
            // Somebody wants to reach others through us.
            session.Report.Command($"{type} {target}", known: false);
        }

        await packets.WriteAsync(new SshWriter().Byte(SshMessage.ChannelOpenFailure).Number(sender).Number(1).String("open failed").String(""));
    }

    private static (string Type, uint Sender, uint Window, uint Data, string Target) ReadOpen(ReadOnlySpan<byte> message)
    {
        SshReader reader = new(message[1..]);
        string type = reader.Text();
        uint sender = reader.Number(), window = reader.Number(), data = reader.Number();
        string host = type == "direct-tcpip" ? reader.Text() : "";
        return (type, sender, window, data, host.Length > 0 ? $"{host}:{reader.Number()}" : "");
    }

    private async Task<ChannelWish?> RequestAsync(byte[] message)
    {
        (string type, bool reply, string argument) = ReadRequest(message);
        bool granted = _open && type is "pty-req" or "shell" or "exec" or "env" or "window-change";
        if (type == "subsystem")
        {
            session.Report.Command($"subsystem {argument}", known: false);
        }

        if (reply)
        {
            await packets.WriteAsync(new SshWriter().Byte(granted ? SshMessage.ChannelSuccess : SshMessage.ChannelFailure).Number(_peer));
        }

        _terminal |= granted && type == "pty-req";
        return granted && type is "shell" or "exec" ? new(type == "shell", type == "exec" ? argument : null, _terminal) : null;
    }

    private static (string Type, bool Reply, string Argument) ReadRequest(ReadOnlySpan<byte> message)
    {
        SshReader reader = new(message[1..]);
        reader.Number();
        string type = reader.Text();
        bool reply = reader.Flag();
        return (type, reply, type is "exec" or "subsystem" ? reader.Text() : "");
    }

    private async Task DataAsync(byte[] message)
    {
        int length = Keep(message);
        _taken += (uint)length;
        if (_taken > Window / 2)
        {
            await packets.WriteAsync(new SshWriter().Byte(SshMessage.ChannelWindowAdjust).Number(_peer).Number(_taken));
            _taken = 0;
        }
    }

    private int Keep(ReadOnlySpan<byte> message)
    {
        SshReader reader = new(message[1..]);
        reader.Number();
        ReadOnlySpan<byte> data = reader.String();
        if (_used >= MaxWaiting)
        {
            // So seldom that moving the rest costs nothing.
            byte[] rest = _input.WrittenSpan[_used..].ToArray();
            _input.ResetWrittenCount();
            _input.Write(rest);
            _used = 0;
        }

        _input.Write(data[..Math.Min(data.Length, Math.Max(0, MaxWaiting - (_input.WrittenCount - _used)))]);
        return data.Length;
    }

    private async Task GlobalAsync(byte[] message)
    {
        (string type, bool reply) = ReadGlobal(message);
        if (type is "tcpip-forward")
        {
            session.Report.Command(type, known: false);
        }

        if (reply)
        {
            await packets.WriteAsync([SshMessage.RequestFailure]);
        }
    }

    private static (string Type, bool Reply) ReadGlobal(ReadOnlySpan<byte> message)
    {
        SshReader reader = new(message[1..]);
        return (reader.Text(), reader.Flag());
    }
}
