using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Sources.Decoys.Personas;

namespace Whorl.Sources.Decoys;

/// <summary>Makes what each decoy shows of itself (certificates, host keys) once, and keeps it in the folder <c>decoys</c> under Node:Data: a decoy that restarts is the same machine.</summary>
internal sealed class CertificateMaker(IOptions<NodeOptions> node, TimeProvider clock)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const int RsaBits = 2048;

    // As Debian's make-ssl-cert does when a server is set up and nobody thinks of certificates again.
    private static readonly TimeSpan Term = TimeSpan.FromDays(3650);

    // How long ago that was, at most.
    private const int MaxAgeDays = 700;

    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, SslStreamCertificateContext> _certificates = new(StringComparer.Ordinal);

    /// <summary>The decoy's certificate, ready to be shown. Where the disk failed it is tried again for the next who asks.</summary>
    public SslStreamCertificateContext For(string decoy, Persona persona)
    {
        if (_certificates.TryGetValue(decoy, out SslStreamCertificateContext? known))
        {
            return known;
        }

        lock (_gate)
        {
            return _certificates.GetOrAdd(decoy, name => SslStreamCertificateContext.Create(ReadOrMake(PathOf(name, "pfx"), persona), null, offline: true));
        }
    }

    /// <summary>Bytes of a secret file of one decoy; made where it is not there.</summary>
    public byte[] Keep(string decoy, string kind, Func<byte[]> make)
    {
        string path = PathOf(decoy, kind);
        if (File.Exists(path))
        {
            return File.ReadAllBytes(path);
        }

        byte[] made = make();
        Write(path, made);
        return made;
    }

    private string PathOf(string decoy, string kind) => Path.Combine(Path.GetFullPath(node.Value.Data), "decoys", $"{decoy}.{kind}");

    private static void Write(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, OwnerOnly | UnixFileMode.UserExecute);
        using FileStream file = new(path, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
        file.Write(bytes);
    }

    private X509Certificate2 ReadOrMake(string path, Persona persona)
    {
        if (File.Exists(path))
        {
            X509Certificate2 kept = X509CertificateLoader.LoadPkcs12FromFile(path, null);
            if (kept.NotAfter.ToUniversalTime() > clock.GetUtcNow().UtcDateTime)
            {
                return kept;
            }

            kept.Dispose();
        }

        using RSA key = RSA.Create(RsaBits);
        CertificateRequest request = new($"CN={persona.FullHost}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName(persona.FullHost);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, false));
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset made = clock.GetUtcNow().AddDays(-RandomNumberGenerator.GetInt32(1, MaxAgeDays)).AddSeconds(-RandomNumberGenerator.GetInt32(86_400));
        using X509Certificate2 certificate = request.CreateSelfSigned(made, made + Term);
        byte[] pfx = certificate.Export(X509ContentType.Pkcs12);
        Write(path, pfx);
        return X509CertificateLoader.LoadPkcs12(pfx, null);
    }
}
