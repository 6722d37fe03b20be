using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Whorl.Sources.Probes.Asking;
using Whorl.Sources.Probes.Protocols.Tls;

namespace Whorl.Tests.Probes.Protocols;

public sealed class CertificateProbeTests
{
    [Theory]
    [InlineData(SslProtocols.Tls12, "1.2")]
    [InlineData(SslProtocols.Tls13, "1.3")]
    [InlineData(SslProtocols.None, "1.2")]
    public async Task A_server_shows_its_certificate_whatever_version_it_insists_on(SslProtocols version, string told)
    {
        using RSA key = RSA.Create(2048);
        using X509Certificate2 certificate = SelfSigned(new CertificateRequest("CN=decoy.example, O=Näme", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        await using FakePeer peer = Server(certificate, version);
        Attributes found = (await FakePeer.AskAsync(new CertificateProbe(), peer.Target)).Result.Findings.ShouldHaveSingleItem().Attributes;
        found.Get("tls.chosen_version").ShouldBe(told);
        found.Get("tls.cipher").ShouldNotBeNull().Length.ShouldBe(4);
        found.Get("certificate.sha256").ShouldBe(Convert.ToHexStringLower(SHA256.HashData(certificate.RawData)));
        found.Get("certificate.spki_sha256").ShouldBe(Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo())));
        found.Get("certificate.subject").ShouldBe("CN=decoy.example, O=Näme");
        found.Get("certificate.subject_cn").ShouldBe("decoy.example");
        found.Get("certificate.sans").ShouldBe("a.example,b.example,203.0.113.9");
        found.Get("certificate.not_after").ShouldBe("2036-01-02T03:04:05Z");
        found.Get("certificate.serial").ShouldBe(Convert.ToHexStringLower(certificate.SerialNumberBytes.Span.TrimStart((byte)0)));
        found.Get("certificate.signature").ShouldBe("sha256WithRSAEncryption");
        found.Get("certificate.key").ShouldBe("rsa");
        found.Get("certificate.key_bits").ShouldBe("2048");
        found.Get("certificate.self_signed").ShouldBe("true");
    }

    [Fact]
    public async Task A_name_asked_for_is_sent_to_the_server()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = SelfSigned(new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256));
        string? asked = null;
        await using FakePeer peer = Server(certificate, SslProtocols.Tls13, name => asked = name);
        await FakePeer.AskAsync(new CertificateProbe(), peer.Target with { Host = "shop.example" });
        asked.ShouldBe("shop.example");
    }

    [Fact]
    public async Task Silence_tarpits_and_other_protocols_are_told_apart()
    {
        TimeSpan time = TimeSpan.FromMilliseconds(300);
        await using FakePeer silent = FakePeer.Silent(), tarpit = FakePeer.Tarpit(22), closing = FakePeer.Closing(), web = FakePeer.Answering(_ => "HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
        (await FakePeer.AskAsync(new CertificateProbe(), silent.Target, time)).Result.Failure.ShouldBe(ProbeFailure.TimedOut);
        (await FakePeer.AskAsync(new CertificateProbe(), tarpit.Target, time)).Result.Failure.ShouldNotBeNull();
        (await FakePeer.AskAsync(new CertificateProbe(), closing.Target)).Result.Failure.ShouldBe(ProbeFailure.ClosedEarly);
        (await FakePeer.AskAsync(new CertificateProbe(), web.Target)).Result.Failure.ShouldBe(ProbeFailure.NotThisProtocol);
    }

    private static X509Certificate2 SelfSigned(CertificateRequest request)
    {
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("a.example");
        names.AddDnsName("b.example");
        names.AddIpAddress(IPAddress.Parse("203.0.113.9"));
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 made = request.CreateSelfSigned(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), new DateTimeOffset(2036, 1, 2, 3, 4, 5, TimeSpan.Zero));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    private static FakePeer Server(X509Certificate2 certificate, SslProtocols versions, Action<string>? asked = null) => new(async (stream, _, stop) =>
    {
        await using SslStream tls = new(stream);
        try
        {
            await tls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    EnabledSslProtocols = versions,
                    ServerCertificateSelectionCallback = (_, name) =>
                    {
                        asked?.Invoke(name ?? "");
                        return certificate;
                    },
                },
                stop);
        }
        catch (AuthenticationException)
        {
            // The probe had seen enough, or asked for a version that is not offered.
        }
    });
}
