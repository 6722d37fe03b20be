using System.Text.Json;
using Whorl.Fingerprints.Fuzzy;
using Whorl.Tests.Support;

namespace Whorl.Fingerprints.Tests.Fuzzy;

public sealed class TlshTests
{
    private const string Sample = "T105037D1695D4157B28376BEC35605F7AF1939AF9BB03AC5096E03BCA8640CB8ED16382";

    [Fact]
    public void Digests_equal_the_reference_on_the_shared_files()
    {
        foreach (JsonElement row in Vectors.Shared("fuzzy", "fuzzy.jsonl"))
        {
            byte[] data = File.ReadAllBytes(Repository.RequireShared("fingerprints", "fuzzy", row.Text("file")));

            Tlsh.Hash(data).ShouldBe(row.Text("tlsh"), row.Text("file"));
        }
    }

    [Fact]
    public void Distances_equal_the_reference_on_the_shared_pairs()
    {
        foreach (JsonElement row in Vectors.Shared("fuzzy", "pairs.jsonl"))
        {
            if (!row.TryGetProperty("tlsh_distance", out _))
            {
                continue;
            }

            string a = row.Text("tlsh_a");
            string b = row.Text("tlsh_b");

            Tlsh.Distance(a, b).ShouldBe(row.GetProperty("tlsh_distance").GetInt32(), $"{a} {b}");
            Tlsh.Distance(b, a, withLength: false).ShouldBe(row.GetProperty("tlsh_distance_no_length").GetInt32(), $"{a} {b}");
        }
    }

    [Fact]
    public void Length_classes_change_where_single_precision_logarithms_say()
    {
        foreach (JsonElement row in Vectors.Shared("vectors", "vectors.jsonl"))
        {
            if (row.Text("kind") == "tlsh-length")
            {
                uint length = row.GetProperty("length").GetUInt32();

                TlshLengths.ClassOf(length).ShouldBe(row.GetProperty("lvalue").GetByte(), $"{length}");
            }
        }
    }

    [Fact]
    public void Digests_equal_the_reference_on_the_generated_documents()
    {
        foreach (JsonElement row in Vectors.Own("fuzzy-documents.jsonl"))
        {
            if (row.TryGetProperty("tlsh", out JsonElement tlsh))
            {
                Tlsh.Hash(Documents.Make(row)).ShouldBe(tlsh.GetString(), row.ToString());
            }
        }
    }

    [Fact]
    public void The_old_form_without_T1_and_lower_case_is_the_same_digest()
    {
        TlshDigest.TryParse(Sample, out TlshDigest digest).ShouldBeTrue();

        TlshDigest.TryParse(Sample.AsSpan(2), out TlshDigest old).ShouldBeTrue();
        TlshDigest.TryParse(Sample.ToLowerInvariant(), out TlshDigest lower).ShouldBeTrue();
        old.ShouldBe(digest);
        lower.ShouldBe(digest);
        digest.ToString().ShouldBe(Sample);
    }

    [Theory]
    [InlineData("")]
    [InlineData("T1")]
    [InlineData("T105037D1695D4157B28376BEC35605F7AF1939AF9BB03AC5096E03BCA8640CB8ED1638")]
    [InlineData("T205037D1695D4157B28376BEC35605F7AF1939AF9BB03AC5096E03BCA8640CB8ED16382")]
    [InlineData("T1G5037D1695D4157B28376BEC35605F7AF1939AF9BB03AC5096E03BCA8640CB8ED16382")]
    public void What_is_no_digest_has_no_distance(string text) => Tlsh.Distance(text, Sample).ShouldBe(-1);

    [Fact]
    public void Fewer_than_fifty_bytes_have_no_digest()
    {
        byte[] data = Documents.Random(seed: 5, TlshHasher.MinLength);

        Tlsh.Hash(data).ShouldNotBeEmpty();
        Tlsh.Hash(data.AsSpan(1)).ShouldBeEmpty();
    }

    [Fact]
    public void Streaming_equals_one_shot_at_every_split()
    {
        byte[] data = Documents.Random(seed: 1, 400);
        string whole = Tlsh.Hash(data);
        for (int split = 0; split <= data.Length; split++)
        {
            TlshHasher hasher = new();
            hasher.Append(data.AsSpan(0, split));
            hasher.Append(data.AsSpan(split));
            hasher.Digest().ShouldBe(whole, $"split at {split}");
        }
    }

    [Fact]
    public void Streaming_byte_by_byte_equals_one_shot_at_every_length()
    {
        byte[] data = Documents.Random(seed: 2, 300);
        TlshHasher hasher = new();
        for (int length = 0; length < data.Length; length++)
        {
            hasher.Digest().ShouldBe(Tlsh.Hash(data.AsSpan(0, length)), $"{length} bytes");
            hasher.Append(data.AsSpan(length, 1));
        }
    }

    [Fact]
    public void A_reset_hasher_is_like_new()
    {
        TlshHasher hasher = new();
        hasher.Append(Documents.Random(seed: 3, 333));
        hasher.Reset();
        hasher.Append(Documents.Random(seed: 4, 500));

        hasher.Digest().ShouldBe(Tlsh.Hash(Documents.Random(seed: 4, 500)));
    }
}
