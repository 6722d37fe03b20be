using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Fetching.Wire;

/// <summary>How the end of a body is known.</summary>
internal enum BodyFraming
{
    None,
    Length,
    Chunked,
    UntilClose,
}

/// <summary>The head of an HTTP/1 answer (RFC 9112), read as browsers do: line ends may lack the CR, lines without a colon count for nothing.</summary>
internal sealed record ResponseHead(string Protocol, int Status, IReadOnlyList<HeaderFact> Headers, BodyFraming Framing, long Length, bool KeepAlive)
{
    /// <summary>Bytes of a head; servers and browsers allow 8 to 256 KiB.</summary>
    public const int MaxLength = 64 * 1024;

    // Lines of a head; servers commonly refuse more than 100 of a request.
    private const int MaxLines = 512;

    /// <summary>The first value of a header; null where it is not there.</summary>
    public string? Get(string name)
    {
        foreach (HeaderFact each in Headers)
        {
            if (each.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return each.Value;
            }
        }

        return null;
    }

    public IEnumerable<string> All(string name) => Headers.Where(each => each.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(each => each.Value);

    /// <summary>Reads a head with its empty line.</summary>
    /// <param name="consumed">Bytes of the head.</param>
    /// <param name="scanned">Where the end has been looked for already; carried from call to call.</param>
    public static ParseStatus TryRead(ReadOnlySpan<byte> bytes, ref int scanned, out ResponseHead? head, out int consumed)
    {
        (head, consumed) = (null, 0);

        // What cannot become a head is told at once: a peer that speaks first and something else would be waited for.
        if (!"HTTP/1."u8.StartsWith(bytes[..Math.Min(bytes.Length, 7)]))
        {
            return ParseStatus.Malformed;
        }

        int end = EndOf(bytes, ref scanned);
        if (end < 0)
        {
            return bytes.Length >= MaxLength ? ParseStatus.Malformed : ParseStatus.NeedMore;
        }

        consumed = end;

        // Bytes beyond ASCII are what browsers take them for: UTF-8 where they can be.
        string text = (Utf8.IsValid(bytes[..end]) ? Encoding.UTF8 : Encoding.Latin1).GetString(bytes[..end]);
        ReadOnlySpan<char> rest = text;
        ReadOnlySpan<char> line = Line(ref rest);
        if (line.Length < 12 || line[8] != ' ' || line[7] is not ('0' or '1') || !int.TryParse(line.Slice(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out int status) || status < 100
            || (line.Length > 12 && line[12] != ' '))
        {
            return ParseStatus.Malformed;
        }

        string protocol = line.Slice(5, 3).ToString();
        List<HeaderFact> headers = [];
        while (!rest.IsEmpty)
        {
            line = Line(ref rest);
            if (line.Contains('\0') || headers.Count >= MaxLines)
            {
                return ParseStatus.Malformed;
            }

            if (line is [' ' or '\t', ..] && headers.Count > 0)
            {
                headers[^1] = headers[^1] with { Value = $"{headers[^1].Value} {line.Trim()}" };
                continue;
            }

            int colon = line.IndexOf(':');
            if (colon > 0 && line[..colon].IndexOfAny(' ', '\t', '\r') < 0)
            {
                headers.Add(new(line[..colon].ToString(), line[(colon + 1)..].Trim().ToString()));
            }
        }

        head = new(protocol, status, headers, BodyFraming.None, 0, false);
        if (Frame(ref head))
        {
            return ParseStatus.Done;
        }

        head = null;
        return ParseStatus.Malformed;
    }

    private static bool Frame([System.Diagnostics.CodeAnalysis.DisallowNull] ref ResponseHead? head)
    {
        string connection = string.Join(',', head.All("Connection"));
        bool keep = head.Protocol == "1.1" ? !connection.Contains("close", StringComparison.OrdinalIgnoreCase) : connection.Contains("keep-alive", StringComparison.OrdinalIgnoreCase);
        if (head.Status is < 200 or 204 or 304)
        {
            head = head with { KeepAlive = keep };
            return true;
        }

        string coding = string.Join(',', head.All("Transfer-Encoding"));
        if (coding.Length > 0)
        {
            bool chunked = coding.Split(',')[^1].Trim().Equals("chunked", StringComparison.OrdinalIgnoreCase);
            head = head with { Framing = chunked ? BodyFraming.Chunked : BodyFraming.UntilClose, KeepAlive = keep && chunked };
            return true;
        }

        string[] lengths = [.. head.All("Content-Length").SelectMany(value => value.Split(',')).Select(value => value.Trim()).Distinct(StringComparer.Ordinal)];
        if (lengths.Length == 0)
        {
            head = head with { Framing = BodyFraming.UntilClose };
            return true;
        }

        // Two lengths are a trick on somebody between; which one is meant nobody knows.
        if (lengths.Length > 1 || !long.TryParse(lengths[0], NumberStyles.None, CultureInfo.InvariantCulture, out long length))
        {
            return false;
        }

        head = head with { Framing = BodyFraming.Length, Length = length, KeepAlive = keep };
        return true;
    }

    private static int EndOf(ReadOnlySpan<byte> bytes, ref int scanned)
    {
        while (scanned < bytes.Length)
        {
            int feed = bytes[scanned..].IndexOf((byte)'\n');
            if (feed < 0)
            {
                scanned = bytes.Length;
                return -1;
            }

            int next = scanned + feed + 1;
            if (next < bytes.Length && bytes[next] == '\n')
            {
                return next + 1;
            }

            if (next + 1 < bytes.Length && bytes[next] == '\r' && bytes[next + 1] == '\n')
            {
                return next + 2;
            }

            // The two bytes after it may not have come yet.
            if (next + 1 >= bytes.Length)
            {
                scanned = next - 1;
                return -1;
            }

            scanned = next;
        }

        return -1;
    }

    private static ReadOnlySpan<char> Line(ref ReadOnlySpan<char> rest)
    {
        int feed = rest.IndexOf('\n');
        ReadOnlySpan<char> line = feed < 0 ? rest : rest[..feed];
        rest = feed < 0 ? default : rest[(feed + 1)..];
        return line is [.., '\r'] ? line[..^1] : line;
    }
}
