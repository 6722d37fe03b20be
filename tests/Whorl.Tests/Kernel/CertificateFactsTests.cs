using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Whorl.Kernel.Certificates;

namespace Whorl.Tests.Kernel;

public sealed class CertificateFactsTests
{
    [Theory]
    [InlineData("rsa", true)]
    [InlineData("pss", true)]
    [InlineData("ec", true)]
    [InlineData("rsa", false)]
    [InlineData("pss", false)]
    [InlineData("ec", false)]
    public void Self_signed_is_what_its_own_key_signed_and_nothing_that_only_says_so(string kind, bool own)
    {
        using RSA rsa = RSA.Create(2048), otherRsa = RSA.Create(2048);
        using ECDsa ec = ECDsa.Create(ECCurve.NamedCurves.nistP384), otherEc = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        RSASignaturePadding padding = kind == "pss" ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;
        X500DistinguishedName name = new("CN=same");
        CertificateRequest request = kind == "ec" ? new(name, ec, HashAlgorithmName.SHA384) : new(name, rsa, HashAlgorithmName.SHA512, padding);
        X509SignatureGenerator signer = kind == "ec" ? X509SignatureGenerator.CreateForECDsa(own ? ec : otherEc) : X509SignatureGenerator.CreateForRSA(own ? rsa : otherRsa, padding);
        using X509Certificate2 certificate = request.Create(name, signer, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(90), [1, 2, 3]);
        CertificateFacts facts = CertificateFacts.Read(certificate.RawData);
        facts.Fault.ShouldBeNull();
        facts.Issuer.ShouldBe(facts.Subject);
        facts.SelfSigned.ShouldBe(own);
    }

    [Fact]
    public void No_truncation_or_flipped_bit_of_a_certificate_throws()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=x", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("a.example");
        names.AddIpAddress(IPAddress.Parse("203.0.113.9"));
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(90));
        byte[] der = certificate.RawData;
        for (int n = 0; n < der.Length; n += 3)
        {
            CertificateFacts.Read(der.AsSpan(0, n)).Fault.ShouldNotBeNull();
        }

        for (int bit = 0; bit < der.Length * 8; bit += 3)
        {
            der[bit / 8] ^= (byte)(1 << (bit % 8));
            CertificateFacts.Read(der);
            der[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }
}
