using System.Collections.Frozen;
using Whorl.Sources.Edge.Messages;

namespace Whorl.Sources.Edge.Routing;

/// <summary>Finds the site of a request: exact host before wildcard before any, then the longest path prefix. Immutable.</summary>
internal sealed class SiteTable : IDisposable
{
    private readonly FrozenDictionary<string, Route[]> _exact;

    // Keyed by the part after "*.", which must be followed down from the longest.
    private readonly FrozenDictionary<string, Route[]> _wildcard;

    private readonly Route[] _any;

    public SiteTable(EdgeOptions options, Deadlines deadlines)
    {
        Dictionary<string, List<Route>> exact = new(StringComparer.OrdinalIgnoreCase), wildcard = new(StringComparer.OrdinalIgnoreCase);
        List<Route> any = [];
        List<Site> sites = [];
        foreach (SiteOptions site in options.Sites)
        {
            Site made = new(site.Name ?? $"site{sites.Count}", site, deadlines);
            sites.Add(made);
            foreach (string host in site.Hosts.DefaultIfEmpty("*"))
            {
                List<Route> list = host == "*" ? any
                    : host.StartsWith("*.", StringComparison.Ordinal) ? Of(wildcard, host[2..])
                    : Of(exact, host);
                list.AddRange(site.Paths.DefaultIfEmpty("/").Select(path => new Route(path.TrimEnd('/'), made)));
            }
        }

        All = sites;
        _exact = Freeze(exact);
        _wildcard = Freeze(wildcard);
        _any = Sort(any);
    }

    public IReadOnlyList<Site> All { get; }

    /// <summary>The site for a lower-case host name and a percent-decoded path; null where there is none.</summary>
    public Site? Find(string host, string path)
    {
        if (_exact.Count == 0 && _wildcard.Count == 0 && _any is [{ Prefix.Length: 0 } only])
        {
            return only.Site;
        }

        path = RequestTarget.ForRouting(path);
        if (_exact.TryGetValue(host, out Route[]? routes) && Match(routes, path) is { } exact)
        {
            return exact;
        }

        if (_wildcard.Count > 0)
        {
            for (int dot = host.IndexOf('.'); dot >= 0; dot = host.IndexOf('.', dot + 1))
            {
                if (_wildcard.TryGetValue(host[(dot + 1)..], out routes) && Match(routes, path) is { } wildcard)
                {
                    return wildcard;
                }
            }
        }

        return Match(_any, path);
    }

    public void Dispose()
    {
        foreach (Site site in All)
        {
            site.Dispose();
        }
    }

    private static Site? Match(Route[] routes, string path)
    {
        foreach (Route route in routes)
        {
            if (path.StartsWith(route.Prefix, StringComparison.Ordinal) && (path.Length == route.Prefix.Length || path[route.Prefix.Length] == '/'))
            {
                return route.Site;
            }
        }

        return null;
    }

    private static List<Route> Of(Dictionary<string, List<Route>> map, string host)
    {
        if (!map.TryGetValue(host, out List<Route>? list))
        {
            map[host] = list = [];
        }

        return list;
    }

    private static FrozenDictionary<string, Route[]> Freeze(Dictionary<string, List<Route>> map) =>
        map.ToFrozenDictionary(entry => entry.Key, entry => Sort(entry.Value), StringComparer.OrdinalIgnoreCase);

    private static Route[] Sort(List<Route> routes) => [.. routes.OrderByDescending(route => route.Prefix.Length)];

    /// <param name="Prefix">Without a slash at its end; empty for everything.</param>
    private readonly record struct Route(string Prefix, Site Site);
}
