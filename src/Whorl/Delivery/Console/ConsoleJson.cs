using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Whorl.Delivery.WebConsole;

/// <summary>JSON that the console's scripts and pages read.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(Overview.ChartPoint[]))]
[JsonSerializable(typeof(Overview.Pulse))]
internal sealed partial class ConsoleJson : JsonSerializerContext
{
    /// <summary>Indented, letters of all scripts as they are: for text that Razor then escapes for HTML.</summary>
    public static ConsoleJson Readable { get; } = new(new JsonSerializerOptions { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
