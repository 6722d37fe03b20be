using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Whorl.Sources.Sites.Fetching.Names;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Tests.Sites.Fetching;

/// <summary>What a site does to its visitor, and what the visit must come to.</summary>
/// <param name="Reason">Null for content.</param>
/// <param name="Slow">Whether it ends only with the visitor's time, which is short then.</param>
/// <param name="Turning">Whether a name answers otherwise at the second question, which a busy machine asks by itself.</param>
internal sealed record Trick(string Name, string? Reason, Action<FakeSite, string> Set, string? Start = null, bool Slow = false, bool Turning = false, Action<ScanRecord>? Check = null)
{
    /// <summary>Sets the trick up under a path and says where the visit begins.</summary>
    public string Play(FakeSite site, string path, string host)
    {
        Set(site, path);
        return (Start ?? $"http://{host}:{{port}}{{path}}").Replace("{port}", $"{site.Port}", StringComparison.Ordinal).Replace("{path}", path, StringComparison.Ordinal);
    }

    public void Judge(ScanRecord scan)
    {
        scan.Reason.ShouldBe(Reason, $"{Name}: {scan.Detail}");
        ScanSchema.Faults(JsonSerializer.Serialize(scan, ScanJson.Options)).ShouldBeEmpty(Name);
        scan.Class.ShouldBe(Reason is null ? SiteClass.HttpContent : Reason == ScanReasons.Status ? SiteClass.HttpError : SiteClass.Unreachable, Name);
        Check?.Invoke(scan);
    }
}

/// <summary>The table of tricks. Each has a path of its own on one server; <c>{port}</c> in a start is the server's.</summary>
internal static class Tricks
{
    private const string Html = "Content-Type: text/html\r\n";

    private static readonly byte[] Zeros = new byte[20 << 20];

    public static IReadOnlyList<Trick> All { get; } =
    [
        .. Targets(), .. Chains(), .. Names(), .. Heads(), .. Bodies(), .. Slow(),
    ];

    // Where a redirect must not lead.
    private static IEnumerable<Trick> Targets()
    {
        (string Name, string Target)[] blocked =
        [
            ("the metadata address", "http://169.254.169.254/latest/meta-data/"),
            ("another loopback address", "http://127.0.0.2:{port}/ok"),
            ("the loopback of IPv6", "http://[::1]:{port}/ok"),
            ("a loopback address mapped into IPv6", "http://[::ffff:127.0.0.2]:{port}/ok"),
            ("a loopback address in the old compatible form", "http://[::127.0.0.2]:{port}/ok"),
            ("a loopback address behind a translator", "http://[64:ff9b::7f00:2]/"),
            ("a loopback address in 6to4", "http://[2002:7f00:2::]/"),
            ("a loopback address as one number", "http://2130706434:{port}/ok"),
            ("a loopback address in hex", "http://0x7f.0.0.2:{port}/ok"),
            ("a loopback address in octal", "http://0177.0.0.2:{port}/ok"),
            ("no address at all", "http://0.0.0.0:{port}/ok"),
            ("a private network", "http://10.0.0.1/"),
            ("a private network of IPv6", "http://[fd00::1]/"),
            ("a link-local address", "http://[fe80::1]/"),
            ("a broadcast address", "http://255.255.255.255/"),
            ("another protocol's port", "http://127.0.0.1:25/"),
            ("a file", "file:///etc/passwd"),
            ("a script", "javascript:alert(1)"),
            ("gopher", "gopher://127.0.0.1:{port}/_GET"),
        ];
        foreach ((string name, string target) in blocked)
        {
            yield return new($"a redirect to {name}", ScanReasons.Blocked, (site, path) => site.Redirect(path, target.Replace("{port}", $"{site.Port}", StringComparison.Ordinal)),
                Check: scan => scan.Http!.Hops[0].By.ShouldBe("location"));
        }

        yield return new("a Refresh header to the metadata address", ScanReasons.Blocked, (site, path) => site.Page(path, "x", "Refresh: 0; url=http://169.254.169.254/\r\n"));
        yield return new("a visit to the metadata address", ScanReasons.Blocked, (_, _) => { }, "http://169.254.169.254/");
        yield return new("a redirect to credentials of its own", null, (site, path) => site.Redirect(path, $"http://user:secret@127.0.0.1:{site.Port}/ok"));
        yield return new("a redirect that smuggles a header", null, (site, path) => site.Redirect(path, "/ok?%0d%0aX-Smuggled:%201").Page("/ok?*", "ok"));
        yield return new("a redirect to an address that is too long", ScanReasons.BadUrl, (site, path) => site.Redirect(path, "/" + new string('a', 20_000)));
        yield return new("a redirect to a host that is none", ScanReasons.BadUrl, (site, path) => site.Redirect(path, "http://:80/"));
    }

