using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Whorl.Fingerprints.Fuzzy;
using Whorl.Tests.Support;

namespace Whorl.Fingerprints.Tests.Fuzzy;

public sealed class Murmur3Tests
{
    [Fact]
    public void The_verification_value_of_SMHasher_comes_out()
    {
        // SMHasher, VerificationTest: keys {0}, {0,1}, ... with seed 256 - n, then the hash of all hashes.
        byte[] hashes = new byte[256 * 4];
        byte[] key = new byte[256];
        for (int i = 0; i < 256; i++)
        {
            key[i] = (byte)i;
            BinaryPrimitives.WriteUInt32LittleEndian(hashes.AsSpan(4 * i), Murmur3.Hash32(key.AsSpan(0, i), 256 - (uint)i));
        }

        Murmur3.Hash32(hashes).ShouldBe(0xB0F57EE3);
    }

    [Theory]
    [InlineData("hello", 0, 0x248BFA47)]
    [InlineData("hello, world", 0, 0x149BBB7F)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0, 0x2E4FF723)]
    [InlineData("", 1, 0x514E28B7)]
    public void Published_hashes_come_out(string text, uint seed, uint hash) =>
        Murmur3.Hash32(Encoding.ASCII.GetBytes(text), seed).ShouldBe(hash);

    [Fact]
    public void Favicons_hash_as_the_search_engines_do()
    {
        foreach (JsonElement row in Vectors.Shared("fuzzy", "favicon.jsonl"))
        {
            if (!row.TryGetProperty("hex", out JsonElement hex))
            {
                continue;
            }

            byte[] icon = Convert.FromHexString(hex.GetString()!);

            Favicon.Hash(icon).ShouldBe(row.GetProperty("mmh3_base64_lines").GetInt32());
        }
    }

    [Fact]
    public void Files_hash_as_by_the_reference()
    {
        foreach (JsonElement row in Vectors.Shared("fuzzy", "fuzzy.jsonl"))
        {
            byte[] data = File.ReadAllBytes(Repository.RequireShared("fingerprints", "fuzzy", row.Text("file")));

            ((int)Murmur3.Hash32(data)).ShouldBe(row.GetProperty("mmh3_raw").GetInt32(), row.Text("file"));
            Favicon.Hash(data).ShouldBe(row.GetProperty("favicon_mmh3").GetInt32(), row.Text("file"));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(57)]
    [InlineData(58)]
    [InlineData(228)]
    [InlineData(229)]
    [InlineData(5000)]
    public void A_favicon_is_hashed_as_base64_in_lines_of_76(int length)
    {
        byte[] icon = Documents.Random(seed: 8, length);
        StringBuilder text = new();
        foreach (char[] line in Convert.ToBase64String(icon).Chunk(76))
        {
            text.Append(line).Append('\n');
        }

        Favicon.Hash(icon).ShouldBe((int)Murmur3.Hash32(Encoding.ASCII.GetBytes(text.ToString())));
    }

    [Fact]
    public void Streaming_equals_one_shot_at_every_split()
    {
        byte[] data = Documents.Random(seed: 9, 700);
        for (int split = 0; split <= data.Length; split++)
        {
            Murmur3Hasher murmur = new();
            FaviconHasher favicon = new();
            foreach (ReadOnlyMemory<byte> piece in new[] { data.AsMemory(0, split), data.AsMemory(split) })
            {
                murmur.Append(piece.Span);
                favicon.Append(piece.Span);
            }

            murmur.Hash().ShouldBe(Murmur3.Hash32(data), $"split at {split}");
            favicon.Hash().ShouldBe(Favicon.Hash(data), $"split at {split}");
        }
    }

    [Fact]
    public void Streaming_byte_by_byte_equals_one_shot_at_every_length()
    {
        byte[] data = Documents.Random(seed: 10, 700);
        Murmur3Hasher murmur = new();
        FaviconHasher favicon = new();
        for (int length = 0; length < data.Length; length++)
        {
            murmur.Hash().ShouldBe(Murmur3.Hash32(data.AsSpan(0, length)), $"{length} bytes");
            favicon.Hash().ShouldBe(Favicon.Hash(data.AsSpan(0, length)), $"{length} bytes");
            murmur.Append(data.AsSpan(length, 1));
            favicon.Append(data.AsSpan(length, 1));
        }
    }
}
