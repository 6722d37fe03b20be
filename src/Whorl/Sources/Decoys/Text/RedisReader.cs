using System.Buffers.Text;
using Whorl.Fingerprints.Wire;

namespace Whorl.Sources.Decoys.Text;

/// <summary>Reads commands of Redis (RESP 2): arrays of strings, or lines of words. Remembers how far it came in one that is not whole yet, so that single bytes do not have all be read anew.</summary>
internal sealed class RedisReader
{
    // Redis itself takes a million; what attackers send has a dozen.
    public const int MaxArguments = 1024;

    // One string: an SSH key, a crontab or a module's first kilobytes.
    public const int MaxString = 48 * 1024;

    // Redis's own limit of a line.
    private const int MaxInline = 16 * 1024;

    private List<byte[]> _arguments = [];
    private int _count;
    private int _at;

    /// <summary>Reads one command from the first of its bytes; where more are needed, the same bytes come again before those that follow.</summary>
    /// <param name="consumed">Its length where the status is done.</param>
    /// <param name="arguments">Its words; none for an empty line.</param>
    public ParseStatus TryParse(ReadOnlySpan<byte> bytes, out int consumed, out IReadOnlyList<byte[]> arguments)
    {
        (consumed, arguments) = (0, []);
        if (bytes.IsEmpty)
        {
            return ParseStatus.NeedMore;
        }

        ParseStatus status = bytes[0] == '*' ? Array(bytes) : Inline(bytes);
        if (status == ParseStatus.Done)
        {
            (consumed, arguments) = (_at, _arguments);
            (_at, _arguments) = (0, []);
        }

        return status;
    }

    private ParseStatus Array(ReadOnlySpan<byte> bytes)
    {
        ParseStatus status;
        if (_at == 0)
        {
            int head = 1;
            status = Number(bytes, ref head, MaxArguments, out _count);
            if (status != ParseStatus.Done)
            {
                return status;
            }

            _at = head;
        }

        while (_arguments.Count < _count)
        {
            int at = _at;
            if (at >= bytes.Length)
            {
                return ParseStatus.NeedMore;
            }

            if (bytes[at++] != '$')
            {
                return ParseStatus.Malformed;
            }

            status = Number(bytes, ref at, MaxString, out int length);
            if (status != ParseStatus.Done)
            {
                return status;
            }

            if (bytes.Length - at < length + 2)
            {
                return ParseStatus.NeedMore;
            }

            _arguments.Add(bytes.Slice(at, length).ToArray());
            _at = at + length + 2;
        }

        return ParseStatus.Done;
    }

    private ParseStatus Inline(ReadOnlySpan<byte> bytes)
    {
        int most = Math.Min(bytes.Length, MaxInline);
        int end = bytes[_at..most].IndexOf((byte)'\n');
        if (end < 0)
        {
            _at = most;
            return most == MaxInline ? ParseStatus.Malformed : ParseStatus.NeedMore;
        }

        end += _at;
        ReadOnlySpan<byte> line = bytes[..end].TrimEnd((byte)'\r');
        foreach (Range part in line.Split((byte)' '))
        {
            if (!line[part].IsEmpty && _arguments.Count < MaxArguments)
            {
                _arguments.Add(line[part].ToArray());
            }
        }

        _at = end + 1;
        return ParseStatus.Done;
    }

    private static ParseStatus Number(ReadOnlySpan<byte> bytes, ref int at, int most, out int value)
    {
        value = 0;
        ReadOnlySpan<byte> rest = bytes[at..];
        int end = rest[..Math.Min(rest.Length, 12)].IndexOf((byte)'\n');
        if (end < 0)
        {
            return rest.Length >= 12 ? ParseStatus.Malformed : ParseStatus.NeedMore;
        }

        ReadOnlySpan<byte> digits = rest[..end].TrimEnd((byte)'\r');
        if (!Utf8Parser.TryParse(digits, out value, out int used) || used != digits.Length || value < 0 || value > most)
        {
            return ParseStatus.Malformed;
        }

        at += end + 1;
        return ParseStatus.Done;
    }
}
