using Whorl.Fingerprints.Matching;
using Whorl.Kernel;

namespace Whorl.Analysis.Intel;

/// <summary>A fingerprint in an observation.</summary>
/// <param name="Owner">Whose it is.</param>
/// <param name="Port">Port it was seen on, for a server's.</param>
internal readonly record struct SeenFingerprint(FingerprintKind Kind, string Value, PeerAddress Owner, int? Port);

/// <summary>Which attributes hold fingerprints that lists are about, and whose they are.</summary>
internal static class SignatureKinds
{
    private static readonly (string Name, FingerprintKind Kind, string Attribute, bool IsServers)[] Table =
    [
        ("ja3", FingerprintKind.Ja3, "tls.ja3", false),
        ("ja3s", FingerprintKind.Ja3S, "tls.ja3s", true),
        ("ja4", FingerprintKind.Ja4, "tls.ja4", false),
        ("hassh", FingerprintKind.Hassh, "ssh.hassh", false),
        ("hasshserver", FingerprintKind.HasshServer, "ssh.hassh_server", true),
        ("jarm", FingerprintKind.Jarm, "tls.jarm", true),
    ];

    public static FingerprintKind? Of(string name) =>
        Array.Find(Table, row => row.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { Name: not null } found ? found.Kind : null;

    public static string NameOf(FingerprintKind kind) => Array.Find(Table, row => row.Kind == kind).Name;

    public static IEnumerable<SeenFingerprint> In(Observation observation)
    {
        foreach ((_, FingerprintKind kind, string attribute, bool servers) in Table)
        {
            if (observation.Text(attribute) is { Length: > 0 } value && Owner(observation, kind, servers) is { } owner)
            {
                yield return new(kind, value, owner.Address, owner.Port);
            }
        }
    }

    private static (PeerAddress Address, int? Port)? Owner(Observation observation, FingerprintKind kind, bool servers)
    {
        // Who was asked; else, of a session, the answering side; else who spoke.
        string side = observation.Address("target.ip") is not null ? "target" : kind == FingerprintKind.Ja3S ? "destination" : "source";
        return observation.Address(side + ".ip") is { } address
            ? (address, servers && observation.Number(side + ".port") is > 0 and <= ushort.MaxValue and double port ? (int)port : null)
            : null;
    }
}
