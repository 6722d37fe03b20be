using BenchmarkDotNet.Attributes;
using Whorl.Fingerprints.Tls;

namespace Whorl.Bench.Fingerprints;

/// <summary>The hot path of edge and capture: a browser's hello from bytes to JA3 and JA4. Target: under 1.5 µs, one allocation a string.</summary>
[MemoryDiagnoser]
public class ClientHelloBench
{
    private byte[] _stream = [];
    private ClientHello _hello = null!;
    private readonly char[] _place = new char[Ja4.ValueLength];

    /// <summary>The recorded client: Chromium's hello has 1,952 bytes, OpenSSL's 318.</summary>
    [Params("chromium", "openssl")]
    public string Client { get; set; } = "";

    [GlobalSetup]
    public void Read()
    {
        _stream = Vectors.Hex("tls-hellos.jsonl", Client, "client");
        _ = ClientHello.TryReadRecords(_stream, out ClientHello? hello, out _);
        _hello = hello!;
    }

    [Benchmark]
    public ClientHello? Parse()
    {
        _ = ClientHello.TryReadRecords(_stream, out ClientHello? hello, out _);
        return hello;
    }

    [Benchmark]
    public string Ja3Hash() => Ja3.Hash(_hello);

    [Benchmark]
    public string Ja4Value() => Ja4.Value(_hello, Ja4Transport.Tcp);

    [Benchmark]
    public bool Ja3AndJa4InPlace() => Ja3.TryWriteHash(_hello, _place) && Ja4.TryWriteValue(_hello, Ja4Transport.Tcp, _place);

    [Benchmark(Baseline = true)]
    public (string Ja3, string Ja4) Ja3AndJa4() => (Ja3.Hash(_hello), Ja4.Value(_hello, Ja4Transport.Tcp));

    [Benchmark]
    public (string Ja3, string Ja4) ParseJa3AndJa4()
    {
        _ = ClientHello.TryReadRecords(_stream, out ClientHello? hello, out _);
        return (Ja3.Hash(hello!), Ja4.Value(hello!, Ja4Transport.Tcp));
    }
}
