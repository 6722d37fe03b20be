using System.Text;
using Whorl.Fingerprints.Http;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fuzz.Targets;

/// <summary>Targets of Whorl.Fingerprints/Http.</summary>
internal static class HttpFuzzTargets
{
    private static readonly string[] UserAgents =
    [
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36 Edg/147.0.0.0",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.5 Mobile/15E148 Safari/604.1",
        "curl/8.5.0",
    ];

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("http2-preface", Preface, static () => SeedFiles.Hex("http2-openings.jsonl", "client")),
        new("http1-head", Head, static () => Heads),
        new("user-agent", Agent, static () => UserAgents.Select(Encoding.Latin1.GetBytes)),
    ];

    private static IEnumerable<byte[]> Heads =>
    [
        "GET / HTTP/1.1\r\nHost: a.example\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n"u8.ToArray(),
        "\r\nPOST /x?y=z HTTP/1.0\nhost:a\nX-Folded: a\n b\n\tc\nContent-Length: 3\n\nabc"u8.ToArray(),
    ];

    private static int Preface(ReadOnlySpan<byte> input)
    {
        ParseStatus status = Http2Preface.TryParse(input, out Http2Fingerprint? fingerprint);
        return fingerprint is null
            ? (int)status
            : HashCode.Combine(fingerprint.Settings.Count, fingerprint.Priorities.Count, fingerprint.PseudoHeaderOrder, fingerprint.Hash().Length, fingerprint.HeaderNames.Count);
    }

    private static int Head(ReadOnlySpan<byte> input)
    {
        ParseStatus status = Http1Head.TryParse(input, out Http1Head? head);
        if (head is null)
        {
            return (int)status;
        }

        int values = 0;
        foreach (Http1Header header in head.Headers)
        {
            values += input.Slice(header.ValueStart, header.ValueLength).Length;
        }

        _ = input[..head.Length].Length + head.HeaderOrderHash().Length + values;
        return HashCode.Combine(head.Headers.Count, head.MinorVersion, head.Method.Length);
    }

    private static int Agent(ReadOnlySpan<byte> input) => UserAgent.Parse(Encoding.Latin1.GetString(input)).GetHashCode();
}
