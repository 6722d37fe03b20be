using BenchmarkDotNet.Attributes;
using Whorl.Fingerprints.Jarm;

namespace Whorl.Bench.Fuzzy;

/// <summary>One of the ten hellos, with and without the operating system's random bytes. Target: under 2 µs.</summary>
[MemoryDiagnoser]
public class JarmBench
{
    private readonly byte[] _hello = new byte[JarmProbes.MaxLength];

    [Benchmark]
    public int Hello() => JarmProbes.Write(9, "www.example.com", static bytes => bytes.Clear(), _hello);

    [Benchmark]
    public int HelloWithSystemRandom() => JarmProbes.Write(9, "www.example.com", System.Security.Cryptography.RandomNumberGenerator.Fill, _hello);
}
