using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Tests.Sites.Fetching;

/// <summary>The JSON schema of a scan, made from the records, and a check against it: types, names, what must be there, words of an enumeration.</summary>
internal static class ScanSchema
{
    public static JsonObject Node { get; } = Make();

    public static string Text => Node.ToJsonString(new() { WriteIndented = true, NewLine = "\n" }) + "\n";

    /// <summary>What is wrong with a text, by its place.</summary>
    public static List<string> Faults(string json)
    {
        List<string> faults = [];
        using JsonDocument document = JsonDocument.Parse(json);
        Check(Node, document.RootElement, "$", faults);
        return faults;
    }

    private static JsonObject Make()
    {
        JsonSchemaExporterOptions options = new()
        {
            TreatNullObliviousAsNonNullable = true,
            TransformSchemaNode = (context, schema) =>
            {
                // What is absent is left out, never null.
                if (schema is JsonObject node && node["type"] is JsonArray types)
                {
                    node["type"] = types.Select(type => type!.GetValue<string>()).First(type => type != "null");
                }

                if (schema is JsonObject { } closed && closed["properties"] is not null)
                {
                    closed["additionalProperties"] = false;
                }

                (schema as JsonObject)?.Remove("default");
                return schema;
            },
        };
        JsonObject made = (JsonObject)new JsonSerializerOptions(ScanJson.Options) { TypeInfoResolver = new DefaultJsonTypeInfoResolver(), NumberHandling = JsonNumberHandling.Strict }.GetJsonSchemaAsNode(typeof(ScanRecord), options);
        JsonObject whole = new() { ["$schema"] = "https://json-schema.org/draft/2020-12/schema", ["title"] = "One visit to a web site, as `whorl site --json` prints it" };
        foreach ((string name, JsonNode? value) in made)
        {
            whole[name] = value?.DeepClone();
        }

        return whole;
    }

    private static void Check(JsonNode schema, JsonElement value, string place, List<string> faults)
    {
        if (schema["$ref"] is { } reference)
        {
            JsonNode target = Node;
            foreach (string part in reference.GetValue<string>().Split('/').Skip(1))
            {
                target = (target is JsonArray array ? array[int.Parse(part, System.Globalization.CultureInfo.InvariantCulture)] : target[part])!;
            }

            schema = target;
        }

        if (schema["enum"] is JsonArray words && !words.Any(word => word!.GetValue<string>() == value.GetString()))
        {
            faults.Add($"{place}: {value}");
        }

        string? type = schema["type"]?.GetValue<string>();
        bool fits = type switch
        {
            "object" => value.ValueKind == JsonValueKind.Object,
            "array" => value.ValueKind == JsonValueKind.Array,
            "string" => value.ValueKind == JsonValueKind.String,
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
            "number" => value.ValueKind == JsonValueKind.Number,
            _ => schema["enum"] is not null,
        };
        if (!fits)
        {
            faults.Add($"{place}: {value.ValueKind} is no {type}");
            return;
        }

        if (value.ValueKind == JsonValueKind.Object)
        {
            faults.AddRange((schema["required"] as JsonArray ?? []).Select(name => name!.GetValue<string>()).Where(name => !value.TryGetProperty(name, out _)).Select(name => $"{place}.{name} is missing"));
            foreach (JsonProperty property in value.EnumerateObject())
            {
                if (schema["properties"]?[property.Name] is { } inner)
                {
                    Check(inner, property.Value, $"{place}.{property.Name}", faults);
                }
                else
                {
                    faults.Add($"{place}.{property.Name} is not known");
                }
            }
        }
        else if (value.ValueKind == JsonValueKind.Array && schema["items"] is { } items)
        {
            foreach ((int number, JsonElement item) in value.EnumerateArray().Index())
            {
                Check(items, item, $"{place}[{number}]", faults);
            }
        }
    }
}
