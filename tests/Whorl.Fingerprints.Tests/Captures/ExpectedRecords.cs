using System.Text.Json;
using Whorl.Tests.Support;

namespace Whorl.Fingerprints.Tests.Captures;

/// <summary>The lines of <c>fingerprints/expected.jsonl</c> and its like; skips the test, loudly, where the data is absent.</summary>
internal static class ExpectedRecords
{
    /// <summary>Records of a type, by capture file (full path).</summary>
    public static Dictionary<string, List<JsonElement>> Read(string listing, Func<JsonElement, bool> wanted)
    {
        string path = Repository.RequireShared("fingerprints", listing);
        string folder = Path.GetDirectoryName(path)!;
        Dictionary<string, List<JsonElement>> byFile = new(StringComparer.Ordinal);
        foreach (string line in File.ReadLines(path))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            if (!wanted(document.RootElement))
            {
                continue;
            }

            string file = Path.Combine(folder, document.RootElement.GetProperty("file").GetString()!);
            if (!byFile.TryGetValue(file, out List<JsonElement>? records))
            {
                byFile.Add(file, records = []);
            }

            records.Add(document.RootElement.Clone());
        }

        return byFile;
    }

    public static string Text(this JsonElement record, string name) => record.GetProperty(name).GetString()!;

    public static int Number(this JsonElement record, string name) => record.GetProperty(name).GetInt32();

    public static bool IsOfType(this JsonElement record, params ReadOnlySpan<string> types) =>
        record.TryGetProperty("type", out JsonElement type) && types.Contains(type.GetString()!);
}
