using Whorl.Fingerprints.Wire;
using Whorl.Sources.Edge.Connections;
using Whorl.Sources.Edge.Crawlers;
using Whorl.Sources.Edge.Messages;

namespace Whorl.Fuzz.Targets;

/// <summary>Targets of Whorl/Sources/Edge: what strangers and upstreams send to the edge's own readers.</summary>
internal static class EdgeFuzzTargets
{
    // The edge's defaults; the fuzzer goes beyond them.
    private const int MaxHead = 32 * 1024;
    private const int MaxFields = 100;

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("proxy-header", Proxy, static () => ProxyHeaders),
        new("request-head", Request, static () => Requests),
        new("response-head", Response, static () => Responses),
        new("chunked-body", Chunked, static () => Bodies),
        new("robots-file", Robots, static () => ["User-agent: GPTBot\nUser-agent: *\nDisallow: /a*b$\nAllow: /\nCrawl-delay: 3\nSitemap: /s.xml\n"u8.ToArray()]),
    ];

    private static IEnumerable<byte[]> ProxyHeaders =>
    [
        "PROXY TCP4 203.0.113.9 192.0.2.1 40000 443\r\nGET"u8.ToArray(),
        "PROXY TCP6 2001:db8::1 2001:db8::2 40000 443\r\n"u8.ToArray(),
        "PROXY UNKNOWN\r\n"u8.ToArray(),
        [.. "\r\n\r\n\0\r\nQUIT\n"u8, 0x21, 0x11, 0, 12, 203, 0, 113, 9, 192, 0, 2, 1, 0x9C, 0x40, 1, 0xBB],
        [.. "\r\n\r\n\0\r\nQUIT\n"u8, 0x21, 0x21, 0, 36, .. new byte[36]],
        [.. "\r\n\r\n\0\r\nQUIT\n"u8, 0x20, 0, 0, 0],
    ];

    private static IEnumerable<byte[]> Requests =>
    [
        "GET /a?b=c HTTP/1.1\r\nHost: a.example\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\nConnection: keep-alive, x-hop\r\nX-Hop: 1\r\n\r\n"u8.ToArray(),
        "\r\nPOST / HTTP/1.1\r\nhost: [2001:db8::1]:80\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc"u8.ToArray(),
        "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nUpgrade: websocket\r\n\r\n"u8.ToArray(),
        "GET / HTTP/1.0\r\nConnection: close\r\n\r\n"u8.ToArray(),
    ];

    private static IEnumerable<byte[]> Responses =>
    [
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nabc"u8.ToArray(),
        "HTTP/1.0 204 \r\nKeep-Alive: 5\r\nConnection: keep-alive\r\n\r\n"u8.ToArray(),
        "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n"u8.ToArray(),
    ];

    private static IEnumerable<byte[]> Bodies =>
    [
        "3\r\nabc\r\n0\r\n\r\n"u8.ToArray(),
        "A;name=\"value\"\r\n0123456789\r\n00\r\nX-Trailer: 1\r\n\r\nGET"u8.ToArray(),
    ];

    private static int Proxy(ReadOnlySpan<byte> input)
    {
        ParseStatus status = ProxyHeader.TryParse(input, out ProxyHeader header, out int consumed);
        Demand(consumed >= 0 && consumed <= input.Length && (status == ParseStatus.Done) == (consumed > 0), "a length beyond the bytes");
        return HashCode.Combine(status, header.Source is null, consumed);
    }

    /// <summary>Bytes in two pieces must read as in one; every place it names must lie inside.</summary>
    private static int Request(ReadOnlySpan<byte> input)
    {
        RequestHead whole = new(), pieces = new();
        whole.Reset();
        pieces.Reset();
        ParseStatus status = whole.Read(input, default, MaxHead, MaxFields);
        ParseStatus first = pieces.Read(input[..Split(input)], default, MaxHead, MaxFields);
        if (first == ParseStatus.NeedMore)
        {
            Demand(pieces.Read(input, default, MaxHead, MaxFields) == status && pieces.Fault == whole.Fault, "pieces read otherwise than the whole");
        }
        else
        {
            Demand(first == status || first == ParseStatus.Malformed, "more bytes changed what was complete");
        }

        if (status != ParseStatus.Done)
        {
            return HashCode.Combine(status, whole.Fault, whole.Headers.Count);
        }

        ReadOnlySpan<byte> block = input.Slice(whole.HeadersStart, whole.Headers.Length);
        int sum = input.Slice(whole.MethodStart, whole.MethodLength).Length + input.Slice(whole.TargetStart, whole.TargetLength).Length + Walk(whole.Headers, block);
        Demand(!(whole.Headers.Chunked && whole.Headers.ContentLength >= 0), "two framings at once");

        // The same head again takes the short way, which must come to the same end.
        int length = whole.Length, count = whole.Headers.Count;
        byte[] before = block.ToArray();
        whole.Reset();
        Demand(whole.Read(input, before, MaxHead, MaxFields) == ParseStatus.Done && whole.Length == length && whole.Headers.Count == count, "a repeated head read otherwise");
        return HashCode.Combine(count, whole.IsHttp10, whole.Headers.Chunked, whole.Headers.ContentLength > 0, whole.Headers.HasUpgrade, whole.Headers.Close, sum & 7);
    }

    private static int Response(ReadOnlySpan<byte> input)
    {
        ResponseHead head = new();
        head.Reset();
        ParseStatus first = head.Read(input[..Split(input)], MaxHead, MaxFields);
        ParseStatus status = first == ParseStatus.NeedMore ? head.Read(input, MaxHead, MaxFields) : first;
        if (status != ParseStatus.Done)
        {
            return HashCode.Combine(status, head.Headers.Count);
        }

        BodyFraming framing = head.Framing(answersHead: false);
        int sum = Walk(head.Headers, input.Slice(head.HeadersStart, head.Headers.Length));
        Demand(head.Status is >= 100 and < 600 && head.Length <= input.Length, "a status that has no line");
        return HashCode.Combine(head.Status / 100, framing, head.Persists(framing), head.Headers.Count, head.IsHttp10, sum & 7);
    }

    /// <summary>The body that comes out must not hang on where the pieces were cut.</summary>
    private static int Chunked(ReadOnlySpan<byte> input)
    {
        (BodyStep step, int used, int data, int hash) whole = Decode(input, input.Length);
        (BodyStep step, int used, int data, int hash) pieces = Decode(input, Math.Max(1, Split(input)));
        Demand(whole == pieces, "pieces decode otherwise than the whole");
        return HashCode.Combine(whole.step, whole.data, whole.used);
    }

    private static (BodyStep Step, int Used, int Data, int Hash) Decode(ReadOnlySpan<byte> input, int piece)
    {
        ChunkedDecoder decoder = default;
        int at = 0, total = 0;
        HashCode hash = default;
        while (at < input.Length)
        {
            ReadOnlySpan<byte> part = input[at..Math.Min(at + piece, input.Length)];
            BodyStep step = decoder.Next(part, out int used, out int data);
            Demand(used > 0 && used <= part.Length && data <= used, "a step that goes nowhere");
            foreach (byte each in part[(used - data)..used])
            {
                hash.Add(each);
            }

            at += used;
            total += data;
            if (step is BodyStep.End or BodyStep.Malformed)
            {
                return (step, at, total, hash.ToHashCode());
            }
        }

        return (BodyStep.NeedMore, at, total, hash.ToHashCode());
    }

    private static int Robots(ReadOnlySpan<byte> input)
    {
        RobotsFile file = RobotsFile.Parse(input);
        return HashCode.Combine(file.Allows("GPTBot", "/a/b"), file.Allows("x", "/"), file.Allows("GPTBot", "/aaaaaaaaaaaaaaaaaaaaaaaab"));
    }

    private static int Walk(HeaderBlock headers, ReadOnlySpan<byte> block)
    {
        int sum = 0;
        foreach (ref readonly HeaderBlock.Line line in headers.Lines)
        {
            sum += line.Name(block).Length + line.Value(block).Length + (int)line.Kind;
            Demand(!line.Value(block).ContainsAny((byte)'\r', (byte)'\n', (byte)0), "a value that would begin another field");
        }

        return sum;
    }

    // Where a piece ends: told by the input itself, so that a fault can be replayed.
    private static int Split(ReadOnlySpan<byte> input) => input.IsEmpty ? 0 : ((input[0] << 8) | input[^1]) % input.Length;

    private static void Demand(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidOperationException(otherwise);
        }
    }
}
