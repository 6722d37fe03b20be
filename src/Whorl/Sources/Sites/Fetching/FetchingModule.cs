using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Kernel.Outbound;
using Whorl.Native.Maxmind;
using Whorl.Sources.Sites.Fetching.Browser;
using Whorl.Sources.Sites.Fetching.Names;
using Whorl.Sources.Sites.Fetching.Networks;
using Whorl.Sources.Sites.Fetching.Wire;
using Whorl.Sources.Sites.Pages;
using Whorl.Sources.Sites.Pages.Identities;
using Whorl.Sources.Sites.Scans;
using Whorl.Stores.Objects;

namespace Whorl.Sources.Sites.Fetching;

/// <summary>Wires the scanner: what visits a site.</summary>
internal static class FetchingModule
{
    private const string ResolvConf = "/etc/resolv.conf";

    public static IHostApplicationBuilder AddFetching(this IHostApplicationBuilder builder)
    {
        builder.AddOutboundGuard();
        builder.AddObjects();
        builder.AddModuleOptions<SitesOptions, SitesOptionsValidator>();
        builder.Services.TryAddSingleton(services =>
        {
            FetchOptions options = services.GetRequiredService<IOptions<SitesOptions>>().Value.Fetch;
            return new PageReader(services.GetRequiredService<IdentityCatalog>(), options.MaxExternalDomains, options.SampleBytes);
        });
        builder.AddPages();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.TryAddSingleton<ISiteScanner>(services => Create(
            services.GetRequiredService<IOptions<SitesOptions>>().Value.Fetch,
            services.GetRequiredService<OutboundGuard>(),
            services.GetRequiredService<PageReader>(),
            services.GetService<ObjectStore>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILoggerFactory>().CreateLogger<SiteScanner>()));
        builder.Services.AddSingleton<IDoctorCheck, FetchingDoctor>().AddSingleton<IDoctorCheck, ScreenshotDoctor>();
        return builder;
    }

    /// <summary>A scanner; a table of addresses that cannot be read is said and done without.</summary>
    public static SiteScanner Create(FetchOptions options, OutboundGuard guard, PageReader reader, ObjectStore? objects, TimeProvider clock, ILogger log)
    {
        IAddressTable addresses = AddressTables.Open(options.AsnPath, out string? fault);
        if (fault is not null)
        {
            FetchingLog.NoAddresses(log, fault);
        }

        return new(new(options, new Dialer(guard), new DnsClient(Servers(options.NameServers)), HostsFile.Read(HostsFile.SystemPath), addresses, reader, objects, clock));
    }

    /// <summary>The name servers that are named, or those of the system where none is.</summary>
    public static IReadOnlyList<IPEndPoint> Servers(IReadOnlyList<string> named)
    {
        if (named.Count > 0)
        {
            return [.. named.Select(text => IPEndPoint.Parse(text)).Select(server => server.Port == 0 ? new IPEndPoint(server.Address, 53) : server)];
        }

        try
        {
            return DnsClient.ServersOf(File.ReadAllText(ResolvConf));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return DnsClient.ServersOf("");
        }
    }
}

internal static partial class FetchingLog
{
    [LoggerMessage(41000, LogLevel.Error, "The table of addresses cannot be used: {Reason}; scans do not tell whose an address is")]
    public static partial void NoAddresses(ILogger log, string reason);
}

/// <summary>Can names be resolved, and is the table of addresses there?</summary>
internal sealed class FetchingDoctor(IOptions<SitesOptions> options) : IDoctorCheck
{
    private const string Name = "sites: address table";

    public Task<DoctorFinding> CheckAsync(CancellationToken cancel)
    {
        string path = options.Value.Fetch.AsnPath;
        if (path.Length == 0)
        {
            return Task.FromResult(new DoctorFinding(Name, false, "no table of addresses: scans do not tell systems, prefixes and countries", "get ip2asn-combined.tsv.gz from iptoasn.com, or an MMDB, and name it in Sites:Fetch:AsnPath (FINGERPRINT_ASN_DB_PATH)"));
        }

        if (path.EndsWith(".mmdb", StringComparison.OrdinalIgnoreCase) && !MaxmindDatabase.IsPresent)
        {
            return Task.FromResult(new DoctorFinding(Name, false, "MMDB files need libmaxminddb, which is not installed", "apt install libmaxminddb0"));
        }

        using IDisposable? opened = AddressTables.Open(path, out string? fault) as IDisposable;
        return Task.FromResult(fault is null
            ? new DoctorFinding(Name, true, string.Create(CultureInfo.InvariantCulture, $"{path} can be read"), null)
            : new DoctorFinding(Name, false, fault, "see Sites:Fetch:AsnPath (FINGERPRINT_ASN_DB_PATH)"));
    }
}
