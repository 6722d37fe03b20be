using System.Buffers.Binary;
using BenchmarkDotNet.Attributes;
using Whorl.Fingerprints.Tls;

namespace Whorl.Bench.Fingerprints;

/// <summary>The hot path of edge and capture: a browser's hello from bytes to JA3 and JA4. Target: under 1.5 µs, one allocation a string.</summary>
[MemoryDiagnoser]
public class ClientHelloBench
{
    private byte[] _stream = [];
    private ClientHello _hello = null!;
    private ClientHello[] _orders = [];
    private int _next;
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

        // As browsers send it since 2023: each time in another order, more of them than the library remembers.
        Random random = new(1);
        _orders = [.. Enumerable.Range(0, 4096).Select(_ => Shuffled(_hello, random))];
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
    public (string Ja3, string Ja4) Ja3AndJa4InNewOrders()
    {
        ClientHello hello = _orders[_next++ & 4095];
        return (Ja3.Hash(hello), Ja4.Value(hello, Ja4Transport.Tcp));
    }

    [Benchmark]
    public (string Ja3, string Ja4) ParseJa3AndJa4()
    {
        _ = ClientHello.TryReadRecords(_stream, out ClientHello? hello, out _);
        return (Ja3.Hash(hello!), Ja4.Value(hello!, Ja4Transport.Tcp));
    }

    // The message ends with the extensions: two bytes of length, then type, length and content of each (RFC 8446 §4.1.2).
    private static ClientHello Shuffled(ClientHello hello, Random random)
    {
        byte[] message = hello.Message.ToArray();
        int begin = message.Length;
        for (int at = 38 + 1 + message[38], lists = 0; lists < 2; lists++)
        {
            at += lists == 0 ? 2 + BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(at)) : 1 + message[at];
            begin = at + 2;
        }

        List<byte[]> extensions = [];
        for (int at = begin; at < message.Length; at += extensions[^1].Length)
        {
            extensions.Add(message[at..(at + 4 + BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(at + 2)))]);
        }

        byte[][] shuffled = [.. extensions];
        random.Shuffle(shuffled);
        _ = ClientHello.TryParse([.. message[..begin], .. shuffled.SelectMany(static each => each)], out ClientHello? other);
        return other!;
    }
}
