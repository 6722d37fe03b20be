using System.Text.Json;
using Whorl.Fingerprints.Fuzzy;
using Whorl.Tests.Support;

namespace Whorl.Fingerprints.Tests.Fuzzy;

public sealed class SsdeepTests
{
    [Fact]
    public void Digests_equal_libfuzzy_on_the_shared_files()
    {
        string folder = Repository.RequireShared("fingerprints", "fuzzy");
        foreach (string line in File.ReadLines(Path.Combine(folder, "fuzzy.jsonl")))
        {
            using JsonDocument row = JsonDocument.Parse(line);
            byte[] data = File.ReadAllBytes(Path.Combine(folder, row.RootElement.GetProperty("file").GetString()!));

            Ssdeep.Hash(data).ShouldBe(row.RootElement.GetProperty("ssdeep").GetString(), line);
            SsdeepHasher streaming = new();
            streaming.Append(data);
            streaming.Digest().ShouldBe(row.RootElement.GetProperty("ssdeep").GetString(), line);
        }
    }

    [Fact]
    public void Scores_equal_libfuzzy_on_the_shared_pairs()
    {
        string folder = Repository.RequireShared("fingerprints", "fuzzy");
        foreach (string line in File.ReadLines(Path.Combine(folder, "pairs.jsonl")))
        {
            using JsonDocument row = JsonDocument.Parse(line);
            string a = row.RootElement.GetProperty("ssdeep_a").GetString()!;
            string b = row.RootElement.GetProperty("ssdeep_b").GetString()!;
            int score = row.RootElement.GetProperty("ssdeep_score").GetInt32();

            Ssdeep.Compare(a, b).ShouldBe(score, line);
            Ssdeep.Compare(b, a).ShouldBe(score, line);
        }
    }

    [Fact]
    public void Crafted_digests_score_as_in_libfuzzy()
    {
        string folder = Repository.RequireShared("fingerprints", "fuzzy");
        foreach (string line in File.ReadLines(Path.Combine(folder, "ssdeep-compare.jsonl")))
        {
            using JsonDocument row = JsonDocument.Parse(line);
            string a = row.RootElement.GetProperty("a").GetString()!;
            string b = row.RootElement.GetProperty("b").GetString()!;
            int score = row.RootElement.GetProperty("score") is { ValueKind: JsonValueKind.Number } number ? number.GetInt32() : -1;

            Ssdeep.Compare(a, b).ShouldBe(score, line);
            Ssdeep.Compare(b, a).ShouldBe(score, line);
        }
    }
}
