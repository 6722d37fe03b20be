using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Whorl.Kernel.Certificates;

/// <summary>TLS for those who ask a server what it is: any certificate is taken, nothing is looked up for it, and what was sent is kept.</summary>
internal static class AnyCertificate
{
    /// <summary>Options that keep the certificates as they came, the server's own first.</summary>
    /// <param name="distrust">Where given, filled with why this machine would not trust the certificate for the host: <c>expired</c>, <c>other_name</c>, <c>self_signed</c>, <c>untrusted_root</c>.</param>
    /// <param name="protocols">ALPN, where any are to be offered.</param>
    public static SslClientAuthenticationOptions ClientOptions(string host, List<ReadOnlyMemory<byte>> chain, List<string>? distrust = null, List<SslApplicationProtocol>? protocols = null) => new()
    {
        TargetHost = PeerAddress.TryParse(host, out _) ? "" : host,
        ApplicationProtocols = protocols,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,

        // Without this the chain's builder fetches issuers from wherever the certificate says.
        CertificateChainPolicy = new X509ChainPolicy
        {
            DisableCertificateDownloads = true,
            RevocationMode = X509RevocationMode.NoCheck,
            TrustMode = distrust is null ? X509ChainTrustMode.CustomRootTrust : X509ChainTrustMode.System,
        },
#pragma warning disable CA5359 // It is asked who it is; nothing is trusted.
        RemoteCertificateValidationCallback = (_, certificate, built, _) =>
        {
            if (certificate is not null)
            {
                chain.Add(certificate.GetRawCertData());
                chain.AddRange((built?.ChainPolicy.ExtraStore ?? []).Select(each => (ReadOnlyMemory<byte>)each.RawData).Where(each => !each.Span.SequenceEqual(chain[0].Span)));
            }

            if (distrust is not null && certificate is X509Certificate2 own && built is not null)
            {
                distrust.AddRange(Reasons(own, host, built));
            }

            return true;
        },
#pragma warning restore CA5359
    };

    private static IEnumerable<string> Reasons(X509Certificate2 certificate, string host, X509Chain built)
    {
        X509ChainStatusFlags flags = built.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, each) => all | each.Status);
        if (flags.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            yield return "expired";
        }

        if (!Names(certificate, host))
        {
            yield return "other_name";
        }

        X509ChainStatusFlags rest = flags & ~X509ChainStatusFlags.NotTimeValid;
        if (rest != X509ChainStatusFlags.NoError)
        {
            yield return rest.HasFlag(X509ChainStatusFlags.UntrustedRoot) && certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData) ? "self_signed" : "untrusted_root";
        }
    }

    // A list of names that cannot be read, or stands there twice, names nobody.
    private static bool Names(X509Certificate2 certificate, string host)
    {
        try
        {
            return certificate.MatchesHostname(host);
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException)
        {
            return false;
        }
    }
}
