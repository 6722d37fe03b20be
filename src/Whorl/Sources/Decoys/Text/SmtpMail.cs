using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Whorl.Sources.Decoys.Sessions;

namespace Whorl.Sources.Decoys.Text;

/// <summary>Takes mails of one conversation, by DATA (RFC 5321 §4.1.1.4) or in chunks by BDAT (RFC 3030), and keeps them as payloads.</summary>
internal sealed class SmtpMail(DecoySession session)
{
    private readonly ArrayBufferWriter<byte> _kept = new();
    private long _sent;

    private int Room => (session.Report.Limits.PayloadKilobytes * 1024) - _kept.WrittenCount;

    /// <summary>Forgets chunks that no last one followed.</summary>
    public void Reset()
    {
        _kept.ResetWrittenCount();
        _sent = 0;
    }

    /// <summary>Takes lines up to a dot. False where the conversation ended before.</summary>
    public async Task<bool> LinesAsync()
    {
        Reset();
        bool whole = false;
        while (await session.ReadLineAsync(4096) is { } line)
        {
            if (line == ".")
            {
                whole = true;
                break;
            }

            line = line.StartsWith('.') ? line[1..] : line;
            _sent += line.Length + 2;
            if (line.Length + 2 <= Room)
            {
                Encoding.Latin1.GetBytes(line, _kept);
                _kept.Write("\r\n"u8);
            }
        }

        await KeepAsync();
        return whole;
    }

    /// <summary>Takes a chunk. True where it was the last of a mail.</summary>
    /// <param name="argument">What stood behind BDAT.</param>
    /// <param name="wanted">Whether somebody is to have the mail.</param>
    public async Task<bool> ChunkAsync(string argument, bool wanted)
    {
        string[] words = argument.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        bool last = words.Length == 2 && words[1].Equals("LAST", StringComparison.OrdinalIgnoreCase);
        if (words.Length is 0 or > 2 || (words.Length == 2 && !last) || !long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out long length))
        {
            await session.WriteAsync("501 5.5.4 Syntax: BDAT count [LAST]\r\n");
            return false;
        }

        long left = length;
        while (left > 0 && (!session.Input.IsEmpty || await session.MoreAsync()))
        {
            int take = (int)Math.Min(left, session.Input.Length);
            _kept.Write(session.Input.Span[..(wanted ? Math.Min(take, Room) : 0)]);
            _sent += wanted ? take : 0;
            session.Consume(take);
            left -= take;
        }

        if (!wanted)
        {
            await session.WriteAsync("554 5.5.1 Error: no valid recipients\r\n");
            return false;
        }

        if (last || left > 0)
        {
            await KeepAsync();
        }

        await session.WriteAsync(last ? Queued() : $"250 2.0.0 Ok: {length} bytes\r\n");
        return last;
    }

    public static string Queued() => $"250 2.0.0 Ok: queued as {Convert.ToHexString(RandomNumberGenerator.GetBytes(5))}\r\n";

    private async Task KeepAsync()
    {
        if (_sent > 0)
        {
            await session.Report.PayloadAsync(_kept.WrittenMemory, _sent, null, "mail");
        }

        Reset();
    }
}
