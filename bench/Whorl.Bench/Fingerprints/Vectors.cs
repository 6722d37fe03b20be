using System.Text.Json;

namespace Whorl.Bench.Fingerprints;

/// <summary>Inputs out of the vectors of the fingerprint tests.</summary>
internal static class Vectors
{
    public static byte[] Hex(string file, string name, string field)
    {
        // Benchmarks run in a folder of their own below the build output.
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string path = Path.Combine(at.FullName, "tests", "Whorl.Fingerprints.Tests", "vectors", file);
            if (!File.Exists(path))
            {
                continue;
            }

            foreach (string line in File.ReadLines(path))
            {
                using JsonDocument row = JsonDocument.Parse(line);
                if (row.RootElement.GetProperty("name").GetString() == name)
                {
                    return Convert.FromHexString(row.RootElement.GetProperty(field).GetString()!);
                }
            }
        }

        throw new FileNotFoundException($"no vector {name} in {file}");
    }
}
