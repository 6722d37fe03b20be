using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Whorl.Fingerprints.Fuzzy;
using Whorl.Kernel;
using Whorl.Kernel.Writing;
using Whorl.Sources.Sites.Fetching.Browser;
using Whorl.Sources.Sites.Fetching.Names;
using Whorl.Sources.Sites.Fetching.Networks;
using Whorl.Sources.Sites.Fetching.Tls;
using Whorl.Sources.Sites.Fetching.Wire;
using Whorl.Sources.Sites.Pages;
using Whorl.Sources.Sites.Scans;
using Whorl.Stores.Objects;

namespace Whorl.Sources.Sites.Fetching;

/// <summary>What visits share: names, connections, tables. Any number of visits at once.</summary>
/// <param name="Objects">Where pages and assets are kept; null where they are not.</param>
internal sealed record ScanTools(FetchOptions Options, Dialer Dialer, DnsClient Dns, HostsFile Hosts, IAddressTable Addresses, PageReader Reader, ObjectStore? Objects, TimeProvider Clock);

/// <summary>
/// Visits a site: the page with its redirects, then icons and assets one after the other over the same connection; JARM and the name server's records
/// come meanwhile. Each part has its own time, and what fails of one is told and takes nothing from the others.
/// </summary>
internal sealed class SiteScanner(ScanTools tools) : ISiteScanner, IDisposable
{
    // Characters of a text for people.
    private const int MaxDetail = 300;

    private const int MaxFaults = 50;

    private readonly JarmAsker _jarm = new(tools.Dialer, tools.Clock);

    private readonly Screenshots _screenshots = new(tools.Options, tools.Dialer, tools.Objects);

    // Taking a page apart is the one thing that keeps a core busy for long.
    private readonly SemaphoreSlim _readers = new(Math.Max(1, Environment.ProcessorCount));

    public void Dispose()
    {
        _readers.Dispose();
        _screenshots.Dispose();
    }

    public async Task<ScanRecord> ScanAsync(string id, string url, EnterAddress? enter, CancellationToken cancel)
    {
        if (!SiteAddress.TryParse(url, out SiteAddress? asked))
        {
            string text = url.Trim();
            return new()
            {
                Id = id,
                Url = Cut(text, SiteAddress.MaxLength),
                Site = "",
                Time = tools.Clock.GetUtcNow(),
                ElapsedMs = 0,
                Class = SiteClass.Unreachable,
                Reason = ScanReasons.BadUrl,
                Detail = "no address of a web site",
            };
        }

        (Uri target, string site) = (new(asked.Url), asked.Site);
        List<string> faults = [];
        SiteNames names = new(tools.Dns, tools.Hosts);
        using IDisposable? place = enter is null ? null : await EnterAsync(site, names, enter, cancel);
        DateTimeOffset time = tools.Clock.GetUtcNow();
        long start = Stopwatch.GetTimestamp();
        using CancellationTokenSource page = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        page.CancelAfter(tools.Options.Timeout);
        using CancellationTokenSource background = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using SiteConnections connections = new(tools.Dialer, names, cancel);
        TlsWatch tls = new(_jarm, tools.Options, site, background.Token);
        connections.Opened = tls.Opened;
        List<string> networkFaults = [];
        Task<NetworkFacts> network = NetworkAsync(site, names, networkFaults, background.Token);
        PageVisit visit = new(connections, tools.Options, tools.Reader, _readers);
        PageEnd end = await visit.RunAsync(target, cancel, page.Token);
        tls.Look(target, tools.Dialer, names);
        try
        {
            List<string> pictureFaults = [];
            Task<ScreenshotFacts?> picture = tools.Options.Screenshot && end is { Fault: null, Exchange: { } shown }
                ? _screenshots.TakeAsync(shown.Url, names, pictureFaults, background.Token)
                : Task.FromResult<ScreenshotFacts?>(null);
            SiteExtras extras = new(visit, tools, faults);
            (IReadOnlyList<IconFacts> icons, IReadOnlyList<AssetFacts> assets) = end is { Fault: null, Exchange: { } content }
                ? await extras.FetchAsync(content.Url, end.Page, content.Head.Status < 400, cancel)
                : ([], []);
            NetworkFacts where = await network;
            ScanRecord scan = new()
            {
                Id = id,
                Url = asked.Url,
                Site = site,
                Time = time,
                ElapsedMs = 0,
                Class = end.Fault is not null ? SiteClass.Unreachable : end.Exchange!.Head.Status >= 400 ? SiteClass.HttpError : SiteClass.HttpContent,
                Reason = end.Fault?.Reason ?? (end.Exchange!.Head.Status >= 400 ? ScanReasons.Status : null),
                Detail = end.Fault is { } fault ? Bounded(fault.Message) : null,
                Http = await HttpAsync(end),
                Page = end.Exchange is { } answered && end.Fault is null ? end.Page?.Facts ?? PlainFacts(answered) : null,
                Icons = icons,
                Assets = assets,
                Screenshot = await picture,
                Tls = await tls.FactsAsync(faults),
                Network = where with { Ip = end.Hops.FirstOrDefault(hop => hop.Ip is not null && WebAddress.HostOf(new Uri(hop.Url)) == site)?.Ip ?? tls.Address ?? end.Hops.LastOrDefault(hop => hop.Ip is not null)?.Ip },
            };
            if (end is { Fault: null, Exchange.End.Fault: { } broken })
            {
                faults.Insert(0, $"page: {broken.Reason}: {broken.Message}");
            }

            faults.AddRange([.. networkFaults, .. pictureFaults]);
            cancel.ThrowIfCancellationRequested();
            return scan with { ElapsedMs = (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds, Faults = [.. faults.Take(MaxFaults).Select(Bounded)] };
        }
        finally
        {
            end.Exchange?.Dispose();
            await background.CancelAsync();
        }
    }

    // A site whose name has no address, or none in time, is nobody's to wait for; the visit tells why.
    private async Task<IDisposable?> EnterAsync(string site, SiteNames names, EnterAddress enter, CancellationToken cancel)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(tools.Options.Timeout);
        Task<NamedAddresses> asked = names.AddressesAsync(site, cancel);
        await ((Task)asked).WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancel.ThrowIfCancellationRequested();
        return asked is { IsCompletedSuccessfully: true, Result.Addresses: [PeerAddress first, ..] } ? await enter(first) : null;
    }

