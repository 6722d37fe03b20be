using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

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

    /// <summary>Writes a batch, one event a line: <c>[\n{…},\n{…}\n]</c>.</summary>
    public static ReadOnlyMemory<byte> WriteBatch(IReadOnlyList<Observation> observations)
    {
        ArrayBufferWriter<byte> buffer = new();
        buffer.Write("[\n"u8);
        for (int i = 0; i < observations.Count; i++)
        {
            buffer.Write(i == 0 ? default : ",\n"u8);
            using Utf8JsonWriter json = new(buffer);
            Write(json, observations[i]);
        }

        buffer.Write("\n]"u8);
        return buffer.WrittenMemory;
    }

    /// <summary>Reads one event; false where it is not an observation of ours.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> utf8, out Observation? observation)
    {
        observation = null;
        if (utf8.Length > MaxEventLength || !Utf8.IsValid(utf8.Span))
        {
            return false;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8);
            return TryRead(document.RootElement, MayHoldHalves(utf8.Span), out observation);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Reads a batch; events that are not observations are passed over. False where it is no batch at all.</summary>
    public static bool TryReadBatch(ReadOnlyMemory<byte> utf8, out IReadOnlyList<Observation> observations)
    {
        List<Observation> list = [];
        observations = list;
        if (!Utf8.IsValid(utf8.Span))
        {
            return false;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                return false;
            }

            bool mayHoldHalves = MayHoldHalves(utf8.Span);
            foreach (JsonElement element in document.RootElement.EnumerateArray())
            {
                if (TryRead(element, mayHoldHalves, out Observation? observation))
                {
                    list.Add(observation!);
                }
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>
    /// An escape such as <c>\ud800</c> without its other half is JSON to the parser, and an exception to whoever makes a string of it later.
    /// Escapes of that range are rare, so only texts that have one are looked through.
    /// </summary>
    private static bool MayHoldHalves(ReadOnlySpan<byte> utf8) => utf8.IndexOf("\\ud"u8) >= 0 || utf8.IndexOf("\\uD"u8) >= 0;

    private static bool TryRead(JsonElement element, bool mayHoldHalves, out Observation? observation)
    {
        observation = null;
        if (element.ValueKind != JsonValueKind.Object || (mayHoldHalves && !IsWhole(element)))
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

    private static bool IsWhole(JsonElement element)
    {
        try
        {
            using Utf8JsonWriter nowhere = new(Stream.Null);
            element.WriteTo(nowhere);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static string? TextOf(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
