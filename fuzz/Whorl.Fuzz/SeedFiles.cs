using System.Text.Json;

namespace Whorl.Fuzz;

/// <summary>Seeds out of the vectors of the test projects: hex strings in JSON lines.</summary>
internal static class SeedFiles
{
    /// <summary>Every value of <paramref name="field"/>, as bytes, in a vector file of the fingerprint tests; none where it is absent.</summary>
    public static IEnumerable<byte[]> Hex(string file, string field)
    {
        string? path = Find(file);
        if (path is null)
        {
            yield break;
        }

        foreach (string line in File.ReadLines(path))
        {
            using JsonDocument row = JsonDocument.Parse(line);
            if (row.RootElement.TryGetProperty(field, out JsonElement hex) && hex.GetString() is { } text)
            {
                yield return Convert.FromHexString(text);
            }
        }
    }

    private static string? Find(string file)
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string path = Path.Combine(at.FullName, "tests", "Whorl.Fingerprints.Tests", "vectors", file);
            if (File.Exists(path))
            {
                return path;
            }
        }

        return null;
    }
}
