using Whorl.Fingerprints.Matching;
using Whorl.Fingerprints.Tls;
using Whorl.Fingerprints.Wire;

namespace MyApp;

internal static class Clients
{
    // received: what a client sent on a TCP connection so far.
    public static string Describe(ReadOnlySpan<byte> received, SignatureSet known)
    {
        ParseStatus status = ClientHello.TryReadRecords(received, out ClientHello? hello, out _);
        if (hello is null)
        {
            return status == ParseStatus.NeedMore ? "read on" : "not TLS";
        }

        IReadOnlyList<Signature> matches = known.Match(FingerprintKind.Ja3, Ja3.Hash(hello));
        return $"{Ja4.Value(hello, Ja4Transport.Tcp)} {(matches is [Signature first, ..] ? first.Label : "unknown")}";
    }
}
