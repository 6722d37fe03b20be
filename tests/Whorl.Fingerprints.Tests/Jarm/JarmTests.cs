using System.Text;
using System.Text.Json;
using Whorl.Fingerprints.Jarm;

namespace Whorl.Fingerprints.Tests.Jarm;

public sealed class JarmTests
{
    /// <summary>Bytes of the hello where random ones stand, as the vectors mask them.</summary>
    private const byte Masked = 0xEE;

    [Fact]
    public void The_ten_hellos_equal_the_original_byte_for_byte() => CheckProbes(Vectors.Shared("vectors", "jarm-probes.jsonl"));

    [Fact]
    public void The_ten_hellos_equal_the_committed_ones_byte_for_byte() => CheckProbes(Vectors.Own("jarm-probes.jsonl"));

    [Fact]
    public void Answers_give_the_text_of_the_original() => CheckAnswers(Vectors.Shared("vectors", "jarm-serverhello.jsonl"));

    [Fact]
    public void Committed_answers_give_the_text_of_the_original() => CheckAnswers(Vectors.Own("jarm-answers.jsonl"));

    [Fact]
    public void Raw_strings_give_the_hash_of_the_original() => CheckHashes(Vectors.Shared("vectors", "jarm-hash.jsonl"));

    [Fact]
    public void Committed_raw_strings_give_the_hash_of_the_original() => CheckHashes(Vectors.Own("jarm-hashes.jsonl"));

    [Fact]
    public void Random_bytes_and_grease_come_from_the_given_source()
    {
        byte[] hello = new byte[JarmProbes.MaxLength];
        byte next = 0;
        int asked = 0;
        int length = JarmProbes.Write(9, "example.com", Count, hello);

        void Count(Span<byte> bytes)
        {
            asked += bytes.Length;
            foreach (ref byte b in bytes)
            {
                b = next++;
            }
        }

        length.ShouldBe(440);
        asked.ShouldBe(32 + 32 + 32 + 4);
        hello[11].ShouldBe((byte)0);
        hello[44].ShouldBe((byte)32);
        hello.AsSpan(78, 2).ToArray().ShouldBe([0x6A, 0x6A]);
    }

    [Theory]
    [InlineData(-1, 10, 700)]
    [InlineData(10, 10, 700)]
    [InlineData(0, 256, 1000)]
    [InlineData(0, 10, 400)]
    public void Nothing_is_written_where_it_cannot_be(int number, int hostLength, int room) =>
        JarmProbes.Write(number, new string('a', hostLength), static bytes => bytes.Clear(), new byte[room]).ShouldBe(0);

    [Fact]
    public void The_longest_host_fits_into_the_promised_length()
    {
        int longest = Enumerable.Range(0, JarmProbes.Count)
            .Max(number => JarmProbes.Write(number, new string('a', JarmProbes.MaxHostLength), static bytes => bytes.Clear(), new byte[JarmProbes.MaxLength]));

        longest.ShouldBe(JarmProbes.MaxLength);
    }

    [Theory]
    [InlineData("")]
    [InlineData("|||,|||,|||,|||,|||,|||,|||,|||,|||,|||")]
    [InlineData("c02f|0303||")]
    [InlineData("no raw string")]
    public void What_tells_nothing_hashes_to_zeros(string raw) => JarmHash.FromRaw(raw).ShouldBe(JarmHash.None);

    [Fact]
    public void No_truncation_or_flipped_bit_of_an_answer_throws()
    {
        foreach (JsonElement row in Vectors.Own("jarm-answers.jsonl").TakeLast(6))
        {
            byte[] reply = Convert.FromHexString(row.Text("hex"));
            reply = reply[..Math.Min(reply.Length, 300)];
            for (int n = 0; n < reply.Length; n++)
            {
                JarmAnswer.Text(reply.AsSpan(0, n)).Count(c => c == '|').ShouldBeGreaterThanOrEqualTo(3);
            }

            for (int bit = 0; bit < reply.Length * 8; bit++)
            {
                reply[bit / 8] ^= (byte)(1 << (bit % 8));
                JarmHash.Compute(Enumerable.Repeat(JarmAnswer.Text(reply), JarmProbes.Count)).Length.ShouldBe(JarmHash.Length);
                reply[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }
    }

    private static void CheckProbes(IEnumerable<JsonElement> rows)
    {
        foreach (JsonElement row in rows)
        {
            byte[] hello = new byte[JarmProbes.MaxLength];
            int length = JarmProbes.Write(row.GetProperty("probe").GetInt32() - 1, row.Text("host"), static bytes => bytes.Fill(Masked), hello);

            // GREASE drawn from 0xEE is 0xEAEA.
            string wanted = row.Text("hex_with_random_bytes_masked");
            StringBuilder seen = new(Convert.ToHexStringLower(hello.AsSpan(0, length)));
            for (int i = 0; i < wanted.Length && i < seen.Length; i++)
            {
                if (wanted[i] == '.' && seen[i] is 'e' or 'a')
                {
                    seen[i] = '.';
                }
            }

            seen.ToString().ShouldBe(wanted, $"probe {row.GetProperty("probe")}");
        }
    }

    private static void CheckAnswers(IEnumerable<JsonElement> rows)
    {
        foreach (JsonElement row in rows)
        {
            JarmAnswer.Text(Convert.FromHexString(row.Text("hex"))).ShouldBe(row.Text("component"), row.Text("hex"));
        }
    }

    private static void CheckHashes(IEnumerable<JsonElement> rows)
    {
        foreach (JsonElement row in rows)
        {
            JarmHash.FromRaw(row.Text("raw")).ShouldBe(row.Text("jarm"), row.Text("raw"));
        }
    }
}
