using System.Buffers;
using Whorl.Fingerprints.Wire;
using Whorl.Kernel;

namespace Whorl.Sources.Edge.Messages;

/// <summary>An HTTP/1 request's line and fields, as places in the bytes they were read from (RFC 9112 §3). Reused for every request of a connection.</summary>
internal sealed class RequestHead
{
    // The longest method in the IANA registry has 17 letters.
    private const int MaxMethodLength = 32;

    private static readonly SearchValues<byte> MethodBytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ-_abcdefghijklmnopqrstuvwxyz0123456789"u8);

    // Visible ASCII without '#': a fragment is never sent (RFC 9112 §3.2), anything else must be percent-encoded.
    private static readonly SearchValues<byte> TargetBytes = SearchValues.Create([.. Enumerable.Range(33, 94).Where(value => value != '#').Select(value => (byte)value)]);

    // Host = uri-host [ ":" port ] (RFC 9110 §7.2), kept to what name, IPv4 and IPv6 literals need.
    private static readonly SearchValues<byte> HostBytes = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]"u8);

    private int _scanned;

    public HeaderBlock Headers { get; } = new();

    public int MethodStart { get; private set; }

    public int MethodLength { get; private set; }

    public int TargetStart { get; private set; }

    public int TargetLength { get; private set; }

    /// <summary>Where the fields begin; 0 where the line before them could not be read.</summary>
    public int HeadersStart { get; private set; }

    /// <summary>Length of the whole head with its empty line.</summary>
    public int Length { get; private set; }

    public bool IsHttp10 { get; private set; }

    /// <summary>True where the fields are those of the last request, byte for byte.</summary>
    public bool Repeats { get; private set; }

    public RequestFault Fault { get; private set; }

    public void Reset()
    {
        _scanned = 0;
        Fault = RequestFault.None;
    }

    /// <summary>Reads a head at the beginning of <paramref name="bytes"/>. Call again with more bytes after NeedMore; the end is looked for only once in each byte.</summary>
    /// <param name="before">The block of fields of the connection's last request: clients mostly send the same again, and what was read and found sound once is so still.</param>
    public ParseStatus Read(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> before, int maxLength, int maxCount)
    {
        Repeats = false;
        HeadersStart = 0;
        // One empty line before a request is forgiven (RFC 9112 §2.2).
        int start = bytes is [(byte)'\r', (byte)'\n', ..] ? 2 : 0;
        if (before.Length > 0 && bytes.Length <= maxLength && TryRepeat(bytes, start, before))
        {
            return ParseStatus.Done;
        }

        int from = Math.Max(start, _scanned - 3);
        int found = from < bytes.Length ? bytes[from..].IndexOf("\r\n\r\n"u8) : -1;
        if (found < 0)
        {
            _scanned = bytes.Length;
            if (bytes.Length > maxLength)
            {
                return Refuse(RequestFault.TooLarge);
            }

            // A first line that ends in a bare LF will never become a request; telling at once is kinder than a time-out.
            int lf = bytes[start..].IndexOf((byte)'\n');
            return lf == 0 || (lf > 0 && bytes[start + lf - 1] != '\r') ? Refuse(RequestFault.LineEnd) : ParseStatus.NeedMore;
        }

        int end = from + found + 4;
        if (end > maxLength)
        {
            return Refuse(RequestFault.TooLarge);
        }

        ReadOnlySpan<byte> head = bytes[..end];
        if (!ReadLine(head, start))
        {
            return Refuse(RequestFault.RequestLine);
        }

        if (head[HeadersStart - 1] != '\n')
        {
            return Refuse(RequestFault.LineEnd);
        }

        if (Headers.Read(head[HeadersStart..], maxCount) != ParseStatus.Done)
        {
            return Refuse(Headers.Fault);
        }

        Length = HeadersStart + Headers.Length;
        return !HostIsSound(head[HeadersStart..]) ? Refuse(RequestFault.Host)
            : IsHttp10 && Headers.Chunked ? Refuse(RequestFault.TransferEncoding)
            : ParseStatus.Done;
    }

    private bool TryRepeat(ReadOnlySpan<byte> bytes, int start, ReadOnlySpan<byte> before)
    {
        bool wasHttp10 = IsHttp10;
        int cr = bytes[start..].IndexOf((byte)'\r');
        if (cr < 0 || !bytes[Math.Min(bytes.Length, start + cr + 2)..].StartsWith(before) || bytes[start + cr + 1] != '\n' || !ReadLine(bytes, start) || IsHttp10 != wasHttp10)
        {
            return false;
        }

        Repeats = true;
        Length = HeadersStart + before.Length;
        return true;
    }

    private ParseStatus Refuse(RequestFault fault)
    {
        Fault = fault;
        return ParseStatus.Malformed;
    }

    private bool ReadLine(ReadOnlySpan<byte> head, int start)
    {
        ReadOnlySpan<byte> line = head[start..];
        line = line[..line.IndexOf((byte)'\r')];
        int space = line.IndexOf((byte)' ');
        if (space is < 1 or > MaxMethodLength || line[..space].ContainsAnyExcept(MethodBytes))
        {
            return false;
        }

        MethodStart = start;
        MethodLength = space;
        ReadOnlySpan<byte> rest = line[(space + 1)..];
        int end = rest.IndexOf((byte)' ');
        if (end < 1 || rest[..end].ContainsAnyExcept(TargetBytes))
        {
            return false;
        }

        TargetStart = start + space + 1;
        TargetLength = end;
        HeadersStart = start + line.Length + 2;
        ReadOnlySpan<byte> version = rest[(end + 1)..];
        IsHttp10 = version.SequenceEqual("HTTP/1.0"u8);
        return IsHttp10 || version.SequenceEqual("HTTP/1.1"u8);
    }

    private bool HostIsSound(ReadOnlySpan<byte> block)
    {
        if (Headers.Host < 0)
        {
            return IsHttp10;
        }

        ReadOnlySpan<byte> host = Headers.Lines[Headers.Host].Value(block);
        return host.Length is > 0 and <= 255 && !host.ContainsAnyExcept(HostBytes);
    }
}
