using System.Net;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Sources.Edge;

/// <summary>What the attributes on <see cref="EdgeOptions"/> cannot say: addresses, prefixes, files, and hosts claimed twice.</summary>
internal sealed class EdgeOptionsCheck : IValidateOptions<EdgeOptions>
{
    public ValidateOptionsResult Validate(string? name, EdgeOptions options)
    {
        List<string> faults = [];
        for (int i = 0; i < options.Listen.Count; i++)
        {
            if (!TryReadListen(options.Listen[i], out _))
            {
                faults.Add($"Listen:{i}: '{options.Listen[i]}' is no address like {EdgeOptions.DefaultListen}");
            }
        }

        for (int i = 0; i < options.ProxyProtocol.Count; i++)
        {
            if (!options.Listen.DefaultIfEmpty(EdgeOptions.DefaultListen).Contains(options.ProxyProtocol[i], StringComparer.OrdinalIgnoreCase))
            {
                faults.Add($"ProxyProtocol:{i}: '{options.ProxyProtocol[i]}' is not in Listen");
            }
        }

        if (options.ProxyProtocol.Count > 0 && options.TrustedProxies.Count == 0)
        {
            faults.Add("ProxyProtocol: nobody may send its header while TrustedProxies is empty");
        }

        for (int i = 0; i < options.TrustedProxies.Count; i++)
        {
            if (!Network.TryParse(options.TrustedProxies[i], out _))
            {
                faults.Add($"TrustedProxies:{i}: '{options.TrustedProxies[i]}' is no address or prefix");
            }
        }

        HashSet<string> claimed = new(StringComparer.OrdinalIgnoreCase);
        HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
        for (int i = 0; i < options.Sites.Count; i++)
        {
            CheckSite(options.Sites[i], $"Sites:{i}", claimed, faults);
            if (options.Sites[i].Name is { } siteName && !names.Add(siteName))
            {
                faults.Add($"Sites:{i}:Name: another site is called '{siteName}'");
            }
        }

        if (options.Pages.Folder is { } folder && !Directory.Exists(folder))
        {
            faults.Add($"Pages:Folder: there is no folder '{folder}'");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    /// <summary>Reads one entry of <see cref="EdgeOptions.Listen"/>: scheme http or https, an IP address, localhost or *, and a port.</summary>
    public static bool TryReadListen(string text, out (string Scheme, IPEndPoint EndPoint) listen)
    {
        listen = default;
        string readable = text.Replace("://*", "://0.0.0.0", StringComparison.Ordinal);
        if (!Uri.TryCreate(readable, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/" || uri.UserInfo.Length > 0)
        {
            return false;
        }

        IPAddress? address = uri.Host == "localhost" ? IPAddress.Loopback
            : text.Contains("://*", StringComparison.Ordinal) ? IPAddress.IPv6Any
            : IPAddress.TryParse(uri.Host.Trim('[', ']'), out IPAddress? parsed) ? parsed : null;
        listen = (uri.Scheme, new IPEndPoint(address ?? IPAddress.None, uri.Port));
        return address is not null;
    }

    private static void CheckSite(SiteOptions site, string key, HashSet<string> claimed, List<string> faults)
    {
        for (int i = 0; i < site.Upstreams.Count; i++)
        {
            if (!Uri.TryCreate(site.Upstreams[i].Url, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https"))
            {
                faults.Add($"{key}:Upstreams:{i}:Url: '{site.Upstreams[i].Url}' is no http or https address");
            }
        }

        for (int i = 0; i < site.Paths.Count; i++)
        {
            if (site.Paths[i].Length == 0 || site.Paths[i][0] != '/' || site.Paths[i].AsSpan().IndexOfAny("?#%") >= 0)
            {
                faults.Add($"{key}:Paths:{i}: '{site.Paths[i]}' is no path prefix; write it as /shop, not percent-encoded");
            }
        }

        for (int i = 0; i < site.Hosts.Count; i++)
        {
            string host = site.Hosts[i];
            string bare = host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host;
            if (host != "*" && Uri.CheckHostName(bare) == UriHostNameType.Unknown)
            {
                faults.Add($"{key}:Hosts:{i}: '{host}' is no host name; write example.org, *.example.org or *");
            }
        }

        foreach (string host in site.Hosts.DefaultIfEmpty("*"))
        {
            foreach (string path in site.Paths.DefaultIfEmpty("/"))
            {
                if (!claimed.Add($"{host}{path.TrimEnd('/')}/"))
                {
                    faults.Add($"{key}: another site has host {host} and path {path} already");
                }
            }
        }

        if (site.RobotsFile is { } file && !File.Exists(file))
        {
            faults.Add($"{key}:RobotsFile: there is no file '{file}'");
        }
    }
}
