using System.Diagnostics;
using Whorl.Kernel.Writing;
using Whorl.Sources.Sites.Fetching.Bodies;
using Whorl.Sources.Sites.Fetching.Wire;
using Whorl.Sources.Sites.Pages;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Fetching;

/// <summary>An exchange that has happened: the answer's head, and its body as far as it was read.</summary>
internal sealed record Exchange(Uri Url, string Ip, ResponseHead Head, PooledBytes Body, BodyEnd End, TimingFacts Timing) : IDisposable
{
    /// <summary>Whether it may be a page: what says it is an image or an archive is not read as one.</summary>
    public bool IsPage
    {
        get
        {
            string type = (Head.Get("Content-Type") ?? "").Split(';')[0].Trim().ToLowerInvariant();
            return type.Length == 0 || type.StartsWith("text/", StringComparison.Ordinal) || type.Contains("html", StringComparison.Ordinal) || type.Contains("xml", StringComparison.Ordinal);
        }
    }

    public void Dispose() => Body.Dispose();
}

/// <summary>Where a visit to a page ended: with an exchange, or without one.</summary>
internal sealed record PageEnd(IReadOnlyList<Hop> Hops, Uri Last, Exchange? Exchange, PageReading? Page, FetchException? Fault);

/// <summary>Fetches a page with its redirects.</summary>
internal sealed class PageVisit(SiteConnections connections, FetchOptions options, PageReader reader, SemaphoreSlim readers)
{
    /// <summary>Redirects that are followed; browsers follow 20.</summary>
    public const int MaxRedirects = 20;

    /// <summary>What a browser says it wants of a page.</summary>
    private const string PageAccept = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

    /// <summary>Whatever happens, there is an end; only the visit being cancelled throws.</summary>
    public async Task<PageEnd> RunAsync(Uri url, CancellationToken visit, CancellationToken cancel)
    {
        List<Hop> hops = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        Exchange? exchange = null;
        PageReading? page = null;
        try
        {
            while (true)
            {
                seen.Add(url.AbsoluteUri);
                long start = Stopwatch.GetTimestamp();
                exchange?.Dispose();
                (exchange, page) = (null, null);
                exchange = await FetchAsync(url, options.HtmlMaxBytes, PageAccept, cancel);
                Redirect? next = Leaving(url, Redirect.InHead(exchange.Head), out Uri? target, out string? wrong);
                FetchException? broken = exchange.Head.Status >= 400 || (exchange.Body.Length > 0 && exchange.End.Fault is { Reason: ScanReasons.Reset }) ? null : exchange.End.Fault;
                if (next is null && exchange.IsPage && broken is null && exchange.End.Fault is null or { Reason: ScanReasons.Reset })
                {
                    page = await ReadAsync(exchange, visit);
                    next = Leaving(url, Redirect.InPage(page), out target, out wrong);
                }

                hops.Add(new()
                {
                    Url = url.AbsoluteUri,
                    Ip = exchange.Ip,
                    Status = exchange.Head.Status,
                    By = next?.By,
                    Location = next is null ? null : Bounded(next.Target),
                    Ms = (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds,
                });
                FetchException? end = next is null ? broken
                    : target is null ? new(wrong!.Contains("is not visited", StringComparison.Ordinal) ? ScanReasons.Blocked : ScanReasons.BadUrl, $"redirect: {wrong}")
                    : seen.Contains(target.AbsoluteUri) ? new(ScanReasons.RedirectLoop, $"it leads back to {Bounded(target.AbsoluteUri)}")
                    : hops.Count > MaxRedirects ? new(ScanReasons.TooManyRedirects, $"more than {MaxRedirects} redirects")
                    : null;
                if (next is null || end is not null)
                {
                    return new(hops, url, exchange, page, end);
                }

                url = target!;
            }
        }
        catch (Exception fault) when (!visit.IsCancellationRequested && FetchException.Of(fault) is { } known)
        {
            hops.Add(new() { Url = url.AbsoluteUri });
            exchange?.Dispose();
            return new(hops, url, null, null, known);
        }
    }

    /// <summary>One exchange, without redirects.</summary>
    public async Task<Exchange> FetchAsync(Uri url, int cap, string accept, CancellationToken cancel)
    {
        if (WebAddress.IsOtherProtocol(url))
        {
            throw new FetchException(ScanReasons.Blocked, $"port {url.Port} is another protocol's");
        }

        SiteConnection connection = await connections.TakeAsync(url, cancel);
        try
        {
            long start = Stopwatch.GetTimestamp();
            ResponseHead head;
            try
            {
                head = await connection.AskAsync(RequestOf(url, accept), cancel);
            }
            catch (Exception fault) when (connection.Used && !cancel.IsCancellationRequested && FetchException.Of(fault) is { Reason: ScanReasons.Reset })
            {
                // The server gave up an idle connection; a fresh one tells.
                connection.Dispose();
                connection = await connections.OpenAsync(url, cancel);
                head = await connection.AskAsync(RequestOf(url, accept), cancel);
            }

            long first = (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            PooledBytes body = new(cap);

            // Nobody reads what stands beside a redirect; it may be endless.
            BodyEnd end = Redirect.InHead(head) is { By: "location" } ? default : await ContentBody.ReadAsync(connection, head, cap, body, cancel);
            TimingFacts timing = connection.Timing with { FirstByteMs = first, TotalMs = (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds };
            string ip = connection.Address.ToString();
            connections.Give(url, connection);
            return new(url, ip, head, body, end, timing);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private async Task<PageReading> ReadAsync(Exchange exchange, CancellationToken cancel)
    {
        // No more pages are taken apart at once than there are cores: the rest of the visits go on meanwhile, and trees of pages do not pile up.
        // Waiting for a turn is not cut off by the time of the page.
        await readers.WaitAsync(cancel);
        try
        {
            return reader.Read(exchange.Body.Span, exchange.Head.Get("Content-Type"), exchange.Url);
        }
        finally
        {
            readers.Release();
        }
    }

    // A page that refreshes itself stays where it is.
    private static Redirect? Leaving(Uri url, Redirect? next, out Uri? target, out string? wrong)
    {
        wrong = null;
        target = next is null ? null : WebAddress.Resolve(url, next.Target, out wrong);
        return next is null || (next.By != "location" && target?.AbsoluteUri == url.AbsoluteUri) ? null : next;
    }

    private string RequestOf(Uri url, string accept)
    {
        string host = url.HostNameType == UriHostNameType.IPv6 ? $"[{url.IdnHost}]" : url.IdnHost;
        return $"GET {url.PathAndQuery} HTTP/1.1\r\nHost: {host}{(url.IsDefaultPort ? "" : $":{url.Port}")}\r\nConnection: keep-alive\r\nUser-Agent: {options.UserAgent}\r\nAccept: {accept}\r\n"
            + $"Accept-Encoding: {ContentBody.Accepted}\r\nAccept-Language: en-US,en;q=0.9\r\n\r\n";
    }

    private static string Bounded(string text) => ShortText.Cut(text, WebAddress.MaxLength);
}
