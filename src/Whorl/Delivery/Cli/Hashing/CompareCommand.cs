using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Whorl.Delivery.Cli.Hashing;

/// <summary><c>whorl compare A B</c>: how alike two files, or two digests, are.</summary>
internal static class CompareCommand
{
    public static Command Create(Output output, Func<Stream> standardInput)
    {
        Argument<string> first = new("first") { Description = "a file, or - for standard input; a digest with --ssdeep or --tlsh" };
        Argument<string> second = new("second") { Description = "another one" };
        Option<bool> ssdeep = new("--ssdeep") { Description = "compare two ssdeep digests instead of files" };
        Option<bool> tlsh = new("--tlsh") { Description = "compare two TLSH digests instead of files" };
        Option<bool> json = new("--json") { Description = "one JSON object on standard output" };
        Command command = new("compare", """
            how alike two files are: ssdeep score (0 to 100), TLSH distance (0 is nearest), and in words

            Examples:
              whorl compare page-monday.html page-tuesday.html
              whorl compare --tlsh T105037D16… T15C33AF19…
            """) { first, second, ssdeep, tlsh, json };
        command.SetAction(async (parsed, cancel) =>
        {
            string a = parsed.GetValue(first)!, b = parsed.GetValue(second)!;
            bool asSsdeep = parsed.GetValue(ssdeep), asTlsh = parsed.GetValue(tlsh);
            if (asSsdeep && asTlsh)
            {
                return output.Fail("--ssdeep and --tlsh do not go together.", "Compare one pair of digests at a time.", ExitCode.WrongUsage);
            }

            if (asSsdeep || asTlsh)
            {
                Likeness digests = asSsdeep ? Likeness.OfSsdeep(a, b) : Likeness.OfTlsh(a, b);
                if (!digests.Comparable)
                {
                    return output.Fail(
                        $"one of these is no {(asSsdeep ? "ssdeep" : "TLSH")} digest.",
                        asSsdeep ? "It looks like 96:abc:def, as `whorl hash` prints it." : "It is T1 and 70 hex digits, as `whorl hash` prints it.",
                        ExitCode.WrongUsage);
                }

                Print(output, digests, [], parsed.GetValue(json));
                return ExitCode.Done;
            }

            if (a == InputFiles.StandardInput && b == InputFiles.StandardInput)
            {
                return output.Fail("standard input can be read once only.", "Name a file for one of the two.", ExitCode.WrongUsage);
            }

            InputFiles input = new(output, standardInput);
            FileHashes? one = await input.TryHashAsync(a, cancel);
            FileHashes? other = await input.TryHashAsync(b, cancel);
            if (one is null || other is null)
            {
                return ExitCode.Failed;
            }

            Print(output, Likeness.Of(one, other), [one, other], parsed.GetValue(json));
            return ExitCode.Done;
        });
        return command;
    }

    private static void Print(Output output, Likeness likeness, IReadOnlyList<FileHashes> files, bool json)
    {
        if (json)
        {
            output.Json(writer => Write(writer, likeness, files));
            return;
        }

        output.Data.WriteLine(likeness.Words);
        if (likeness.Same is { } same)
        {
            output.Data.WriteLine($"  sha256  {(same ? "same" : "different")}");
        }

        if (likeness.SsdeepScore is { } score)
        {
            output.Data.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  ssdeep  {score} of 100"));
        }

        if (likeness.TlshDistance is { } distance)
        {
            output.Data.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  tlsh    {distance} apart, {likeness.TlshDistanceWithoutLength} without the difference in length"));
        }
    }

    private static void Write(Utf8JsonWriter json, Likeness likeness, IReadOnlyList<FileHashes> files)
    {
        json.WriteStartObject();
        json.WriteString("likeness", JsonNamingPolicy.CamelCase.ConvertName(likeness.Degree.ToString()));
        json.WriteString("words", likeness.Words);
        WriteNumber(json, "ssdeepScore", likeness.SsdeepScore);
        WriteNumber(json, "tlshDistance", likeness.TlshDistance);
        WriteNumber(json, "tlshDistanceWithoutLength", likeness.TlshDistanceWithoutLength);
        if (likeness.Same is { } same)
        {
            json.WriteBoolean("sameSha256", same);
            json.WriteStartArray("files");
            foreach (FileHashes each in files)
            {
                each.Write(json);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, int? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
