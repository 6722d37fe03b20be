using System.Text.Json;

namespace Whorl.Fuzz.Targets;

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

    /// <summary>The hex of rows of a format in a file of <c>tests/fixtures</c>; none where it is absent.</summary>
    public static IEnumerable<byte[]> Fixture(string folder, string file, string format)
    {
        foreach (string line in Find("fixtures", folder, file) is { } path ? File.ReadLines(path) : [])
        {
            JsonElement row = JsonDocument.Parse(line).RootElement;
            if (row.GetProperty("format").GetString() == format)
            {
                yield return Convert.FromHexString(row.GetProperty("hex").GetString()!);
            }
        }
    }

    private static IEnumerable<JsonElement> Values(string file, string field)
    {
        foreach (string line in Find("Whorl.Fingerprints.Tests", "vectors", file) is { } path ? File.ReadLines(path) : [])
        {
            JsonElement row = JsonDocument.Parse(line).RootElement;
            if (row.TryGetProperty(field, out JsonElement value))
            {
                yield return value;
            }
        }
    }

    private static string? Find(params string[] parts)
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string path = Path.Combine([at.FullName, "tests", .. parts]);
            if (File.Exists(path))
            {
                return path;
            }
        }

        return null;
    }
}
