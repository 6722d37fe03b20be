using System.Net.Security;
using System.Security.Authentication;
using Whorl.Fingerprints.Tls;
using Whorl.Kernel.Certificates;
using Whorl.Sources.Sites.Pages;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Fetching.Tls;

/// <summary>TLS with whatever certificate the server has: what it is and why nobody should trust it is told, and nothing else follows from it.</summary>
internal static class TlsSession
{
    // Certificates of a chain that are told; real chains have up to six.
    private const int MaxTold = 8;

    // Names of one certificate that are told, and characters of whom it is for and from: a certificate may hold a hundred kilobytes of them.
    private const int MaxNames = 100;
    private const int MaxText = 500;

    /// <summary>Shakes hands over <paramref name="wire"/>, which the stream that is returned owns.</summary>
    public static async Task<(SslStream Stream, TlsFacts Facts)> OpenAsync(Stream wire, string host, CancellationToken cancel)
    {
        HearingStream heard = new(wire);
        SslStream tls = new(heard, leaveInnerStreamOpen: false);
        List<ReadOnlyMemory<byte>> chain = [];
        List<string> distrust = [];
        try
        {
            await tls.AuthenticateAsClientAsync(AnyCertificate.ClientOptions(host, chain, distrust, [SslApplicationProtocol.Http11]), cancel);
        }
        catch (Exception fault) when (fault is AuthenticationException or IOException)
        {
            await tls.DisposeAsync();
            throw new FetchException(ScanReasons.Tls, fault.GetBaseException().Message, fault);
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }

        return (tls, new()
        {
            Version = tls.SslProtocol == SslProtocols.Tls13 ? "1.3" : tls.SslProtocol == SslProtocols.Tls12 ? "1.2" : tls.SslProtocol.ToString(),
            Cipher = $"{(ushort)tls.NegotiatedCipherSuite:x4}",
            Alpn = tls.NegotiatedApplicationProtocol.Protocol.IsEmpty ? null : tls.NegotiatedApplicationProtocol.ToString(),
            Ja3S = heard.Hello is { } hello ? Ja3S.Hash(hello) : null,
            Trusted = distrust.Count == 0,
            Distrust = distrust,
            Certificates = [.. chain.Take(MaxTold).Select(each => Bounded(CertificateFacts.Read(each.Span)))],
        });
    }

    private static CertificateFacts Bounded(CertificateFacts facts) => facts with
    {
        Subject = Cut(facts.Subject),
        SubjectCn = Cut(facts.SubjectCn),
        Issuer = Cut(facts.Issuer),
        Sans = [.. facts.Sans.Take(MaxNames).Select(name => Cut(name)!)],
    };

    private static string? Cut(string? text) => text is null ? null : PageTexts.Sample(text, MaxText);
}
