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

namespace Whorl.Tests.Sites.Fetching;

/// <summary>A scanner as tests need it: only 127.0.0.1 of all special addresses may be reached, names come from the test's own server.</summary>
internal static class Scanning
{
    public static SiteScanner Scanner(FakeNames? names = null, Action<FetchOptions>? set = null, IAddressTable? addresses = null, ObjectStore? objects = null)
    {
        FetchOptions options = new() { Timeout = TimeSpan.FromSeconds(30), AssetTimeout = TimeSpan.FromSeconds(30), FaviconTimeout = TimeSpan.FromSeconds(30), DisableJarm = true };
        set?.Invoke(options);
        OutboundGuard guard = new(new OutboundOptions { Allow = ["127.0.0.1"] }, TimeProvider.System, NullLogger.Instance, null, () => OwnAddresses.None);
        return new(new(options, new Dialer(guard), new DnsClient([names?.EndPoint ?? new(System.Net.IPAddress.Loopback, 9)]), HostsFile.Parse(""), addresses ?? UnknownAddresses.Instance,
            new PageReader(IdentityCatalog.Empty), objects, TimeProvider.System));
    }

    public static Task<ScanRecord> ScanAsync(this SiteScanner scanner, string url) => scanner.ScanAsync("01kax0000000000000000000aa", url, enter: null, TestContext.Current.CancellationToken);
}
