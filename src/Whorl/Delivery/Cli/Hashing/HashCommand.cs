using System.CommandLine;
using System.Globalization;

namespace Whorl.Delivery.Cli.Hashing;

/// <summary><c>whorl hash FILE…</c>: the fingerprints of files.</summary>
internal static class HashCommand
{
    public static Command Create(Output output, Func<Stream> standardInput)
    {
        Argument<string[]> files = new("file") { Description = "files, or - for standard input", Arity = ArgumentArity.OneOrMore };
        Option<bool> json = new("--json") { Description = "one JSON object a line for each file" };
        Command command = new("hash", """
            fingerprint files: sha256, ssdeep, TLSH, MurmurHash3, favicon hash as search engines have it

            Files of any size are read once, in fixed memory. In a pipe: file, size, sha256, ssdeep, tlsh, mmh3, favicon, by tabs.

            Examples:
              whorl hash index.html favicon.ico
              curl -s https://example.com/favicon.ico | whorl hash - --json
            """) { files, json };
        command.SetAction(async (parsed, cancel) =>
        {
            InputFiles input = new(output, standardInput);
            int done = 0, failed = 0;
            foreach (string file in parsed.GetValue(files)!)
            {
                if (await input.TryHashAsync(file, cancel) is not { } hashes)
                {
                    failed++;
                    continue;
                }

                Print(output, hashes, parsed.GetValue(json), first: done == 0);
                done++;
            }

            return failed == 0 ? ExitCode.Done : done > 0 ? ExitCode.PartlyDone : ExitCode.Failed;
        });
        return command;
    }

    // As soon as it is known: of a thousand files the first is not kept waiting for the last.
    private static void Print(Output output, FileHashes hashes, bool json, bool first)
    {
        string size = hashes.Size.ToString(CultureInfo.InvariantCulture);
        string mmh3 = hashes.Mmh3.ToString(CultureInfo.InvariantCulture);
        string favicon = hashes.Favicon.ToString(CultureInfo.InvariantCulture);
        if (json)
        {
            output.Json(hashes.Write);
        }
        else if (output.Terminal)
        {
            output.Data.WriteLine($"""
                {(first ? "" : "\n")}{Output.Escape(hashes.File)}  {size} bytes
                  sha256   {hashes.Sha256}
                  ssdeep   {Or(hashes.Ssdeep, "none: longer than the method goes")}
                  tlsh     {Or(hashes.Tlsh, "none: fewer than 50 bytes, or too little variety")}
                  mmh3     {mmh3}
                  favicon  {favicon}
                """);
        }
        else
        {
            output.Table([], [[hashes.File, size, hashes.Sha256, hashes.Ssdeep, hashes.Tlsh, mmh3, favicon]]);
        }
    }

    private static string Or(string digest, string none) => digest.Length == 0 ? none : digest;
}
