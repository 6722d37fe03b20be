using BenchmarkDotNet.Attributes;
using Whorl.Fingerprints.Fuzzy;

namespace Whorl.Bench.Fuzzy;

/// <summary>One page of 30 KB. Against the libraries in C, side by side on the same files: <c>dotnet run -- fuzzy</c>.</summary>
[MemoryDiagnoser]
public class FuzzyHashBench
{
    private readonly byte[] _page = HtmlPages.Make(seed: 7, length: 30_000);
    private string _ssdeep = "";
    private string _otherSsdeep = "";
    private TlshDigest _tlsh;
    private TlshDigest _otherTlsh;

    [GlobalSetup]
    public void Hash()
    {
        byte[] other = [.. _page.AsSpan(0, 20_000), .. HtmlPages.Make(seed: 8, length: 9_000)];
        _ssdeep = Ssdeep.Hash(_page);
        _otherSsdeep = Ssdeep.Hash(other);
        _ = TlshDigest.TryParse(Tlsh.Hash(_page), out _tlsh);
        _ = TlshDigest.TryParse(Tlsh.Hash(other), out _otherTlsh);
    }

    [Benchmark]
    public string SsdeepHash() => Ssdeep.Hash(_page);

    [Benchmark]
    public string TlshHash() => Tlsh.Hash(_page);

    [Benchmark]
    public int FaviconHash() => Favicon.Hash(_page);

    [Benchmark]
    public int SsdeepCompare() => Ssdeep.Compare(_ssdeep, _otherSsdeep);

    [Benchmark]
    public int TlshDistance() => _tlsh.DistanceTo(_otherTlsh);
}
