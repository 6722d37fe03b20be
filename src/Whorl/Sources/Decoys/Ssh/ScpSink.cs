using System.Buffers;
using System.Globalization;
using System.Text;
using Whorl.Sources.Decoys.Sessions;

namespace Whorl.Sources.Decoys.Ssh;

/// <summary>Takes files as <c>scp -t</c> does: a line with mode, length and name, the bytes, a zero; each answered by a zero.</summary>
internal sealed class ScpSink(SshChannel channel, SessionReport report)
{
    // Lines of the protocol in one run: folders and times are lines, too.
    private const int MaxLines = 1000;

    private const int MaxLine = 4096;

    private static readonly byte[] Fine = [0];

    private readonly StringBuilder _held = new();

    public async Task RunAsync()
    {
        await channel.WriteAsync(Fine);
        for (int i = 0; i < MaxLines && await LineAsync() is { } line; i++)
        {
            string[] parts = line.Split(' ', 3);
            if (line.StartsWith('C') && parts.Length == 3 && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long length))
            {
                await channel.WriteAsync(Fine);
                if (!await FileAsync(parts[2], length))
                {
                    return;
                }
            }

            await channel.WriteAsync(Fine);
        }
    }

    private async Task<bool> FileAsync(string name, long length)
    {
        ArrayBufferWriter<byte> kept = new();
        int max = report.Limits.PayloadKilobytes * 1024;
        long left = length;
        bool more = true;
        while (left > 0 && more)
        {
            int take = (int)Math.Min(left, _held.Length);
            kept.Write(Encoding.Latin1.GetBytes(_held.ToString(0, Math.Min(take, Math.Max(0, max - kept.WrittenCount)))));
            _held.Remove(0, take);
            left -= take;
            more = left == 0 || await FillAsync();
        }

        await report.PayloadAsync(kept.WrittenMemory, length - left, name);

        // The zero behind it.
        if (left == 0 && (_held.Length > 0 || await FillAsync()))
        {
            _held.Remove(0, 1);
            return true;
        }

        return false;
    }

    private async Task<string?> LineAsync()
    {
        while (true)
        {
            string held = _held.ToString();
            int end = held.IndexOf('\n', StringComparison.Ordinal);
            if (end >= 0)
            {
                _held.Remove(0, end + 1);
                return held[..end];
            }

            if (held.Length > MaxLine || !await FillAsync())
            {
                return null;
            }
        }
    }

    private async Task<bool> FillAsync()
    {
        if (await channel.ReadAsync() is not { } text)
        {
            return false;
        }

        _held.Append(text);
        return true;
    }
}
