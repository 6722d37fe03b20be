using System.Text.Json;
using System.Text.Json.Serialization;

namespace Whorl.Sources.Sites.Scans;

/// <summary>The one JSON form of scans, jobs and runs: names in snake_case, what is absent or empty left out, times in UTC.</summary>
internal static class ScanJson
{
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };
}
