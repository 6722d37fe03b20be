using Whorl.Fingerprints.Fuzzy;

namespace Whorl.Bench.Fuzzy;

/// <summary>Scores of every pair of digests in a file, one digest a line, for bench/crosscheck/fuzzy.py.</summary>
internal static class FuzzyScores
{
    /// <summary>Writes a line a pair: places of the two digests from 0, then ssdeep's score, or TLSH's distance with and without length.</summary>
    public static void Write(string method, string file, TextWriter output)
    {
        string[] digests = File.ReadAllLines(file);
        for (int i = 0; i < digests.Length; i++)
        {
            for (int j = i + 1; j < digests.Length; j++)
            {
                string score = method == "ssdeep"
                    ? $"{Ssdeep.Compare(digests[i], digests[j])}"
                    : $"{Tlsh.Distance(digests[i], digests[j])} {Tlsh.Distance(digests[i], digests[j], withLength: false)}";
                output.WriteLine($"{i} {j} {score}");
            }
        }
    }
}
