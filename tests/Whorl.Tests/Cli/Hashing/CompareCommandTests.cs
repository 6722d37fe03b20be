using System.Text.Json;
using Whorl.Delivery.Cli;
using Whorl.Delivery.Cli.Hashing;
using Whorl.Tests.Support;

namespace Whorl.Tests.Cli.Hashing;

public sealed class CompareCommandTests
{
    private const string Tlsh1 = "T105037D1695D4157B28376BEC35605F7AF1939AF9BB03AC5096E03BCA8640CB8ED16382";
    private const string Tlsh2 = "T15C33AF1995D4217B38376ADC35605F7EF1439AEABB176C8096D43BCACA40DA8FD063C2";

    [Fact]
    public void Every_shared_pair_scores_as_the_real_tools_do()
    {
        foreach (string line in File.ReadLines(Repository.RequireShared("fingerprints", "fuzzy", "pairs.jsonl")).Take(40))
        {
            JsonElement row = JsonDocument.Parse(line).RootElement;
            using HashRun run = new();

            run.Compare(Shared(row, "a"), Shared(row, "b"), "--json").ShouldBe(ExitCode.Done);

            JsonElement got = run.Rows().ShouldHaveSingleItem();
            got.GetProperty("ssdeepScore").GetInt32().ShouldBe(row.GetProperty("ssdeep_score").GetInt32(), line);
            if (row.TryGetProperty("tlsh_distance", out JsonElement distance))
            {
                got.GetProperty("tlshDistance").GetInt32().ShouldBe(distance.GetInt32(), line);
                got.GetProperty("tlshDistanceWithoutLength").GetInt32().ShouldBe(row.GetProperty("tlsh_distance_no_length").GetInt32(), line);
            }

            got.GetProperty("files")[1].GetProperty("ssdeep").GetString().ShouldBe(row.GetProperty("ssdeep_b").GetString(), line);
        }
    }

    [Fact]
    public void The_system_s_tools_score_alike()
    {
        RealTool.Require("ssdeep");
        RealTool.Require("tlsh");
        using HashRun run = new();
        byte[] page = new byte[20_000];
        new Random(3).NextBytes(page);
        string first = run.Write("first", page);
        "a word put in"u8.CopyTo(page.AsSpan(9000));
        string second = run.Write("second", [.. page, .. page.AsSpan(0, 3000)]);
        string digests = run.File("digests");
        File.WriteAllLines(digests, RealTool.Run("ssdeep", ["-b", first]));

        run.Compare(first, second, "--json").ShouldBe(ExitCode.Done);

        JsonElement got = run.Rows().ShouldHaveSingleItem();
        got.GetProperty("sameSha256").GetBoolean().ShouldBeFalse();
        RealTool.Run("ssdeep", ["-b", "-m", digests, second]).ShouldHaveSingleItem().ShouldEndWith($"({got.GetProperty("ssdeepScore").GetInt32()})");
        RealTool.Run("tlsh", ["-c", first, "-f", second]).ShouldHaveSingleItem().Trim().Split('\t')[0].Trim().ShouldBe($"{got.GetProperty("tlshDistance").GetInt32()}");
    }

    [Fact]
    public void A_person_is_told_in_words_and_numbers()
    {
        using HashRun run = new();
        byte[] page = new byte[20_000];
        new Random(3).NextBytes(page);
        string first = run.Write("first", page);
        string same = run.Write("same", page);

        run.Compare(first, same).ShouldBe(ExitCode.Done);

        run.Data.ShouldBe("the same, byte for byte\n  sha256  same\n  ssdeep  100 of 100\n  tlsh    0 apart, 0 without the difference in length\n");
    }

    [Fact]
    public void Digests_may_be_given_instead_of_files()
    {
        using HashRun run = new();

        run.Compare("--tlsh", Tlsh1, Tlsh2).ShouldBe(ExitCode.Done);

        run.Data.ShouldBe("slightly similar: some parts agree, or documents of the same sort\n  tlsh    99 apart, 63 without the difference in length\n");
        run.Compare("--tlsh", Tlsh1, "T1zz").ShouldBe(ExitCode.WrongUsage);
        run.Compare("--ssdeep", "3::", "no digest").ShouldBe(ExitCode.WrongUsage);
        run.Compare("--ssdeep", "--tlsh", Tlsh1, Tlsh2).ShouldBe(ExitCode.WrongUsage);
        run.Compare("-", "-").ShouldBe(ExitCode.WrongUsage);
        run.Compare(run.File("absent"), run.Folder).ShouldBe(ExitCode.Failed);
    }

    [Theory]
    [InlineData(true, 100, 0, "Same")]
    [InlineData(true, null, null, "Same")]
    [InlineData(false, 80, null, "VerySimilar")]
    [InlineData(false, 0, 30, "VerySimilar")]
    [InlineData(false, 79, 31, "Similar")]
    [InlineData(false, 0, 70, "Similar")]
    [InlineData(false, 1, 300, "SlightlySimilar")]
    [InlineData(false, 0, 100, "SlightlySimilar")]
    [InlineData(false, 0, 101, "Different")]
    [InlineData(false, 0, null, "Different")]
    [InlineData(false, null, null, "Unknown")]
    public void The_nearer_of_the_two_methods_names_the_degree(bool same, int? score, int? distance, string degree) =>
        new Likeness(same, score, distance, distance).Degree.ToString().ShouldBe(degree);

    private static string Shared(JsonElement row, string name) => Repository.RequireShared("fingerprints", "fuzzy", row.GetProperty(name).GetString()!);
}
