using System.Globalization;
using System.Text;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Probes.Asking;

namespace Whorl.Sources.Probes.Protocols.Http;

/// <summary>The answer of an HTTP/1 server (RFC 9112): head, and as much of the body as came.</summary>
internal sealed class HttpAnswer
{
    // Larger heads are refused by every browser; a fourth of the usual limit would do for a fingerprint.
    private const int MaxHead = 64 * 1024;

    private const int MaxFields = 256;

    private readonly List<(string Name, string Value)> _fields;

    // Where the first chunk begins that was not there when it was last looked for: however small the pieces come in, each chunk is read once.
    private int _chunk;

    private HttpAnswer(int status, List<(string Name, string Value)> fields, int headLength)
    {
        (Status, _fields, HeadLength, _chunk) = (status, fields, headLength, headLength);
    }

    public int Status { get; }

    /// <summary>Bytes up to and with the empty line.</summary>
    public int HeadLength { get; }

    /// <summary>Names of the fields as they were sent, joined by commas.</summary>
    public string FieldOrder => string.Join(',', _fields.Select(each => each.Name));

    /// <summary>The first field of that name; null where there is none.</summary>
    public string? Field(string name)
    {
        int at = _fields.FindIndex(each => each.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        return at < 0 ? null : _fields[at].Value;
    }

    public bool IsChunked => Field("Transfer-Encoding")?.EndsWith("chunked", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Bytes that the body has by its head; null where its end is told in another way.</summary>
    public long? ContentLength =>
        !IsChunked && long.TryParse(Field("Content-Length"), NumberStyles.None, CultureInfo.InvariantCulture, out long length) ? length : null;

    /// <summary>Reads the head off what came so far; interim answers (1xx) are passed over.</summary>
    public static ParseStatus TryParse(ReadOnlySpan<byte> bytes, out HttpAnswer? answer)
    {
        answer = null;
        int start = 0;
        while (true)
        {
            ParseStatus status = TryParseOne(bytes[start..], start, ref answer);
            if (status != ParseStatus.Done || answer!.Status is < 100 or >= 200 || answer.Status == 101)
            {
                return status;
            }

            start = answer.HeadLength;
            answer = null;
        }
    }

    /// <summary>The body, chunks joined; as much of it as is there.</summary>
    public byte[] Body(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> rest = bytes[Math.Min(HeadLength, bytes.Length)..];
        if (!IsChunked)
        {
            return rest[..(int)Math.Min(rest.Length, ContentLength ?? rest.Length)].ToArray();
        }

        MemoryStream body = new();
        while (TryTakeChunk(ref rest, out ReadOnlySpan<byte> chunk) && !chunk.IsEmpty)
        {
            body.Write(chunk);
        }

        return body.ToArray();
    }

    /// <summary>Whether all of the body is there; where only closing ends it, no. What came so far grows from one call to the next.</summary>
    public bool IsWhole(ReadOnlySpan<byte> bytes)
    {
        if (Status is 204 or 304)
        {
            return true;
        }

        if (!IsChunked)
        {
            return bytes.Length - HeadLength >= ContentLength;
        }

        ReadOnlySpan<byte> rest = bytes[Math.Min(_chunk, bytes.Length)..];
        while (TryTakeChunk(ref rest, out ReadOnlySpan<byte> chunk))
        {
            if (chunk.IsEmpty)
            {
                return true;
            }

            _chunk = bytes.Length - rest.Length;
        }

        return false;
    }

    private static ParseStatus TryParseOne(ReadOnlySpan<byte> bytes, int offset, ref HttpAnswer? answer)
    {
        ReadOnlySpan<byte> magic = "HTTP/1."u8;
        if (!bytes[..Math.Min(bytes.Length, magic.Length)].SequenceEqual(magic[..Math.Min(bytes.Length, magic.Length)]))
        {
            return ParseStatus.Malformed;
        }

        ReadOnlySpan<byte> window = bytes[..Math.Min(bytes.Length, MaxHead)];
        List<(string, string)> fields = [];
        int at = 0, status = -1;
        while (true)
        {
            int end = window[at..].IndexOf((byte)'\n');
            if (end < 0)
            {
                return window.Length == MaxHead ? ParseStatus.Malformed : ParseStatus.NeedMore;
            }

            ReadOnlySpan<byte> line = window.Slice(at, end).TrimEnd((byte)'\r');
            at += end + 1;
            if (status < 0)
            {
                if (line.Length < 12 || line[8] != ' ' || !int.TryParse(line[9..12], NumberStyles.None, CultureInfo.InvariantCulture, out status) || (line.Length > 12 && line[12] != ' '))
                {
                    return ParseStatus.Malformed;
                }
            }
            else if (line.IsEmpty)
            {
                answer = new(status, fields, offset + at);
                return ParseStatus.Done;
            }
            else if (fields.Count == MaxFields)
            {
                return ParseStatus.Malformed;
            }
            else
            {
                int colon = line.IndexOf((byte)':');
                if (colon > 0)
                {
                    fields.Add((Encoding.Latin1.GetString(line[..colon]), Attributes.Decode(line[(colon + 1)..].Trim((byte)' '))));
                }
            }
        }
    }

    private static bool TryTakeChunk(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> chunk)
    {
        // The end of the chunk before, which may come later than its last byte.
        rest = rest.StartsWith("\r\n"u8) ? rest[2..] : rest;
        chunk = default;
        int end = rest.IndexOf((byte)'\n');
        ReadOnlySpan<byte> size = end < 0 ? default : rest[..end].TrimEnd((byte)'\r');
        int semicolon = size.IndexOf((byte)';');
        size = (semicolon < 0 ? size : size[..semicolon]).Trim((byte)' ');
        if (!int.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int length) || length < 0 || length > rest.Length - end - 1)
        {
            return false;
        }

        chunk = rest.Slice(end + 1, length);
        rest = rest[(end + 1 + length)..];
        return true;
    }
}
