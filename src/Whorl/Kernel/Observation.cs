using System.Text.Json;

namespace Whorl.Kernel;

/// <summary>
/// One thing seen. Immutable. On the bus, in the store and in exports it is the CloudEvents 1.0 event that
/// <see cref="CloudEvents"/> writes; <see cref="Kind"/> <c>http.request</c> is the type <c>whorl.http.request</c>.
/// </summary>
/// <param name="Id">UUIDv7; its time is when the observation was made.</param>
/// <param name="Kind">Dotted lower-case noun, such as <c>http.request</c> or <c>tls.client_hello</c>.</param>
/// <param name="Time">When the thing happened.</param>
/// <param name="Sensor">Name of the node that saw it.</param>
/// <param name="Subject">What it is about.</param>
/// <param name="Attributes">A JSON object; names are documented per kind in docs/reference/observations.md.</param>
internal sealed record Observation(
    ObservationId Id, string Kind, DateTimeOffset Time, string Sensor, Subject Subject, JsonElement Attributes)
{
    /// <summary>Names kind and version of the attributes; an event from a newer version keeps its own.</summary>
    public string Schema { get; init; } = CloudEvents.SchemaPrefix + Kind;

    /// <summary>Envelope fields this version does not know; written back unchanged.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Extensions { get; init; }

    /// <summary>An attribute that is a text; null where it is absent or something else.</summary>
    public string? Text(string name) => Attributes.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>An attribute that is a number; null where it is absent or something else.</summary>
    public double? Number(string name) => Attributes.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    /// <summary>An attribute that is an address; null where it is absent or something else.</summary>
    public PeerAddress? Address(string name) => PeerAddress.TryParse(Text(name), out PeerAddress address) ? address : null;
}
