using BenchmarkDotNet.Attributes;
using Whorl.Fingerprints.Http;

namespace Whorl.Bench.Fingerprints;

/// <summary>What the edge reads of a request: HTTP/2 opening, HTTP/1 head, user agent.</summary>
[MemoryDiagnoser]
public class HttpBench
{
    private const string Agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36";

    private readonly byte[] _head = System.Text.Encoding.ASCII.GetBytes(
        $"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: keep-alive\r\nUpgrade-Insecure-Requests: 1\r\nUser-Agent: {Agent}\r\n"
        + "Accept: text/html,*/*;q=0.8\r\nSec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: en\r\n\r\n");

    private byte[] _opening = [];
    private Http1Head _parsed = null!;

    [GlobalSetup]
    public void Read()
    {
        _opening = Vectors.Hex("http2-openings.jsonl", "chromium", "client");
        _ = Http1Head.TryParse(_head, out Http1Head? head);
        _parsed = head!;
    }

    [Benchmark]
    public Http2Fingerprint? Http2()
    {
        _ = Http2Preface.TryParse(_opening, out Http2Fingerprint? fingerprint);
        return fingerprint;
    }

    [Benchmark]
    public Http1Head? Http1()
    {
        _ = Http1Head.TryParse(_head, out Http1Head? head);
        return head;
    }

    [Benchmark]
    public string HeaderOrderHash() => _parsed.HeaderOrderHash();

    [Benchmark]
    public UserAgent UserAgentOf() => UserAgent.Parse(Agent);
}
