using Whorl.Sources.Sites.Scans;

namespace Whorl.Tests.WebConsole.Sites;

/// <summary>A console over sites in memory.</summary>
public sealed class SitesHost : IAsyncLifetime
{
    internal MemorySites Sites { get; } = new();

    internal ConsoleHost Host { get; }

    public SitesHost() => Host = new() { More = [Sites.AddTo] };

    public ValueTask InitializeAsync() => Host.InitializeAsync();

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    internal Task<HttpClient> MemberAsync() => Host.MemberAsync();

    /// <summary>A scan as of an ordinary site, kept.</summary>
    internal ScanRecord Scanned(string site, int hoursAgo = 1, Func<ScanRecord, ScanRecord>? but = null)
    {
        DateTimeOffset time = TimeProvider.System.GetUtcNow().AddHours(-hoursAgo);
        ScanRecord scan = new()
        {
            Id = Guid.CreateVersion7(time).ToString(), Url = $"https://{site}/", Site = site, Time = time, ElapsedMs = 240, Class = SiteClass.HttpContent,
            Http = new() { FinalUrl = $"https://{site}/login", Status = 200, Protocol = "2", Headers = [new("server", "nginx"), new("date", time.ToString("R"))] },
            Page = new()
            {
                Bytes = 5120, Sha256 = new('a', 64), Title = "Sign in to your bank", Forms = [new() { Method = "post", Action = "https://collect.example/x", Fields = ["user", "pin"], Password = true, Foreign = true }],
                Identities = [new("tracker", "google-analytics", "G-ABC123")], ExternalDomains = ["cdn.example"],
            },
            Icons = [new() { Url = $"https://{site}/favicon.ico", Bytes = 318, Sha256 = new('b', 64), Md5 = new('c', 32), Mmh3 = -1137974563 }],
            Network = new() { Ip = "203.0.113.50", Addresses = [new() { Ip = "203.0.113.50", Asn = 64500, AsName = "EXAMPLE-AS", Country = "NL" }], Ns = ["ns1.example"] },
        };
        scan = but?.Invoke(scan) ?? scan;
        Sites.Scans.Add(scan);
        return scan;
    }
}
