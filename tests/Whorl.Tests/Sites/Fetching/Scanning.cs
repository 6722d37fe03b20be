using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Whorl.Kernel.Outbound;
using Whorl.Sources.Sites;
using Whorl.Sources.Sites.Fetching;
using Whorl.Sources.Sites.Fetching.Names;
using Whorl.Sources.Sites.Fetching.Networks;
using Whorl.Sources.Sites.Fetching.Wire;
using Whorl.Sources.Sites.Pages;
using Whorl.Sources.Sites.Pages.Identities;
using Whorl.Sources.Sites.Scans;
using Whorl.Stores.Objects;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites.Fetching;

/// <summary>A scanner as tests need it: only 127.0.0.1 of all special addresses may be reached, names come from the test's own server.</summary>
internal static class Scanning
{
    private static readonly Lazy<IdentityCatalog> Identities = new(static () => IdentityFiles.Read([Path.Combine(Repository.Root, "content", "identities")], []));

    public static SiteScanner Scanner(FakeNames? names = null, Action<FetchOptions>? set = null, IAddressTable? addresses = null, ObjectStore? objects = null)
    {
        FetchOptions options = new() { Timeout = TimeSpan.FromSeconds(30), AssetTimeout = TimeSpan.FromSeconds(30), FaviconTimeout = TimeSpan.FromSeconds(30), DisableJarm = true };
        set?.Invoke(options);
        OutboundGuard guard = new(new OutboundOptions { Allow = ["127.0.0.1"] }, TimeProvider.System, NullLogger.Instance, null, () => OwnAddresses.None);
        return new(new(options, new Dialer(guard), new DnsClient([names?.EndPoint ?? new(System.Net.IPAddress.Loopback, 9)]), HostsFile.Parse(""), addresses ?? UnknownAddresses.Instance,
            new PageReader(Identities.Value), objects, TimeProvider.System));
    }

    public static Task<ScanRecord> ScanAsync(this SiteScanner scanner, string url) => scanner.ScanAsync("01kax0000000000000000000aa", url, enter: null, TestContext.Current.CancellationToken);

    /// <summary>A certificate for 127.0.0.1: <c>good</c> is somebody else's signature, the others have the fault that they are named after.</summary>
    public static X509Certificate2 Certificate(string kind)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256), issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=site", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(kind == "name" ? IPAddress.Parse("203.0.113.9") : IPAddress.Loopback);
        request.CertificateExtensions.Add(kind == "unreadable" ? new X509Extension("2.5.29.17", [0x30, 3, 2, 1, 1], critical: false) : names.Build());
        DateTimeOffset now = TimeProvider.System.GetUtcNow(), from = now.AddDays(-10), until = kind == "expired" ? now.AddDays(-1) : now.AddDays(10);
        using X509Certificate2 made = kind == "good"
            ? request.Create(new X500DistinguishedName("CN=nobody"), X509SignatureGenerator.CreateForECDsa(issuerKey), from, until, [1]).CopyWithPrivateKey(key)
            : request.CreateSelfSigned(from, until);
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
