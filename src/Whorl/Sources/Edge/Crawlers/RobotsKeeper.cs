using Whorl.Sources.Edge.Exchanges;
using Whorl.Sources.Edge.Routing;

namespace Whorl.Sources.Edge.Crawlers;

/// <summary>
/// Knows each site's robots.txt in force: fetched from its upstream in the background, joined with the policy's where the site says so. Until it is known
/// nothing counts as forbidden, and a file that cannot be had for a while stays as it was.
/// </summary>
internal sealed class RobotsKeeper(SiteTable sites, TimeProvider clock, ILogger<RobotsKeeper> log)
{
    public const string Path = "/robots.txt";

    /// <summary>Says nothing, so everything is allowed.</summary>
    public static readonly OwnAnswer Empty = Answer([]);

    private static readonly TimeSpan FetchTime = TimeSpan.FromSeconds(10);

    // RFC 9309 §2.4: not longer than a day; an operator who edits the file expects it to count within minutes.
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan Retry = TimeSpan.FromMinutes(1);

    public async Task RunAsync(CancellationToken stopping)
    {
        // Redirects are not followed: an upstream must not make the edge ask other hosts.
        using SocketsHttpHandler handler = new() { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ConnectTimeout = FetchTime };
        using HttpClient http = new(handler) { Timeout = FetchTime, MaxResponseContentBufferSize = RobotsFile.MaxLength };
        while (!stopping.IsCancellationRequested)
        {
            bool all = true;
            foreach (Site site in sites.All)
            {
                try
                {
                    all &= await RefreshAsync(site, http, stopping);
                }
                catch (OperationCanceledException) when (stopping.IsCancellationRequested)
                {
                    return;
                }
                catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
                {
                    // A file of the operator's that cannot be read just now.
                    EdgeLog.RobotsUnknown(log, site.Name, fault.Message);
                    all = false;
                }
            }

            await Task.Delay(all ? Fresh : Retry, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Learns one site's file anew; false where it could not be had.</summary>
    public async Task<bool> RefreshAsync(Site site, HttpClient http, CancellationToken stopping)
    {
        SiteOptions options = site.Options;
        byte[] policy = options.Robots == RobotsPolicy.LeaveToSite ? []
            : await File.ReadAllBytesAsync(options.RobotsFile ?? System.IO.Path.Combine(AppContext.BaseDirectory, "content", "robots", "robots.txt"), stopping);
        byte[]? own = options.Robots == RobotsPolicy.Serve ? [] : await FetchAsync(site, http, stopping);
        if (own is null && site.Robots is not null)
        {
            return false;
        }

        byte[] joined = [.. own ?? [], .. own is { Length: > 0 } && policy.Length > 0 ? "\n"u8 : ""u8, .. policy];
        if (options.Robots != RobotsPolicy.LeaveToSite)
        {
            site.RobotsAnswer = Answer(joined);
        }

        if (own is not null || policy.Length > 0)
        {
            site.Robots = RobotsFile.Parse(joined);
        }

        return own is not null;
    }

    private async Task<byte[]?> FetchAsync(Site site, HttpClient http, CancellationToken stopping)
    {
        Upstream upstream = site.Balancer.Pick();
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(upstream.Uri, Path));
        string? host = upstream.HostHeader ?? site.Options.Hosts.FirstOrDefault(name => !name.Contains('*', StringComparison.Ordinal));
        request.Headers.Host = host;
        request.Headers.UserAgent.ParseAdd("Whorl/0.1");
        try
        {
            using HttpResponseMessage answer = await http.SendAsync(request, stopping);
            int status = (int)answer.StatusCode;
            return status is >= 200 and < 300 ? await answer.Content.ReadAsByteArrayAsync(stopping)
                : status is >= 300 and < 500 ? []
                : null;
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException || (fault is OperationCanceledException && !stopping.IsCancellationRequested))
        {
            EdgeLog.RobotsUnknown(log, site.Name, fault.Message);
            return null;
        }
    }

    private static OwnAnswer Answer(byte[] text) => new(200, "text/plain; charset=utf-8", text)
    {
        Fields = [KeyValuePair.Create("Cache-Control", "max-age=600")],
    };
}
