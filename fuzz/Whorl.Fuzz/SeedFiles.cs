using System.Text.Json;

namespace Whorl.Fuzz;

/// <summary>Seeds out of the vectors of the test projects: hex strings in JSON lines.</summary>
internal static class SeedFiles
{
    /// <summary>Every value of <paramref name="field"/>, as bytes, in a vector file of the fingerprint tests; none where it is absent.</summary>
    public static IEnumerable<byte[]> Hex(string file, string field) =>
        Values(file, field).Where(static v => v.ValueKind == JsonValueKind.String).Select(static v => Convert.FromHexString(v.GetString()!));

    /// <summary>The same for fields that hold lists of hex strings.</summary>
    public static IEnumerable<byte[][]> HexLists(string file, string field) =>
        Values(file, field).Where(static v => v.ValueKind == JsonValueKind.Array)
            .Select(static v => v.EnumerateArray().Select(static e => Convert.FromHexString(e.GetString()!)).ToArray());

    private static IEnumerable<JsonElement> Values(string file, string field)
    {
        foreach (string line in Find(file) is { } path ? File.ReadLines(path) : [])
        {
            JsonElement row = JsonDocument.Parse(line).RootElement;
            if (row.TryGetProperty(field, out JsonElement value))
            {
                yield return value;
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
