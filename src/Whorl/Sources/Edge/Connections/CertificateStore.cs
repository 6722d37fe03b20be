using System.Collections.Frozen;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Sources.Edge.Connections;

/// <summary>
/// The certificates in use, chosen by server name: exact, then one-label wildcard (RFC 9525 §6.3), then the first. Files are read again when they change;
/// a set that cannot be read leaves the old one in use.
/// </summary>
internal sealed class CertificateStore(IOptions<TlsOptions> options, IOptions<NodeOptions> node, TimeProvider clock, ILogger<CertificateStore> log) : BackgroundService
{
    private static readonly TimeSpan SelfSignedTerm = TimeSpan.FromDays(365);

    private volatile Set? _current;
    private string _stamp = "";

    /// <summary>What the TLS handshake uses for a client that asked for <paramref name="serverName"/>. Loads on first use.</summary>
    public SslServerAuthenticationOptions For(string? serverName) => (_current ?? Load()).For(serverName);

    /// <summary>Reads all files now.</summary>
    /// <exception cref="IOException">A file cannot be read, is no certificate or key, or the two do not belong together.</exception>
    public void Reload()
    {
        try
        {
            _current = Load();
        }
        catch (Exception fault) when (fault is CryptographicException or UnauthorizedAccessException or ArgumentException)
        {
            throw new IOException($"Tls:Certificates: {fault.Message}", fault);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(options.Value.ReloadInterval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            ReloadIfChanged();
        }
    }

    /// <summary>Reads the files again if any of them changed since it was last read.</summary>
    internal void ReloadIfChanged()
    {
        if (_current is null || Stamp() == _stamp)
        {
            return;
        }

        try
        {
            Reload();
            EdgeTlsLog.Reloaded(log, options.Value.Certificates.Count);
        }
        catch (IOException fault)
        {
            EdgeTlsLog.NotReloaded(log, fault.Message);
        }
    }

    private Set Load()
    {
        string stamp = Stamp();
        List<X509Certificate2Collection> chains = [.. options.Value.Certificates.Select(ReadFiles)];
        if (chains.Count == 0)
        {
            if (!options.Value.SelfSigned)
            {
                throw new IOException("Tls:Certificates is empty and Tls:SelfSigned is off");
            }

            chains.Add(SelfSigned());
        }

        Set set = new(chains);
        _stamp = stamp;
        _current = set;
        return set;
    }

    private string Stamp() => string.Join('|', options.Value.Certificates.SelectMany(files => new[] { files.Certificate, files.Key })
        .Select(path => $"{File.GetLastWriteTimeUtc(path).Ticks}:{(File.Exists(path) ? new FileInfo(path).Length : -1)}"));

    private static X509Certificate2Collection ReadFiles(CertificateFiles files)
    {
        X509Certificate2Collection chain = [];
        chain.ImportFromPemFile(files.Certificate);
        using X509Certificate2 bare = X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
        chain[0] = X509CertificateLoader.LoadPkcs12(bare.Export(X509ContentType.Pkcs12), null);
        return chain;
    }

    // Kept in the data folder, so that a browser's exception for it outlives a restart.
    private X509Certificate2Collection SelfSigned()
    {
        string path = Path.Combine(node.Value.Data, "self-signed.pfx");
        DateTimeOffset now = clock.GetUtcNow();
        if (File.Exists(path))
        {
            X509Certificate2 kept = X509CertificateLoader.LoadPkcs12FromFile(path, null);
            if (kept.NotAfter.ToUniversalTime() > now.UtcDateTime)
            {
                return [kept];
            }
        }

        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        using X509Certificate2 made = request.CreateSelfSigned(now.AddMinutes(-5), now + SelfSignedTerm);
        byte[] pfx = made.Export(X509ContentType.Pkcs12);
        Directory.CreateDirectory(node.Value.Data);
        using (FileStream file = new(path, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
        {
            file.Write(pfx);
        }

        return [X509CertificateLoader.LoadPkcs12(pfx, null)];
    }

    /// <summary>One loaded set; immutable, swapped whole.</summary>
    private sealed class Set
    {
        private static readonly List<SslApplicationProtocol> Protocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];

        private readonly FrozenDictionary<string, SslServerAuthenticationOptions> _byName;
        private readonly SslServerAuthenticationOptions _default;

        public Set(IReadOnlyList<X509Certificate2Collection> chains)
        {
            Dictionary<string, SslServerAuthenticationOptions> byName = new(StringComparer.OrdinalIgnoreCase);
            SslServerAuthenticationOptions[] all = [.. chains.Select(Authentication)];
            for (int i = 0; i < all.Length; i++)
            {
                foreach (string name in NamesOf(chains[i][0]))
                {
                    byName.TryAdd(name, all[i]);
                }
            }

            _default = all[0];
            _byName = byName.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
        }

        public SslServerAuthenticationOptions For(string? serverName)
        {
            if (string.IsNullOrEmpty(serverName))
            {
                return _default;
            }

            if (_byName.TryGetValue(serverName, out SslServerAuthenticationOptions? exact))
            {
                return exact;
            }

            int dot = serverName.IndexOf('.');
            return dot > 0 && _byName.TryGetValue("*" + serverName[dot..], out SslServerAuthenticationOptions? wildcard) ? wildcard : _default;
        }

        private static SslServerAuthenticationOptions Authentication(X509Certificate2Collection chain) => new()
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(chain[0], chain, offline: true),
            ApplicationProtocols = Protocols,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificateRequired = false,
        };

        private static IEnumerable<string> NamesOf(X509Certificate2 certificate) =>
            certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(names => names.EnumerateDnsNames());
    }
}
