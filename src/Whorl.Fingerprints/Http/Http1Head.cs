using System.Text;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Http;

/// <summary>One header line of an HTTP/1 request.</summary>
/// <param name="Name">The name in the case sent.</param>
/// <param name="ValueStart">Where the value begins, in bytes from the start of the bytes that were parsed; spaces around it left out.</param>
/// <param name="ValueLength">Length of the value in bytes, folded lines included.</param>
public readonly record struct Http1Header(string Name, int ValueStart, int ValueLength);

/// <summary>
/// The head of an HTTP/1 request (RFC 9112): request line and header names in order and case. Values stay in the
/// caller's bytes.
/// </summary>
/// <remarks>
/// Accepted beyond the rule, because capture files and old clients hold it: bare LF as line end, empty lines before the
/// request line, folded values. Refused: names that are no token, a space before the colon, control bytes.
/// </remarks>
public sealed class Http1Head
{
    /// <summary>Bytes within which the head must end. Servers commonly allow 8 to 32 KiB.</summary>
    public const int MaxLength = 64 * 1024;

    /// <summary>Header lines that are read. Kestrel and Apache stop at 100.</summary>
    public const int MaxHeaders = 256;

    // RFC 9112 §2.2 asks to skip at least one; broken clients sent the CRLF after a POST body.
    private const int MaxEmptyLines = 4;

    private Http1Head(string method, string target, int minorVersion, Http1Header[] headers, int length)
    {
        Method = method;
        Target = target;
        MinorVersion = minorVersion;
        Headers = headers;
        Length = length;
    }

    /// <summary>The method, in the case sent.</summary>
    public string Method { get; }

    /// <summary>The request target, one character per byte, as sent; escape it where it is shown.</summary>
    public string Target { get; }

    /// <summary>1 for HTTP/1.1, 0 for HTTP/1.0.</summary>
    public int MinorVersion { get; }

    /// <summary><c>HTTP/1.1</c> or <c>HTTP/1.0</c>.</summary>
    public string Version => MinorVersion == 1 ? "HTTP/1.1" : "HTTP/1.0";

    /// <summary>The header lines in the order sent.</summary>
    public IReadOnlyList<Http1Header> Headers { get; }

    /// <summary>Length of the head in bytes, with the empty line that ends it.</summary>
    public int Length { get; }

    /// <summary>The header names in order and case, joined by commas.</summary>
    public string HeaderOrder() => Http.HeaderOrder.Text(Names());

    /// <summary>The short hash of <see cref="Http.HeaderOrder.Hash"/> over the header names.</summary>
    public string HeaderOrderHash() => Http.HeaderOrder.Hash(Names());

    /// <summary>Reads a request head.</summary>
    /// <param name="clientBytes">The client's bytes from the first byte of the request.</param>
    /// <param name="head">The head where the status is <see cref="ParseStatus.Done"/>.</param>
    /// <returns>Malformed as soon as the bytes can no longer become an HTTP/1 head.</returns>
    public static ParseStatus TryParse(ReadOnlySpan<byte> clientBytes, out Http1Head? head)
    {
        head = null;
        LineReader lines = new(clientBytes[..Math.Min(clientBytes.Length, MaxLength)]);
        ParseStatus status = Read(ref lines, out head);
        return status == ParseStatus.NeedMore && clientBytes.Length >= MaxLength ? ParseStatus.Malformed : status;
    }

    private static ParseStatus Read(ref LineReader lines, out Http1Head? head)
    {
        head = null;
        ReadOnlySpan<byte> line;
        int empty = 0;
        do
        {
            if (!lines.TryNext(out line))
            {
                return line is [] or [(byte)'\r'] || CouldBeRequestLine(line) ? ParseStatus.NeedMore : ParseStatus.Malformed;
            }
        }
        while (line.IsEmpty && ++empty <= MaxEmptyLines);

        if (!TrySplitRequestLine(line, out string method, out string target, out int minorVersion))
        {
            return ParseStatus.Malformed;
        }

        List<Http1Header> headers = [];
        while (true)
        {
            int start = lines.Position;
            if (!lines.TryNext(out line))
            {
                return ParseStatus.NeedMore;
            }

            if (line.IsEmpty)
            {
                head = new Http1Head(method, target, minorVersion, [.. headers], lines.Position);
                return ParseStatus.Done;
            }

            if (line[0] is (byte)' ' or (byte)'\t')
            {
                // A folded line (obs-fold) goes on with the value before it.
                if (headers.Count == 0)
                {
                    return ParseStatus.Malformed;
                }

                headers[^1] = headers[^1] with { ValueLength = start + line.TrimEnd(" \t"u8).Length - headers[^1].ValueStart };
                continue;
            }

            int colon = line.IndexOf((byte)':');
            if (colon <= 0 || !HttpText.IsToken(line[..colon]) || headers.Count == MaxHeaders)
            {
                return ParseStatus.Malformed;
            }

            ReadOnlySpan<byte> value = line[(colon + 1)..].TrimStart(" \t"u8);
            int valueStart = start + line.Length - value.Length;
            headers.Add(new Http1Header(HttpText.NameOf(line[..colon]), valueStart, value.TrimEnd(" \t"u8).Length));
        }
    }

    // Before the first line end: a method of token characters, then anything but control bytes.
    private static bool CouldBeRequestLine(ReadOnlySpan<byte> begun)
    {
        int space = begun.IndexOf((byte)' ');
        ReadOnlySpan<byte> method = space < 0 ? begun.TrimEnd((byte)'\r') : begun[..space];
        return HttpText.IsToken(method) && method.Length <= HttpText.MaxMethodLength;
    }

    private static bool TrySplitRequestLine(ReadOnlySpan<byte> line, out string method, out string target, out int minorVersion)
    {
        method = target = "";
        minorVersion = 0;
        int first = line.IndexOf((byte)' ');
        int last = line.LastIndexOf((byte)' ');
        if (first <= 0 || last <= first + 1 || first > HttpText.MaxMethodLength || !HttpText.IsToken(line[..first]))
        {
            return false;
        }

        ReadOnlySpan<byte> version = line[(last + 1)..];
        if (!version.SequenceEqual("HTTP/1.1"u8) && !version.SequenceEqual("HTTP/1.0"u8))
        {
            return false;
        }

        method = HttpText.MethodOf(line[..first]);
        target = Encoding.Latin1.GetString(line[(first + 1)..last]);
        minorVersion = version[^1] - '0';
        return true;
    }

    private string[] Names()
    {
        string[] names = new string[Headers.Count];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = Headers[i].Name;
        }

        return names;
    }

    private ref struct LineReader(ReadOnlySpan<byte> bytes)
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;

        public int Position { get; private set; }

        // Gives the next line without its end; false, with what is there, where the end has not come.
        public bool TryNext(out ReadOnlySpan<byte> line)
        {
            line = _bytes[Position..];
            int end = line.IndexOf((byte)'\n');
            if (end < 0)
            {
                return false;
            }

            Position += end + 1;
            line = end > 0 && line[end - 1] == '\r' ? line[..(end - 1)] : line[..end];
            return true;
        }
    }
}
