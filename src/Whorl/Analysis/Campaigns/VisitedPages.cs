using Whorl.Kernel.Sites;

namespace Whorl.Analysis.Campaigns;

/// <summary>What one address of a site showed when it was visited last.</summary>
internal sealed record VisitedPage(string Url, int Rank, string Scan, IReadOnlyList<SiteFeature> Features)
{
    public bool IsBefore(SiteSighting sighting) => sighting.Rank > Rank || (sighting.Rank == Rank && string.CompareOrdinal(sighting.Scan, Scan) > 0);
}

/// <summary>The addresses of one site: all of them together are what it shows, so that a visit to one of them takes nothing from the others.</summary>
internal sealed class VisitedPages(IEnumerable<VisitedPage> pages)
{
    // Kits have a few pages that are reported; a host with more addresses under watch is large, and its newest ones tell enough.
    private const int MaxPages = 8;

    private List<VisitedPage> _pages = [.. pages];

    public IReadOnlyList<VisitedPage> All => _pages;

    /// <summary>Takes a visit, unless a later or better one of the same address is known.</summary>
    public bool TryTake(SiteSighting sighting)
    {
        if (_pages.Find(page => page.Url == sighting.Url) is { } known && !known.IsBefore(sighting))
        {
            return false;
        }

        VisitedPage[] now = [.. _pages.Where(page => page.Url != sighting.Url), new(sighting.Url, sighting.Rank, sighting.Scan, sighting.Features)];
        _pages = [.. now.OrderByDescending(page => page.Rank).ThenByDescending(page => page.Scan, StringComparer.Ordinal).Take(MaxPages)];
        return true;
    }

    /// <summary>What the site shows: all that its best pages do. An address that is down, or answers with an error, adds nothing to one that has content.</summary>
    public IReadOnlyList<SiteFeature> Features()
    {
        int rank = _pages.Max(page => page.Rank);
        return
        [
            .. _pages.Where(page => page.Rank == rank).SelectMany(page => page.Features).Distinct().Take(SiteFeature.MaxOfOneScan)
                .OrderBy(feature => feature.Kind, StringComparer.Ordinal).ThenBy(feature => feature.Value, StringComparer.Ordinal),
        ];
    }
}
