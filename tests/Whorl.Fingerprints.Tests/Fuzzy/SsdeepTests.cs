using System.Text.Json;
using Whorl.Fingerprints.Fuzzy;
using Whorl.Tests.Support;

namespace Whorl.Fingerprints.Tests.Fuzzy;

public sealed class SsdeepTests
{
    private const string Sample = "768:vGr8/dcPMnb6nqNuPPUGkE7SW32AYhz6i1zQi2DqHcdkYKQV2:vyL4uPPUGklWGAmzx1zQi22HchKT";

    [Fact]
    public void Digests_equal_libfuzzy_on_the_shared_files()
    {
        foreach (JsonElement row in Vectors.Shared("fuzzy", "fuzzy.jsonl"))
        {
            byte[] data = File.ReadAllBytes(Repository.RequireShared("fingerprints", "fuzzy", row.Text("file")));

            Ssdeep.Hash(data).ShouldBe(row.Text("ssdeep"), row.Text("file"));
            Streamed(data, 4096).ShouldBe(row.Text("ssdeep"), row.Text("file"));
        }
    }

    [Fact]
    public void Scores_equal_libfuzzy_on_the_shared_pairs()
    {
        foreach (JsonElement row in Vectors.Shared("fuzzy", "pairs.jsonl"))
        {
            string a = row.Text("ssdeep_a");
            string b = row.Text("ssdeep_b");
            int score = row.GetProperty("ssdeep_score").GetInt32();

            Ssdeep.Compare(a, b).ShouldBe(score, $"{a} {b}");
            Ssdeep.Compare(b, a).ShouldBe(score, $"{b} {a}");
        }
    }

    [Fact]
    public void Crafted_digests_score_as_in_libfuzzy() => CheckScores(Vectors.Shared("fuzzy", "ssdeep-compare.jsonl"));

    [Fact]
    public void Digests_equal_libfuzzy_on_the_generated_documents()
    {
        foreach (JsonElement row in Vectors.Own("fuzzy-documents.jsonl"))
        {
            byte[] data = Documents.Make(row);

            Ssdeep.Hash(data).ShouldBe(row.Text("ssdeep"), row.ToString());
            Streamed(data, 1000).ShouldBe(row.Text("ssdeep"), row.ToString());
        }
    }

    [Fact]
    public void Generated_digests_score_as_in_libfuzzy() => CheckScores(Vectors.Own("ssdeep-scores.jsonl"));

    [Theory]
    [InlineData("random")]
    [InlineData("few")]
    [InlineData("text")]
    public void Streaming_equals_one_shot_at_every_split(string kind)
    {
        JsonElement row = JsonDocument.Parse($$"""{"kind":"{{kind}}","seed":9,"length":1500}""").RootElement;
        byte[] data = Documents.Make(row);
        string whole = Ssdeep.Hash(data);
        for (int split = 0; split <= data.Length; split++)
        {
            SsdeepHasher hasher = new();
            hasher.Append(data.AsSpan(0, split));
            hasher.Append(data.AsSpan(split));
            hasher.Digest().ShouldBe(whole, $"split at {split}");
        }
    }

    [Fact]
    public void Streaming_byte_by_byte_equals_one_shot_at_every_length()
    {
        byte[] data = Documents.Random(seed: 2, 600);
        SsdeepHasher hasher = new();
        for (int length = 0; length < data.Length; length++)
        {
            hasher.Digest().ShouldBe(Ssdeep.Hash(data.AsSpan(0, length)), $"{length} bytes");
            hasher.Append(data.AsSpan(length, 1));
        }
    }

    [Fact]
    public void A_reset_hasher_is_like_new()
    {
        SsdeepHasher hasher = new();
        hasher.Append(Documents.Random(seed: 3, 3333));
        hasher.Reset();
        hasher.Append(Documents.Random(seed: 4, 500));

        hasher.Digest().ShouldBe(Ssdeep.Hash(Documents.Random(seed: 4, 500)));
    }

    [Fact]
    public void No_text_makes_the_comparison_throw()
    {
        Random random = new(1);
        const string letters = ":::,,+/AAAbcz019 é-";
        for (int i = 0; i < 20_000; i++)
        {
            string crafted = new([.. Enumerable.Range(0, random.Next(90)).Select(_ => letters[random.Next(letters.Length)])]);

            Ssdeep.Compare(crafted, Sample).ShouldBeInRange(-1, 100);
            Ssdeep.Compare(crafted, crafted).ShouldBeInRange(-1, 100);
        }
    }

    private static void CheckScores(IEnumerable<JsonElement> rows)
    {
        foreach (JsonElement row in rows)
        {
            string a = row.Text("a");
            string b = row.Text("b");
            int score = row.GetProperty("score") is { ValueKind: JsonValueKind.Number } number ? number.GetInt32() : -1;

            Ssdeep.Compare(a, b).ShouldBe(score, $"{a} {b}");
            Ssdeep.Compare(b, a).ShouldBe(score, $"{b} {a}");
        }
    }

    private static string Streamed(ReadOnlySpan<byte> data, int step)
    {
        SsdeepHasher hasher = new();
        for (; !data.IsEmpty; data = data[Math.Min(step, data.Length)..])
        {
            hasher.Append(data[..Math.Min(step, data.Length)]);
        }

        return hasher.Digest();
    }
}
