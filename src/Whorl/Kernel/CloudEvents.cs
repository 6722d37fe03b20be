using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Whorl.Kernel;

/// <summary>
/// The CloudEvents 1.0 JSON form of an observation (CloudEvents spec v1.0.2, JSON event format §3, JSON batch format §4).
/// Envelope fields it does not know survive; attributes are carried as they are.
/// </summary>
internal static class CloudEvents
{
    public const string TypePrefix = "whorl.";

    public const string ContentType = "application/cloudevents+json";

    public const string BatchContentType = "application/cloudevents-batch+json";

    /// <summary>Version of the attributes of every kind, in <c>dataschema</c>; a change that readers must know of raises it.</summary>
    public const string SchemaPrefix = "urn:whorl:observation:1:";

    // Larger than any observation made here (bodies are never inside); more is an attack on the store.
    public const int MaxEventLength = 256 * 1024;

    public static void Write(Utf8JsonWriter json, Observation observation)
    {
        json.WriteStartObject();
        json.WriteString("specversion"u8, "1.0"u8);
        json.WriteString("id"u8, observation.Id.ToString());
        json.WriteString("source"u8, "/sensors/" + observation.Sensor);
        json.WriteString("type"u8, TypePrefix + observation.Kind);
        json.WriteString("subject"u8, observation.Subject.Text);
        json.WriteString("time"u8, observation.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));
        json.WriteString("dataschema"u8, observation.Schema);
        if (observation.Extensions is { } extensions)
        {
            foreach ((string name, JsonElement value) in extensions)
            {
                json.WritePropertyName(name);
                value.WriteTo(json);
            }
        }

        json.WritePropertyName("data"u8);
        observation.Attributes.WriteTo(json);
        json.WriteEndObject();
    }

    public static byte[] Write(Observation observation)
    {
        ArrayBufferWriter<byte> buffer = new(512);
        using (Utf8JsonWriter json = new(buffer))
        {
            Write(json, observation);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads one event; false where it is not an observation of ours.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> utf8, out Observation? observation)
    {
        observation = null;
        if (utf8.Length > MaxEventLength)
        {
            return false;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8);
            return TryRead(document.RootElement, out observation);
        }
        catch (Exception fault) when (IsMalformed(fault))
        {
            return false;
        }
    }

    /// <summary>Reads a batch; events that are not observations are passed over. False where it is no batch at all.</summary>
    public static bool TryReadBatch(ReadOnlyMemory<byte> utf8, out IReadOnlyList<Observation> observations)
    {
        List<Observation> list = [];
        observations = list;
        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                return false;
            }

            foreach (JsonElement element in document.RootElement.EnumerateArray())
            {
                if (TryRead(element, out Observation? observation))
                {
                    list.Add(observation!);
                }
            }

            return true;
        }
        catch (Exception fault) when (IsMalformed(fault))
        {
            return false;
        }
    }

    private static bool TryRead(JsonElement element, out Observation? observation)
    {
        observation = null;
        if (element.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        string? version = null, id = null, source = null, type = null, subject = null, time = null, schema = null;
        JsonElement data = default;
        Dictionary<string, JsonElement>? extensions = null;
        foreach (JsonProperty property in element.EnumerateObject())
        {
            switch (property.Name)
            {
                case "specversion": version = TextOf(property.Value); break;
                case "id": id = TextOf(property.Value); break;
                case "source": source = TextOf(property.Value); break;
                case "type": type = TextOf(property.Value); break;
                case "subject": subject = TextOf(property.Value); break;
                case "time": time = TextOf(property.Value); break;
                case "data": data = property.Value.Clone(); break;
                case "dataschema": schema = TextOf(property.Value); break;
                case "datacontenttype": break;
                default: (extensions ??= [])[property.Name] = property.Value.Clone(); break;
            }
        }

        if (version != "1.0" || type is null || !type.StartsWith(TypePrefix, StringComparison.Ordinal) || source is null || subject is null
            || data.ValueKind != JsonValueKind.Object || !ObservationId.TryParse(id, out ObservationId parsed)
            || !DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at))
        {
            return false;
        }

        string sensor = source.StartsWith("/sensors/", StringComparison.Ordinal) ? source["/sensors/".Length..] : source;
        observation = new(parsed, type[TypePrefix.Length..], at, sensor, new(subject), data) { Extensions = extensions };
        if (schema is not null)
        {
            observation = observation with { Schema = schema };
        }

        return true;
    }

    // The parser takes bytes that are not UTF-8 and halves of surrogate pairs, and objects only when they become a string.
    private static bool IsMalformed(Exception fault) => fault is JsonException or InvalidOperationException;

    private static string? TextOf(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