    private static IEnumerable<Trick> Chains()
    {
        yield return new("10,000 redirects", ScanReasons.TooManyRedirects, (site, path) =>
        {
            int next = 0;
            site.On($"{path}?*", async (stream, stop) => await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 302 Found\r\nLocation: {path}?{++next}\r\nContent-Length: 0\r\n\r\n"), stop));
        }, "http://127.0.0.1:{port}{path}?0");
        yield return new("a redirect to itself", ScanReasons.RedirectLoop, (site, path) => site.Redirect(path, path));
        yield return new("a circle of redirects", ScanReasons.RedirectLoop, (site, path) => site.Redirect(path, path + "/a").Redirect(path + "/a", path + "/b").Redirect(path + "/b", path + "/a"));
        yield return new("a circle of Refresh headers", ScanReasons.RedirectLoop, (site, path) => site.Page(path, "x", $"Refresh: 0;{path}/a\r\n").Page(path + "/a", "x", $"Refresh: 0;{path}\r\n"));
        yield return new("a redirect to nowhere", null, (site, path) => site.Raw(path, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"));
        yield return new("a redirect with an endless body", null, (site, path) => site.On(path, async (stream, stop) =>
        {
            await stream.WriteAsync("HTTP/1.1 302 Found\r\nLocation: /ok\r\n\r\n"u8.ToArray(), stop);
            await Forever(stream, "x"u8.ToArray(), stop);
        }));
    }

    private static IEnumerable<Trick> Names()
    {
        yield return new("a name with a loopback address", ScanReasons.Blocked, (_, _) => { }, "http://loopback.test:{port}/ok");
        yield return new("a name with a loopback address mapped into IPv6", ScanReasons.Blocked, (_, _) => { }, "http://mapped.test:{port}/ok");
        yield return new("a name with the metadata address", ScanReasons.Blocked, (_, _) => { }, "http://metadata.test/");
        yield return new("a name that changes its address once it was let through", null, (_, _) => { }, "http://rebinding.test:{port}/ok", Turning: true);
        yield return new("a redirect to a name that changed its address", null, (site, path) => site.Redirect(path, $"http://turning.test:{site.Port}/ok"), "http://turning.test:{port}{path}", Turning: true);
        yield return new("a name that is an alias of itself", ScanReasons.Dns, (_, _) => { }, "http://alias.test/");
        yield return new("a name that is not there", ScanReasons.Dns, (_, _) => { }, "http://nobody.test/");
        yield return new("a name without addresses", ScanReasons.Dns, (_, _) => { }, "http://empty.test/");
        yield return new("a name whose server is silent", ScanReasons.TimedOut, (_, _) => { }, "http://silent.test/", Slow: true);
        yield return new("a name with addresses of which one may be reached", null, (_, _) => { }, "http://mixed.test:{port}/ok");
    }

    public static void Set(FakeNames names)
    {
        names.Address("loopback.test", "127.0.0.2").Address("mapped.test", "::ffff:127.0.0.2").Address("metadata.test", "169.254.169.254").Address("mixed.test", "127.0.0.2", "127.0.0.1");
        names.Address("rebinding.test", "127.0.0.1").Address("rebinding.test", "127.0.0.2");
        names.Address("turning.test", "127.0.0.1").Address("turning.test", "127.0.0.2");
        names.Add("alias.test", DnsType.A, FakeNames.Record(DnsType.Cname, FakeNames.Name("alias.test"))).Add("empty.test", DnsType.Mx);
        names.Silent.Add("silent.test");
    }

    private static IEnumerable<Trick> Heads()
    {
        (string Name, string? Reason, string Answer)[] raw =
        [
            ("10,000 headers", ScanReasons.TooLarge, "HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Range(0, 10_000).Select(n => $"X-Flood-{n}: 0123456789\r\n")) + "\r\n"),
            ("a thousand short headers", ScanReasons.Malformed, "HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat("a:b\r\n", 1000)) + "\r\n"),
            ("a header of a megabyte", ScanReasons.TooLarge, "HTTP/1.1 200 OK\r\nX: " + new string('x', 1 << 20) + "\r\n\r\n"),
            ("a version that is none", ScanReasons.Malformed, "HTTP/9.9 200 OK\r\n\r\nx"),
            ("a status that is none", ScanReasons.Malformed, "HTTP/1.1 2x0 OK\r\n\r\nx"),
            ("a status below all", ScanReasons.Malformed, "HTTP/1.1 007 OK\r\n\r\nx"),
            ("no HTTP but a radio", ScanReasons.Malformed, "ICY 200 OK\r\n\r\nx"),
            ("no HTTP but a mail server", ScanReasons.Malformed, "220 mail.example ESMTP\r\n"),
            ("no HTTP but bytes", ScanReasons.Malformed, "\x16\x03\x01\x00\x00"),
            ("a zero byte in a header", ScanReasons.Malformed, "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\nx"),
            ("two lengths", ScanReasons.Malformed, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"),
            ("a negative length", ScanReasons.Malformed, "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx"),
            ("a length beyond all numbers", ScanReasons.Malformed, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx"),
            ("a length of a terabyte and an early end", null, "HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\nhello"),
            ("a length beside chunks", null, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
            ("headers on folded lines, and line ends without CR", null, "HTTP/1.1 200 OK\nX: a\n b\nContent-Length: 5\n\nhello"),
            ("lines that are no headers", null, "HTTP/1.1 200 OK\r\nno colon\r\n: empty\r\nbad name : x\r\nContent-Length: 5\r\n\r\nhello"),
            ("a change of protocol", ScanReasons.Malformed, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
            ("100 interim answers", ScanReasons.Malformed, string.Concat(Enumerable.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 100))),
            ("an interim answer before the real one", null, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
            ("no answer", ScanReasons.Reset, ""),
            ("half a head", ScanReasons.Reset, "HTTP/1.1 200 OK\r\nContent-Ty"),
            ("an error with an early end", ScanReasons.Status, "HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\nx"),
            ("cookies without end", null, "HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Range(0, 30).Select(n => $"Set-Cookie: c{n}={new string('x', 1500)}\r\n")) + "Content-Length: 5\r\n\r\nhello"),
        ];
        foreach ((string name, string? reason, string answer) in raw)
        {
            yield return new(name, reason, (site, path) => site.Raw(path, answer), Check: scan =>
            {
                (scan.Http?.SetCookies.Count ?? 0).ShouldBeLessThanOrEqualTo(5);
                (scan.Http?.SetCookies ?? []).ShouldAllBe(cookie => cookie.Length <= 512);
                (scan.Http?.Headers.Count ?? 0).ShouldBeLessThanOrEqualTo(50);
            });
        }
    }

    private static IEnumerable<Trick> Bodies()
    {
        yield return Bomb("a bomb of gzip", "gzip", Packed(Zeros, stream => new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true)));
        yield return Bomb("a bomb of deflate", "deflate", Packed(Zeros, stream => new ZLibStream(stream, CompressionLevel.Fastest, leaveOpen: true)));
        yield return Bomb("a bomb of deflate without its header", "deflate", Packed(Zeros, stream => new DeflateStream(stream, CompressionLevel.Fastest, leaveOpen: true)));
        yield return Bomb("a bomb of brotli", "br", Packed(Zeros, stream => new BrotliStream(stream, CompressionLevel.Fastest, leaveOpen: true)));
        byte[] twice = Packed(Packed(Zeros, stream => new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true)), stream => new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true));
        yield return Bomb("a bomb in a bomb", "gzip, gzip", twice);
        yield return new("ten codings one over the other", ScanReasons.Malformed, (site, path) => site.Page(path, "x", Html + "Content-Encoding: " + string.Join(", ", Enumerable.Repeat("gzip", 10)) + "\r\n"));
        yield return new("a coding that is a charset", null, (site, path) => site.Page(path, "<title>x</title>", Html + "Content-Encoding: UTF-8\r\n"), Check: scan => scan.Page!.Title.ShouldBe("x"));
        yield return new("a coding that nobody asked for", ScanReasons.Malformed, (site, path) => site.Page(path, "x", Html + "Content-Encoding: zstd\r\n"));
        yield return new("gzip that is none", ScanReasons.Malformed, (site, path) => site.Page(path, "no gzip at all", Html + "Content-Encoding: gzip\r\n"));
        yield return new("brotli that is none", ScanReasons.Malformed, (site, path) => site.Body(path, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], Html + "Content-Encoding: br\r\n"));
        yield return new("a chunk without a length", ScanReasons.Malformed, (site, path) => site.Raw(path, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n"));
        yield return new("a chunk with a length beyond all numbers", ScanReasons.Malformed, (site, path) => site.Raw(path, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\nhello\r\n"));
        yield return new("a chunk that is longer than it says", ScanReasons.Malformed, (site, path) => site.Raw(path, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n"));
        yield return new("a chunk with an endless extension", ScanReasons.Malformed, (site, path) => site.Raw(path, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;" + new string('x', 100_000)));
        yield return new("trailers without end", ScanReasons.TooLarge, (site, path) => site.Raw(path, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n" + string.Concat(Enumerable.Repeat("X: 0123456789\r\n", 5000))));
        yield return Endless("chunks without end", "Transfer-Encoding: chunked\r\n", [.. "1000\r\n"u8, .. new byte[0x1000], .. "\r\n"u8]);
        yield return Endless("a body without end", "", new byte[0x1000]);
        yield return new("a page of a million elements", null, (site, path) => site.Page(path, string.Concat(Enumerable.Repeat("<b>", 1_000_000))), Check: scan => scan.Http!.Truncated.ShouldBeTrue());
        yield return new("a page as deep as it is long", null, (site, path) => site.Page(path, string.Concat(Enumerable.Repeat("<div>", 100_000))));
        yield return new("a page of nothing but attributes", null, (site, path) => site.Page(path, "<a " + string.Concat(Enumerable.Range(0, 60_000).Select(n => $"a{n}=1 "))));
        yield return new("a page in UTF-16", null, (site, path) => site.Body(path, [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("<title>héllo</title>")], Html));
        yield return new("links to names that have no form in ASCII", null, (site, path) => site.Page(path, "<title>x</title><a href='//\u05d0a.example'>a</a><img src='http://\u05d0a.example/x.png'>"), Check: scan => scan.Page!.Title.ShouldBe("x"));
        yield return new("a page in a charset that is none", null, (site, path) => site.Page(path, "<title>x</title>", "Content-Type: text/html; charset=\"no-such-thing\r\n"));
        yield return new("bytes that call themselves a page", null, (site, path) => site.Body(path, [.. Enumerable.Range(0, 100_000).Select(n => (byte)(n * 31))], Html));
        yield return new("a picture instead of a page", null, (site, path) => site.Body(path, [0x89, 0x50, 0x4E, 0x47, .. new byte[5000]], "Content-Type: image/png\r\n"), Check: scan => scan.Page!.Sha256.Length.ShouldBe(64));
        yield return new("no content", null, (site, path) => site.Raw(path, "HTTP/1.1 204 No Content\r\n\r\n"));
        yield return new("an error page", ScanReasons.Status, (site, path) => site.Page(path, "<title>gone</title>", status: "503 Sorry"));
    }

    private static IEnumerable<Trick> Slow()
    {
        (string Name, string Start)[] drips = [("a head byte by byte", "HTTP/1.1 200 OK\r\nX: "), ("a body byte by byte", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"), ("an interim answer, and silence", "HTTP/1.1 100 Continue\r\n\r\n")];
        foreach ((string name, string start) in drips)
        {
            yield return new(name, ScanReasons.TimedOut, (site, path) => site.On(path, async (stream, stop) =>
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(start), stop);
                while (!name.EndsWith("silence", StringComparison.Ordinal))
                {
                    await stream.WriteAsync("x"u8.ToArray(), stop);
                    await Task.Delay(10, stop);
                }

                await Task.Delay(Timeout.Infinite, stop);
            }), Slow: true);
        }

        yield return new("silence", ScanReasons.TimedOut, (site, path) => site.On(path, (_, stop) => Task.Delay(Timeout.Infinite, stop)), Slow: true);
        yield return new("chunks byte by byte", ScanReasons.TimedOut, (site, path) => site.On(path, async (stream, stop) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray(), stop);
            while (true)
            {
                await stream.WriteAsync("1\r\nx\r\n"u8.ToArray(), stop);
                await Task.Delay(10, stop);
            }
        }), Slow: true);
        yield return new("an error page byte by byte", ScanReasons.Status, (site, path) => site.On(path, async (stream, stop) =>
        {
            await stream.WriteAsync("HTTP/1.1 500 Oh\r\n\r\n"u8.ToArray(), stop);
            await Task.Delay(Timeout.Infinite, stop);
        }), Slow: true);
    }

    private static Trick Bomb(string name, string coding, byte[] packed) =>
        new(name, null, (site, path) => site.Body(path, packed, $"{Html}Content-Encoding: {coding}\r\n"), Check: scan =>
        {
            scan.Http!.BodyBytes.ShouldBe(512_000);
            scan.Http.Truncated.ShouldBeTrue();
        });

    private static Trick Endless(string name, string framing, byte[] piece) =>
        new(name, null, (site, path) => site.On(path, async (stream, stop) =>
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\n{Html}{framing}\r\n"), stop);
            await Forever(stream, piece, stop);
        }), Check: scan => scan.Http!.BodyBytes.ShouldBe(512_000));

    private static async Task Forever(Stream stream, byte[] piece, CancellationToken stop)
    {
        while (true)
        {
            await stream.WriteAsync(piece, stop);
        }
    }

    private static byte[] Packed(byte[] bytes, Func<Stream, Stream> pack)
    {
        using MemoryStream packed = new();
        using (Stream stream = pack(packed))
        {
            stream.Write(bytes);
        }

        return packed.ToArray();
    }
}
