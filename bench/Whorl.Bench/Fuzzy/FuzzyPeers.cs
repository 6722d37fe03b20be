using System.Diagnostics;
using System.Globalization;
using Whorl.Fingerprints.Fuzzy;

namespace Whorl.Bench.Fuzzy;

/// <summary>
/// ssdeep and TLSH beside libfuzzy and the libtlsh that is installed, on the same HTML-like files, one core.
/// Needs g++, libfuzzy-dev and a TLSH library with its header (Debian: libtlsh-dev; TLSH_HOME names another build).
/// </summary>
internal static class FuzzyPeers
{
    private const int Files = 10_000;
    private const int Rounds = 7;

    public static void Report(int files = Files)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("whorl-fuzzy");
        try
        {
            int[] lengths = [2_000, 8_000, 20_000, 40_000, 90_000];
            string[] paths = new string[files];
            for (int i = 0; i < files; i++)
            {
                paths[i] = Path.Combine(folder.FullName, $"{i}.html");
                File.WriteAllBytes(paths[i], HtmlPages.Make(i, lengths[i % lengths.Length]));
            }

            byte[][] pages = [.. paths.Select(File.ReadAllBytes)];
            Speeds own = new(Best(pages, page => Ssdeep.Hash(page)), Best(pages, page => Tlsh.Hash(page)));
            Speeds peer = Peer(folder.FullName, paths);
            Console.WriteLine($"ssdeep {own.Ssdeep:F0} MB/s, libfuzzy {peer.Ssdeep:F0} MB/s: {own.Ssdeep / peer.Ssdeep:F2} times");
            Console.WriteLine($"tlsh   {own.Tlsh:F0} MB/s, libtlsh  {peer.Tlsh:F0} MB/s: {own.Tlsh / peer.Tlsh:F2} times");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static double Best(byte[][] pages, Func<byte[], string> hash)
    {
        for (int i = 0; i < 2000; i++)
        {
            hash(pages[i % pages.Length]); // the optimizing compiler must be done before the clock starts
        }

        double seconds = 0;
        foreach (byte[] page in pages)
        {
            long least = long.MaxValue;
            for (int i = 0; i < Rounds; i++)
            {
                long start = Stopwatch.GetTimestamp();
                hash(page);
                least = Math.Min(least, Stopwatch.GetTimestamp() - start);
            }

            seconds += least / (double)Stopwatch.Frequency;
        }

        return pages.Sum(page => (double)page.Length) / seconds / 1e6;
    }

    private static Speeds Peer(string folder, string[] paths)
    {
        string source = Path.Combine(AppContext.BaseDirectory, "Fuzzy", "peer.cpp");
        string program = Path.Combine(folder, "peer");
        string? home = Environment.GetEnvironmentVariable("TLSH_HOME");
        string[] places = home is null ? [] : [$"-I{home}/include", $"-L{home}/lib"];
        Run("g++", ["-O3", "-o", program, source, .. places, "-lfuzzy", "-ltlsh"], []);
        string[] speeds = Run(program, [], paths).Split(' ');
        return new Speeds(double.Parse(speeds[0], CultureInfo.InvariantCulture), double.Parse(speeds[1], CultureInfo.InvariantCulture));
    }

    private static string Run(string program, IEnumerable<string> arguments, IEnumerable<string> lines)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        using Process process = Process.Start(start)!;
        foreach (string line in lines)
        {
            process.StandardInput.WriteLine(line);
        }

        process.StandardInput.Close();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException($"{program} ended with {process.ExitCode}; are libfuzzy-dev and libtlsh-dev installed?");
    }

    private readonly record struct Speeds(double Ssdeep, double Tlsh);
}
