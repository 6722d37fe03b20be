using System.Buffers.Text;
using Whorl.Fingerprints.Wire;

namespace Whorl.Sources.Decoys.Text;

/// <summary>One command of Redis (RESP 2): an array of strings, or a line of words.</summary>
internal static class RedisCommand
{
    // Redis itself takes a million; what attackers send has a dozen.
    public const int MaxArguments = 1024;

    // One string: an SSH key, a crontab or a module's first kilobytes.
    public const int MaxString = 48 * 1024;

    // Redis's own limit of a line.
    private const int MaxInline = 16 * 1024;

    /// <summary>Reads one command.</summary>
    /// <param name="consumed">Its length where the status is done.</param>
    /// <param name="arguments">Its words; none for an empty line.</param>
    public static ParseStatus TryParse(ReadOnlySpan<byte> bytes, out int consumed, out List<byte[]> arguments)
    {
        consumed = 0;
        arguments = [];
        if (bytes.IsEmpty)
        {
            return ParseStatus.NeedMore;
        }

        if (bytes[0] != '*')
        {
            return Inline(bytes, ref consumed, arguments);
        }

        int at = 1;
        ParseStatus status = Number(bytes, ref at, MaxArguments, out int count);
        if (status != ParseStatus.Done)
        {
            return status;
        }

        for (int i = 0; i < count; i++)
        {
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

            arguments.Add(bytes.Slice(at, length).ToArray());
            at += length + 2;
        }

        consumed = at;
        return ParseStatus.Done;
    }

    private static ParseStatus Inline(ReadOnlySpan<byte> bytes, ref int consumed, List<byte[]> arguments)
    {
        int end = bytes[..Math.Min(bytes.Length, MaxInline)].IndexOf((byte)'\n');
        if (end < 0)
        {
            return bytes.Length >= MaxInline ? ParseStatus.Malformed : ParseStatus.NeedMore;
        }

        ReadOnlySpan<byte> line = bytes[..end].TrimEnd((byte)'\r');
        foreach (Range part in line.Split((byte)' '))
        {
            if (!line[part].IsEmpty && arguments.Count < MaxArguments)
            {
                arguments.Add(line[part].ToArray());
            }
        }

        consumed = end + 1;
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
