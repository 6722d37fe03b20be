using Whorl.Kernel;

namespace Whorl.Analysis.Identities;

/// <summary>Something an address showed.</summary>
/// <param name="Kind">What: <c>decoy</c>, <c>label</c>, or a fingerprint's attribute, such as <c>tls.ja4</c>.</param>
internal readonly record struct AddressFact(PeerAddress Address, string Kind, string Value, DateTimeOffset Time)
{
    public const string Decoy = "decoy";
    public const string Label = "label";

    // Longer than any fingerprint.
    private const int MaxValueLength = 512;

    /// <summary>Attributes by which addresses can be told apart, or known again.</summary>
    public static readonly string[] Marks =
    [
        "tls.ja4", "tls.ja3", "ssh.hassh", "ssh.banner", "tcp.stack", "os.name", "http.user_agent", "http.header_hash",
        "tls.jarm", "ssh.hassh_server", "ssh.host_key_sha256", "tcp.stack_hash", "certificate.sha256", "http.favicon_mmh3",
    ];

    /// <summary>What an observation says of whoever touched a decoy, was probed, or was recognised; nothing of anyone else.</summary>
    public static IEnumerable<AddressFact> In(Observation observation)
    {
        bool probe = observation.Kind.StartsWith("probe.", StringComparison.Ordinal);
        bool finding = observation.Kind is FindingKinds.Rotated or FindingKinds.SignatureMatched;
        string? decoy = observation.Text("decoy");
        if ((!probe && !finding && decoy is null) || observation.Address(probe ? "target.ip" : "source.ip") is not { } address || observation.Kind == ProbeKinds.Failed)
        {
            yield break;
        }

        // What the decoy itself sends is not the attacker's.
        if (observation.Kind is "tcp.synack" or "tls.certificate" || observation.Text("ssh.side") == "server")
        {
            yield break;
        }

        if (decoy is { Length: > 0 and <= MaxValueLength })
        {
            yield return new(address, Decoy, decoy, observation.Time);
        }

        if (observation.Kind == FindingKinds.SignatureMatched && observation.Text("signature.label") is { Length: > 0 and <= MaxValueLength } label)
        {
            yield return new(address, Label, label, observation.Time);
        }

        foreach (string mark in Marks)
        {
            if (observation.Text(mark) is { Length: > 0 and <= MaxValueLength } value && !(mark == "certificate.sha256" && observation.Number("certificate.index") > 0))
            {
                yield return new(address, mark, value, observation.Time);
            }
        }
    }
}
