using System.Text.Json;
using Whorl.LiveTests.Processes;

namespace Whorl.LiveTests.Probes;

/// <summary>The real executable's <c>probe</c>, run once.</summary>
internal static class WhorlProbe
{
    /// <summary>Runs it with <c>--json</c> and the loopback allowed; what it found, by kind.</summary>
    public static async Task<(int Code, IReadOnlyList<JsonElement> Found, string Error)> RunAsync(params string[] arguments)
    {
        using Whorl.Tests.Support.TempFolder folder = new();
        (int code, string output, string error) = await RunningProcess.RunAsync(
            WhorlProcess.Executable, ["probe", "--json", "--allow", "127.0.0.0/8", .. arguments], new Dictionary<string, string?> { ["WHORL_Node__Data"] = folder.Path });
        List<JsonElement> found = [];
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            found.Add(document.RootElement.Clone());
        }

        return (code, found, error);
    }

    public static string? Text(this JsonElement found, string name) =>
        !found.TryGetProperty(name, out JsonElement value) ? null : value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();
}
