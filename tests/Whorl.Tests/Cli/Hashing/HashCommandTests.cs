using System.Text;
using System.Text.Json;
using Whorl.Delivery.Cli;
using Whorl.Tests.Support;

namespace Whorl.Tests.Cli.Hashing;

public sealed class HashCommandTests
{
    private static readonly byte[] Fox = Encoding.ASCII.GetBytes("The quick brown fox jumps over the lazy dog, and then over a few more dogs that lie about.\n");

    [Fact]
    public void A_person_gets_one_aligned_block_a_file()
    {
        using HashRun run = new() { Terminal = true };
        string file = run.Write("fox.txt", Fox);
        string empty = run.Write("empty", []);

        run.Hash(file, empty).ShouldBe(ExitCode.Done);

        run.Data.ShouldBe($"""
            {file}  91 bytes
              sha256   7a23e57773d85f430fd90d04c618285eed1e04bcb228bf56913b9ece06fa19ad
              ssdeep   3:FJKKIUKacyLvumAtBb+:FHIGHumkb+
              tlsh     T1E8B0124B22981640324714C00349D0B947C4C43D7116042034B1B053184802098D6099
              mmh3     2057530872
              favicon  1913224916

            {empty}  0 bytes
              sha256   e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
              ssdeep   3::
              tlsh     none: fewer than 50 bytes, or too little variety
              mmh3     0
              favicon  0

            """);
        run.Talk.ShouldBeEmpty();
    }

    [Fact]
    public void A_pipe_gets_one_line_of_seven_columns_a_file()
    {
        using HashRun run = new();
        string file = run.Write("hello", "hello"u8.ToArray());

        run.Hash(file).ShouldBe(ExitCode.Done);

        run.Data.ShouldBe($"{file}\t5\t2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\t3:iKn:p\t\t613153351\t1155597304\n");
    }

    [Fact]
    public void Standard_input_is_hashed_and_hostile_names_are_not_printed_raw()
    {
        using MemoryStream input = new(Fox);
        using HashRun run = new() { Input = input };

        run.Hash("-", run.Write("a\u001b[2Jb", Fox)).ShouldBe(ExitCode.Done);

        string[] lines = run.Data.Split('\n');
        lines[0].ShouldStartWith("-\t91\t");
        lines[1].ShouldContain("a\\u001b[2Jb\t91\t");
        lines[1][lines[1].IndexOf('\t')..].ShouldBe(lines[0][lines[0].IndexOf('\t')..]);
    }

    [Fact]
    public void Some_files_that_fail_make_it_partly_done_and_all_of_them_failed()
    {
        using HashRun run = new();
        string file = run.Write("one", Fox);

        run.Hash(run.File("absent"), run.Folder, file).ShouldBe(ExitCode.PartlyDone);

        run.Data.ShouldStartWith($"{file}\t");
        run.Talk.ShouldBe($"""
            error: {run.File("absent")}: there is no such file
            error: {run.Folder}: is a folder
            hint: Name files; a shell's `folder/*` does.

            """);
        run.Hash(run.File("absent")).ShouldBe(ExitCode.Failed);
    }

    [Fact]
    public void Every_shared_file_hashes_as_the_real_tools_do()
    {
        using HashRun run = new();
        JsonElement[] expected = [.. File.ReadLines(Repository.RequireShared("fingerprints", "fuzzy", "fuzzy.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)];

        run.Hash([.. expected.Select(row => SharedFile(row)), "--json"]).ShouldBe(ExitCode.Done);

        List<JsonElement> got = run.Rows();
        got.Count.ShouldBe(expected.Length);
        foreach ((JsonElement row, JsonElement hashes) in expected.Zip(got))
        {
            string file = Text(row, "file");
            Text(hashes, "file").ShouldBe(SharedFile(row));
            hashes.GetProperty("size").GetInt64().ShouldBe(row.GetProperty("size").GetInt64(), file);
            Text(hashes, "sha256").ShouldBe(Text(row, "sha256"), file);
            Text(hashes, "ssdeep").ShouldBe(Text(row, "ssdeep"), file);
            (hashes.GetProperty("tlsh").GetString() ?? "").ShouldBe(Text(row, "tlsh"), file);
            hashes.GetProperty("mmh3").GetInt32().ShouldBe(row.GetProperty("mmh3_raw").GetInt32(), file);
            hashes.GetProperty("favicon").GetInt32().ShouldBe(row.GetProperty("favicon_mmh3").GetInt32(), file);
        }
    }

    [Fact]
    public void The_system_s_ssdeep_says_the_same()
    {
        RealTool.Require("ssdeep");
        using HashRun run = new();
        string[] files = Samples(run);

        run.Hash(files).ShouldBe(ExitCode.Done);

        // ssdeep,1.1--blocksize:hash:hash,filename, then a line a file; a comma ends the digest.
        string[] real = [.. RealTool.Run("ssdeep", ["-b", .. files]).Skip(1).Select(line => line[..line.IndexOf(',')])];
        Column(run, 3).ShouldBe(real);
    }

    [Fact]
    public void The_system_s_tlsh_says_the_same()
    {
        RealTool.Require("tlsh");
        using HashRun run = new();
        string[] files = Samples(run);

        run.Hash(files).ShouldBe(ExitCode.Done);

        // Debian's tlsh 3.4.4 prints the digest without T1, and nothing at all for a file that has none (there: under 256 bytes).
        string[] real = [.. files.Select(file => RealTool.Run("tlsh", ["-f", file]).FirstOrDefault()?.Split('\t')[0] ?? "")];
        Column(run, 4).Select(digest => digest.StartsWith("T1", StringComparison.Ordinal) ? digest[2..] : digest).ShouldBe(real);
        real.Count(digest => digest.Length > 0).ShouldBeGreaterThan(files.Length / 2);
    }

    private static string[] Column(HashRun run, int column) =>
        [.. run.Data.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')[column])];

    // Text-like files that straddle the read buffer's length; the large comparison is bench/crosscheck.
    private static string[] Samples(HashRun run)
    {
        Random random = new(5);
        return [.. new[] { 1, 49, 512, 600, 4096, 131_071, 131_072, 131_073, 500_000 }.Select(length =>
        {
            byte[] bytes = new byte[length];
            for (int i = 0; i < length; i++)
            {
                bytes[i] = (byte)(random.Next(12) == 0 ? ' ' : 'a' + random.Next(26));
            }

            return run.Write($"sample-{length}", bytes);
        })];
    }

    private static string SharedFile(JsonElement row) => Repository.RequireShared("fingerprints", "fuzzy", Text(row, "file"));

    private static string Text(JsonElement row, string name) => row.GetProperty(name).GetString()!;
}
