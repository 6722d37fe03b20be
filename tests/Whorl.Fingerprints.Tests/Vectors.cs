using System.Text.Json;
using Whorl.Tests.Support;

namespace Whorl.Fingerprints.Tests;

/// <summary>Rows of a JSON-lines file with expected values.</summary>
internal static class Vectors
{
    /// <summary>Rows of a file under <c>fingerprints</c> of the shared data; skips the test, loudly, where it is absent.</summary>
    public static IEnumerable<JsonElement> Shared(params string[] parts) =>
        Rows(Repository.RequireShared(["fingerprints", .. parts]));

    /// <summary>Rows of a file that is committed in <c>vectors</c>.</summary>
    public static IEnumerable<JsonElement> Own(string file) =>
        Rows(Path.Combine(Repository.Root, "tests", "Whorl.Fingerprints.Tests", "vectors", file));

    public static string Text(this JsonElement row, string name) => row.GetProperty(name).GetString()!;

    private static IEnumerable<JsonElement> Rows(string path)
    {
        foreach (string line in File.ReadLines(path))
        {
            using JsonDocument row = JsonDocument.Parse(line);
            yield return row.RootElement.Clone();
        }
    }
}
