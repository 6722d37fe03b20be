using System.Text.Json;
using MyApp;
using Whorl.Fingerprints.Matching;
using Whorl.Tests.Support;

namespace Whorl.Fingerprints.Tests;

public sealed class ReadmeTests
{
    [Fact]
    public void The_sample_in_the_package_readme_is_the_one_that_compiles_here()
    {
        string readme = File.ReadAllText(Path.Combine(Repository.Root, "src", "Whorl.Fingerprints", "README.md"));
        string sample = File.ReadAllText(Path.Combine(Repository.Root, "tests", "Whorl.Fingerprints.Tests", "ReadmeSample.cs"));

        readme.ShouldContain($"```csharp\n{sample}```\n");
    }

    [Fact]
    public void The_sample_does_what_the_readme_says()
    {
        JsonElement row = Vectors.Own("tls-hellos.jsonl").First(row => row.TryGetProperty("ja3", out _));
        byte[] hello = Convert.FromHexString(row.Text("client"));
        SignatureSet known = new(SignatureCsv.Parse($"{row.Text("ja3")},recorded client", FingerprintKind.Ja3, "own").Signatures);

        Clients.Describe(hello, known).ShouldBe($"{row.Text("ja4")} recorded client");
        Clients.Describe(hello, SignatureSet.Empty).ShouldBe($"{row.Text("ja4")} unknown");
        Clients.Describe(hello.AsSpan(0, 20), known).ShouldBe("read on");
        Clients.Describe([1, 2, 3, 4, 5, 6], known).ShouldBe("not TLS");
    }
}
