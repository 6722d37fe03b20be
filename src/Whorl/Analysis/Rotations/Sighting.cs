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
        // The server's own certificate is the first of the chain; the others are its issuers'.
        if (observation.Address("target.ip") is not { } address || observation.Number("certificate.index") > 0)
        {
            yield break;
        }

        int port = observation.Number("target.port") is >= 0 and <= ushort.MaxValue and double number ? (int)number : 0;
        foreach ((string kind, string attribute, string probe) in Values)
        {
            if (kind == observation.Kind && observation.Text(attribute) is { Length: > 0 and <= MaxValueLength } value)
            {
                yield return new(address, port, probe, value, observation.Time, observation.Id);
            }
        }
    }
}
