using System.Security.Cryptography;
using Whorl.Fingerprints.Fuzzy;
using Whorl.Sources.Sites.Pages;
using Whorl.Sources.Sites.Pages.Images;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Fetching;

/// <summary>Icons and assets of one visit, one after the other, within a time for all of them. A host that let one of them time out is asked for no more.</summary>
internal sealed class SiteExtras(PageVisit visit, ScanTools tools, List<string> faults)
{
    // Icons of one page: a careful site declares about ten sizes.
    private const int MaxIcons = 8;

    // Redirects of an icon or an asset.
    private const int MaxRedirects = 3;

    // For all of them: many slow hosts must not make a visit as long as the lease of its job.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly HashSet<string> _slow = new(StringComparer.Ordinal);

    /// <param name="assets">Whether assets are wanted too.</param>
    public async Task<(IReadOnlyList<IconFacts> Icons, IReadOnlyList<AssetFacts> Assets)> FetchAsync(Uri url, PageReading? page, bool assets, CancellationToken cancel)
    {
        List<IconFacts> icons = [];
        List<AssetFacts> fetched = [];
        using CancellationTokenSource all = new(Longest, tools.Clock);
        string favicon = new Uri(url, "/favicon.ico").AbsoluteUri;
        IEnumerable<string> declared = (page?.Icons ?? []).Select(icon => icon.Url).Where(each => each != favicon).Take(MaxIcons);
        foreach (string each in declared.Append(favicon))
        {
            if (await IconAsync(each, all.Token, cancel) is { } icon)
            {
                icons.Add(icon);
            }
        }

        foreach (DeclaredAsset each in assets ? (page?.Assets ?? []).Where(asset => !asset.Foreign).Take(tools.Options.MaxAssets) : [])
        {
            fetched.Add(await AssetAsync(each, all.Token, cancel));
        }

        return (icons, fetched);
    }

    private async Task<IconFacts?> IconAsync(string url, CancellationToken all, CancellationToken cancel)
    {
        FetchOptions options = tools.Options;
        if (url.StartsWith("data:", StringComparison.OrdinalIgnoreCase))
        {
            return DataUrl.Read(url, options.FaviconMaxBytes) is { Length: > 0 } bytes ? await KeptAsync(IconReader.Read(bytes, url), bytes) : null;
        }

        (Exchange? exchange, FetchException? fault) = await GetAsync(url, options.FaviconMaxBytes, options.FaviconTimeout, "image/avif,image/webp,image/*,*/*;q=0.8", all, cancel);
        using (exchange)
        {
            if (exchange is null)
            {
                faults.Add($"icon: {fault!.Reason}: {url}");
                return null;
            }

            // Half an icon has a hash that nobody else finds.
            if (exchange.End.Truncated)
            {
                faults.Add($"icon: {(exchange.End.Fault is { } broken ? broken.Reason : ScanReasons.TooLarge)}: {url}");
                return null;
            }

            // Many sites answer any path with a page.
            return exchange.Head.Status == 200 && exchange.Body.Length > 0 && !IsHtml(exchange) ? await KeptAsync(IconReader.Read(exchange.Body.Span, url), exchange.Body.Memory) : null;
        }

        async Task<IconFacts> KeptAsync(IconFacts icon, ReadOnlyMemory<byte> bytes) =>
            tools.Objects is { } store ? icon with { Object = await SiteScanner.KeepAsync(store, bytes) } : icon;
    }

    private async Task<AssetFacts> AssetAsync(DeclaredAsset asset, CancellationToken all, CancellationToken cancel)
    {
        FetchOptions options = tools.Options;
        (Exchange? exchange, FetchException? fault) = await GetAsync(asset.Url, options.AssetMaxBytes, options.AssetTimeout, "*/*", all, cancel);
        AssetFacts facts = new() { Url = asset.Url, Kind = asset.Kind };
        using (exchange)
        {
            if (exchange is null)
            {
                return facts with { Fault = fault!.Reason };
            }

            facts = facts with { Status = exchange.Head.Status, Bytes = exchange.Body.Length, Truncated = exchange.End.Truncated };
            if (exchange.Head.Status >= 300 || exchange.Body.Length == 0)
            {
                return facts;
            }

            return Hashed(facts, exchange.Body.Span) with { Object = tools.Objects is { } store ? await SiteScanner.KeepAsync(store, exchange.Body.Memory) : null };
        }
    }

    private static AssetFacts Hashed(AssetFacts facts, ReadOnlySpan<byte> bytes) => facts with
    {
        Sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes)),
        Ssdeep = Ssdeep.Hash(bytes),
        Tlsh = Tlsh.Hash(bytes) is { Length: > 0 } tlsh ? tlsh : null,
    };

    private async Task<(Exchange? Exchange, FetchException? Fault)> GetAsync(string text, int cap, TimeSpan time, string accept, CancellationToken all, CancellationToken cancel)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(all, cancel);
        limit.CancelAfter(time);
        Uri? url = WebAddress.Read(text, out string? wrong);
        Exchange? exchange = null;
        try
        {
            for (int i = 0; ; i++)
            {
                FetchException? refused = url is null ? new(ScanReasons.BadUrl, wrong!)
                    : _slow.Contains(url.Authority) ? new(ScanReasons.TimedOut, "the one before it timed out")
                    : i > MaxRedirects ? new(ScanReasons.TooManyRedirects, $"more than {MaxRedirects} redirects")
                    : null;
                if (refused is not null)
                {
                    return (null, refused);
                }

                exchange = await visit.FetchAsync(url!, cap, accept, limit.Token);
                if (Redirect.InHead(exchange.Head) is not { By: "location" } next)
                {
                    FetchException? broken = exchange.End.Fault;
                    if (broken is null || (broken.Reason == ScanReasons.Reset && exchange.Body.Length > 0))
                    {
                        return (exchange, null);
                    }

                    throw broken;
                }

                exchange.Dispose();
                exchange = null;
                url = WebAddress.Resolve(url!, next.Target, out wrong);
            }
        }
        catch (Exception fault) when (!cancel.IsCancellationRequested && FetchException.Of(fault) is { } known)
        {
            exchange?.Dispose();
            if (known.Reason == ScanReasons.TimedOut)
            {
                _slow.Add(url!.Authority);
            }

            return (null, known);
        }
    }

    private static bool IsHtml(Exchange exchange)
    {
        string type = exchange.Head.Get("Content-Type") ?? "";
        ReadOnlySpan<byte> start = exchange.Body.Span.TrimStart(" \t\r\n"u8);
        return type.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) || Starts(start, "<!doctype html"u8) || Starts(start, "<html"u8);
    }

    private static bool Starts(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> lower) =>
        bytes.Length >= lower.Length && System.Text.Ascii.EqualsIgnoreCase(bytes[..lower.Length], lower);
}