    private async Task<NetworkFacts> NetworkAsync(string site, SiteNames names, List<string> faults, CancellationToken cancel)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(tools.Options.Timeout);
        NetworkFacts facts = new();
        try
        {
            NamedAddresses found = await names.AddressesAsync(site, cancel).WaitAsync(limit.Token);
            facts = new() { Addresses = [.. found.Addresses.Select(tools.Addresses.Find)], Cname = found.Aliases };
            return PeerAddress.TryParse(site, out _) || !site.Contains('.') || (found.Addresses.Count == 0 && found.Fault == SiteNames.NoSuchName) ? facts : await names.ZoneAsync(site, facts, faults, limit.Token);
        }
        catch (OperationCanceledException)
        {
            faults.Add("dns: timed_out");
            return facts;
        }
    }

    private async Task<HttpFacts?> HttpAsync(PageEnd end)
    {
        if (end.Exchange is not { } exchange)
        {
            return end.Hops.Count == 0 ? null : new() { Hops = end.Hops, FinalUrl = end.Last.AbsoluteUri };
        }

        FetchOptions options = tools.Options;
        string? kept = exchange.Body.Length > 0 && tools.Objects is { } store ? await KeepAsync(store, exchange.Body.Memory) : null;
        string sample = end.Page?.Sample is { Length: > 0 } text ? text : PageTexts.Sample(Encoding.UTF8.GetString(exchange.Body.Span[..Math.Min(exchange.Body.Length, options.SampleBytes)]), options.SampleBytes);
        return new()
        {
            Hops = end.Hops,
            FinalUrl = exchange.Url.AbsoluteUri,
            Status = exchange.Head.Status,
            Protocol = exchange.Head.Protocol,
            Headers = [.. exchange.Head.Headers.Where(each => !IsCookie(each)).Take(options.MaxHeaders).Select(each => new HeaderFact(Cut(each.Name, options.HeaderValueMax), Cut(each.Value, options.HeaderValueMax)))],
            SetCookies = [.. exchange.Head.Headers.Where(IsCookie).Take(options.MaxSetCookie).Select(each => Cut(each.Value, options.SetCookieMax))],
            ContentType = exchange.Head.Get("Content-Type") is { } type ? Cut(type, options.HeaderValueMax) : null,
            ContentEncoding = exchange.Head.Get("Content-Encoding") is { } coding ? Cut(coding, options.HeaderValueMax) : null,
            BodyBytes = exchange.Body.Length,
            Truncated = exchange.End.Truncated,
            Sample = sample.Length > 0 ? sample : null,
            Timing = exchange.Timing,
            Stack = ServerStack.Of(exchange.Head, end.Page?.Facts.Generator),
            Object = kept,
        };
    }

    /// <summary>Keeps bytes; their name, or null where there is no room.</summary>
    public static async Task<string?> KeepAsync(ObjectStore store, ReadOnlyMemory<byte> bytes)
    {
        string name = ObjectStore.NameOf(bytes.Span);
        return await store.TryKeepAsync(name, bytes) ? name : null;
    }

    // What is no page still has hashes.
    private static PageFacts PlainFacts(Exchange exchange)
    {
        ReadOnlySpan<byte> body = exchange.Body.Span;
        return new() { Bytes = body.Length, Sha256 = Convert.ToHexStringLower(SHA256.HashData(body)), Ssdeep = body.IsEmpty ? null : Ssdeep.Hash(body), Tlsh = Tlsh.Hash(body) is { Length: > 0 } tlsh ? tlsh : null, Cut = exchange.End.Truncated };
    }

    private static bool IsCookie(HeaderFact header) => header.Name.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase);

    private static string Cut(string text, int max) => ShortText.Cut(text, max);

    private static string Bounded(string text) => Cut(text, MaxDetail);
}
