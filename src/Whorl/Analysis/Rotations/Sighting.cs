using System.Text.Json;
using Whorl.Kernel;

namespace Whorl.Analysis.Rotations;

/// <summary>What a probe saw at one address and port.</summary>
/// <param name="Port">Zero for a probe that asks no port.</param>
/// <param name="Probe">What was asked for: <c>jarm</c>, <c>hassh</c>, <c>host_key</c>, <c>tcp</c>, <c>certificate</c>.</param>
/// <param name="Value">The fingerprint.</param>
internal sealed record Sighting(PeerAddress Address, int Port, string Probe, string Value, DateTimeOffset Time, ObservationId Evidence)
{
    // Longer than any fingerprint; what is longer is cut by nobody here, so it is not one.
    private const int MaxValueLength = 512;

    /// <summary>Kinds that say something to rotations, with the attribute that holds the value.</summary>
    private static readonly (string Kind, string Attribute, string Probe)[] Values =
    [
        (ProbeKinds.Jarm, "tls.jarm", "jarm"),
        (ProbeKinds.Hassh, "ssh.hassh_server", "hassh"),
        (ProbeKinds.Hassh, "ssh.host_key_sha256", "host_key"),
        (ProbeKinds.Tcp, "tcp.stack_hash", "tcp"),
        (ProbeKinds.Certificate, "certificate.sha256", "certificate"),
    ];

    public static IEnumerable<Sighting> In(Observation observation)
    {
        JsonElement attributes = observation.Attributes;
        if (!PeerAddress.TryParse(Text(attributes, "target.ip"), out PeerAddress address) || IsIssuer(attributes))
        {
            yield break;
        }

        int port = attributes.TryGetProperty("target.port", out JsonElement number) && number.ValueKind == JsonValueKind.Number && number.TryGetUInt16(out ushort read) ? read : 0;
        foreach ((string kind, string attribute, string probe) in Values)
        {
            if (kind == observation.Kind && Text(attributes, attribute) is { Length: > 0 and <= MaxValueLength } value)
            {
                yield return new(address, port, probe, value, observation.Time, observation.Id);
            }
        }
    }

    // The server's own certificate is the first of the chain.
    private static bool IsIssuer(JsonElement attributes) =>
        attributes.TryGetProperty("certificate.index", out JsonElement index) && index.ValueKind == JsonValueKind.Number && index.GetDouble() > 0;

    private static string? Text(JsonElement attributes, string name) =>
        attributes.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
