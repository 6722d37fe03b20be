using System.Text.Json;
using Whorl.Tests.Support;

namespace Whorl.Fingerprints.Tests.Tls;

/// <summary>The vectors in this repository; vectors/README.md says where they come from.</summary>
internal static class OwnVectors
{
    public static IReadOnlyList<JsonElement> Tls { get; } = Rows("tls-hellos.jsonl");

    public static IReadOnlyList<JsonElement> Dtls { get; } = Rows("dtls-hellos.jsonl");

    public static IReadOnlyList<JsonElement> Http2 { get; } = Rows("http2-openings.jsonl");

    public static JsonElement TlsNamed(string name) => Tls.Single(r => Text(r, "name") == name);

    public static byte[] Bytes(JsonElement row, string field) => Convert.FromHexString(Text(row, field));

    public static string Text(JsonElement row, string field) => row.GetProperty(field).GetString()!;

    private static List<JsonElement> Rows(string file) =>
        [.. File.ReadLines(Path.Combine(Repository.Root, "tests", "Whorl.Fingerprints.Tests", "vectors", file)).Select(static l => JsonDocument.Parse(l).RootElement)];
}
