using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Sources.Edge.Connections;

namespace Whorl.Tests.Edge.Connections;

public sealed class CertificateStoreTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("whorl-certificates-");

    [Theory]
    [InlineData("one.example", "one.example")]
    [InlineData("ONE.example", "one.example")]
    [InlineData("a.two.example", "*.two.example")]
    [InlineData("a.b.two.example", "one.example")]
    [InlineData("unknown.example", "one.example")]
    [InlineData(null, "one.example")]
    public void The_server_name_chooses_the_certificate(string? asked, string expected)
    {
        using CertificateStore store = Store([Write("one", "one.example"), Write("two", "*.two.example")]);

        NameOf(store.For(asked)).ShouldBe(expected);
    }

    [Fact]
    public void A_renewed_file_is_used_and_a_broken_one_is_not()
    {
        CertificateFiles files = Write("one", "old.example");
        using CertificateStore store = Store([files]);
        NameOf(store.For(null)).ShouldBe("old.example");

        Write("one", "new-name.example");
        store.ReloadIfChanged();
        NameOf(store.For(null)).ShouldBe("new-name.example");

        File.WriteAllText(files.Certificate, "not a certificate");
        store.ReloadIfChanged();
        NameOf(store.For(null)).ShouldBe("new-name.example");
    }

    [Fact]
    public void Without_certificates_a_self_signed_one_is_made_once_and_kept_for_the_owner_alone()
    {
        string first, second;
        using (CertificateStore store = Store([]))
        {
            first = store.For("localhost").ServerCertificateContext!.TargetCertificate.Thumbprint;
        }

        using (CertificateStore store = Store([]))
        {
            second = store.For("localhost").ServerCertificateContext!.TargetCertificate.Thumbprint;
        }

        second.ShouldBe(first);
        File.GetUnixFileMode(Path.Combine(_folder.FullName, "self-signed.pfx")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private CertificateStore Store(IList<CertificateFiles> files) => new(
        Options.Create(new TlsOptions { Certificates = files }),
        Options.Create(new NodeOptions { Data = _folder.FullName }),
        TimeProvider.System,
        NullLogger<CertificateStore>.Instance);

    private CertificateFiles Write(string file, string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(1));
        CertificateFiles files = new() { Certificate = Path.Combine(_folder.FullName, file + ".pem"), Key = Path.Combine(_folder.FullName, file + ".key") };
        File.WriteAllText(files.Certificate, certificate.ExportCertificatePem());
        File.WriteAllText(files.Key, key.ExportPkcs8PrivateKeyPem());
        return files;
    }

    private static string NameOf(SslServerAuthenticationOptions options) =>
        options.ServerCertificateContext!.TargetCertificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames().Single();
}
