using Whorl.Fingerprints.Tls;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fuzz;

/// <summary>Targets of Whorl.Fingerprints/Tls.</summary>
internal static class TlsFuzzTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("tls-client-records", ClientRecords, Hellos),
        new("tls-client-message", ClientMessage, static () => Hellos().Select(static h => h[Math.Min(h.Length, 5)..])),
    ];

    private static IEnumerable<byte[]> Hellos() => SeedFiles.Hex("tls-hellos.jsonl", "client");

    private static int ClientRecords(ReadOnlySpan<byte> input)
    {
        ParseStatus status = ClientHello.TryReadRecords(input, out ClientHello? hello, out int consumed);
        if (consumed > input.Length || (status == ParseStatus.Done) != (hello is not null))
        {
            throw new InvalidOperationException("the answer contradicts itself");
        }

        return HashCode.Combine(status, Touch(hello));
    }

    private static int ClientMessage(ReadOnlySpan<byte> input) => HashCode.Combine(ClientHello.TryParse(input, out ClientHello? hello), Touch(hello));

    // Reads every property and takes every fingerprint; the counts tell shapes of hellos apart.
    private static int Touch(ClientHello? hello)
    {
        if (hello is null)
        {
            return 0;
        }

        _ = Ja3.Text(hello).Length + Ja3.Hash(hello).Length + hello.AlpnProtocols.Count + (hello.ServerName?.Length ?? 0);
        foreach (Ja4Transport transport in (ReadOnlySpan<Ja4Transport>)[Ja4Transport.Tcp, Ja4Transport.Quic, Ja4Transport.Dtls])
        {
            Ja4Forms forms = Ja4.Of(hello, transport);
            if (forms.Value.Length != Ja4.ValueLength || forms.Original.Length != Ja4.ValueLength)
            {
                throw new InvalidOperationException("a JA4 value has the wrong length");
            }
        }

        _ = hello.TryGetExtension(ExtensionType.Padding, out _);
        return HashCode.Combine(
            hello.Extensions.Count,
            hello.SupportedGroups.Count,
            hello.KeyShareGroups.Count,
            hello.SupportedVersions.Count,
            hello.Resumption,
            hello.HasGrease,
            hello.ServerName is null);
    }
}
