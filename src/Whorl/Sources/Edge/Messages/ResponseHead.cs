using Whorl.Fingerprints.Wire;

namespace Whorl.Sources.Edge.Messages;

/// <summary>How the end of a body is known.</summary>
internal enum BodyFraming : byte
{
    None,
    Length,
    Chunked,

    /// <summary>The body ends when the connection does.</summary>
    UntilClose,
}

/// <summary>
/// An HTTP/1 answer's status line and fields, as places in the bytes they were read from (RFC 9112 §4). An upstream's answer is not trusted more than
/// a client's request: whatever two readers could understand differently is refused.
/// </summary>
internal sealed class ResponseHead
{
    private int _scanned;

    public HeaderBlock Headers { get; } = new();

    public int Status { get; private set; }

    /// <summary>Where the block of fields begins.</summary>
    public int HeadersStart { get; private set; }

    public int Length { get; private set; }

    public bool IsHttp10 { get; private set; }

    public void Reset() => _scanned = 0;

    public ParseStatus Read(ReadOnlySpan<byte> bytes, int maxLength, int maxCount)
    {
        int from = Math.Max(0, _scanned - 3);
        int found = from < bytes.Length ? bytes[from..].IndexOf("\r\n\r\n"u8) : -1;
        if (found < 0)
        {
            _scanned = bytes.Length;
            bool possible = "HTTP/1."u8.StartsWith(bytes[..Math.Min(bytes.Length, 7)]) && bytes.Length <= maxLength;
            return possible ? ParseStatus.NeedMore : ParseStatus.Malformed;
        }

        int end = from + found + 4;
        if (end > maxLength || !ReadLine(bytes[..end], out int headers) || Headers.Read(bytes[headers..end], maxCount) != ParseStatus.Done)
        {
            return ParseStatus.Malformed;
        }

        HeadersStart = headers;
        Length = headers + Headers.Length;
        return IsHttp10 && Headers.Chunked ? ParseStatus.Malformed : ParseStatus.Done;
    }

    /// <summary>RFC 9112 §6.3 for the answer to a request with this method.</summary>
    public BodyFraming Framing(bool answersHead) =>
        answersHead || Status is < 200 or 204 or 304 ? BodyFraming.None
        : Headers.Chunked ? BodyFraming.Chunked
        : Headers.ContentLength >= 0 ? BodyFraming.Length
        : BodyFraming.UntilClose;

    /// <summary>True where the connection may carry another exchange after a clean end of this one.</summary>
    public bool Persists(BodyFraming framing) =>
        framing != BodyFraming.UntilClose && !Headers.Close && (!IsHttp10 || Headers.KeepAlive);

    private bool ReadLine(ReadOnlySpan<byte> head, out int headers)
    {
        int cr = head.IndexOf((byte)'\r');
        headers = cr + 2;

        // "HTTP/1.1 200" and then nothing, or a space and a reason, which is not passed on.
        if (cr < 12 || !head.StartsWith("HTTP/1."u8) || head[7] is not ((byte)'0' or (byte)'1') || head[8] != ' '
            || (cr > 12 && head[12] != ' ') || head[13..Math.Max(13, cr)].ContainsAnyInRange((byte)0, (byte)8) || head[13..Math.Max(13, cr)].Contains((byte)'\n'))
        {
            return false;
        }

        IsHttp10 = head[7] == '0';
        Status = 0;
        for (int i = 9; i < 12; i++)
        {
            if (!char.IsAsciiDigit((char)head[i]))
            {
                return false;
            }

            Status = (Status * 10) + (head[i] - '0');
        }

        return Status is >= 100 and <= 599;
    }
}
