using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Options;
using Whorl.Fingerprints.Fuzzy;
using Whorl.Fingerprints.Jarm;
using Whorl.Kernel;
using Whorl.Sources.Sites.Fetching;
using Whorl.Sources.Sites.Fetching.Names;
using Whorl.Sources.Sites.Fetching.Networks;
using Whorl.Sources.Sites.Scans;
using Whorl.Stores.Objects;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites.Fetching;

public sealed class SiteScannerTests
{
    private const string Phish = """
        <!doctype html><html lang="en"><head><title>Sign in to your bank</title><link rel="icon" href="/i.png"><script src="/kit.js"></script></head>
        <body><form method="post" action="https://collector.example/post.php"><input name="user"><input type="password" name="pass"></form></body></html>
        """;

    [Fact]
    public async Task A_visit_tells_every_hop_the_head_as_it_came_and_the_body()
    {
        await using FakeSite site = new();
        site.Redirect("/", "/in", 301).Page("/in", "x", "Refresh: 1; URL=\"/login?id=1\"\r\nX-Powered-By: PHP/8.2\r\n")
            .Page("/login?id=1", Phish, "server: nginx/1.24\r\nX-Twice: 1\r\nContent-Type: text/html; charset=utf-8\r\nSet-Cookie: PHPSESSID=abc; path=/\r\nx-twice: 2\r\n");
        using SiteScanner scanner = Scanning.Scanner();

        ScanRecord scan = await scanner.ScanAsync(site.Url.ToUpperInvariant());

        scan.Url.ShouldBe(site.Url + "/");
        scan.Site.ShouldBe("127.0.0.1");
        (scan.Class, scan.Reason).ShouldBe((SiteClass.HttpContent, null));
        HttpFacts http = scan.Http.ShouldNotBeNull();
        http.Hops.Select(hop => (hop.Status, hop.By, hop.Location, hop.Ip)).ShouldBe([(301, "location", "/in", "127.0.0.1"), (200, "refresh", "/login?id=1", "127.0.0.1"), (200, null, null, "127.0.0.1")]);
        (http.FinalUrl, http.Status, http.Protocol, http.BodyBytes, http.Truncated).ShouldBe((site.Url + "/login?id=1", 200, "1.1", Encoding.UTF8.GetByteCount(Phish), false));
        http.Headers.Select(each => each.Name).ShouldBe(["server", "X-Twice", "Content-Type", "x-twice", "Content-Length"]);
        http.SetCookies.ShouldBe(["PHPSESSID=abc; path=/"]);
        http.Stack.ShouldBe(["nginx", "php"]);
        http.Sample.ShouldNotBeNull().ShouldContain("Sign in to your bank");
        scan.Page.ShouldNotBeNull().Sha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Phish))));
        scan.Page.Ssdeep.ShouldBe(Ssdeep.Hash(Encoding.UTF8.GetBytes(Phish)));
        scan.Network!.Ip.ShouldBe("127.0.0.1");
        scan.Tls.ShouldBeNull();
        scan.Faults.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("good", "untrusted_root")]
    [InlineData("self", "self_signed")]
    [InlineData("expired", "expired,self_signed")]
    [InlineData("name", "other_name,self_signed")]
    [InlineData("unreadable", "other_name,untrusted_root")]
    public async Task A_certificate_is_taken_whatever_it_is_and_what_is_wrong_with_it_is_told(string kind, string distrust)
    {
        using X509Certificate2 certificate = Scanning.Certificate(kind);
        await using FakeSite site = new(tls: new() { ServerCertificate = certificate, EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13, ApplicationProtocols = [SslApplicationProtocol.Http11] });
        site.Page("/", "<title>x</title>");
        using SiteScanner scanner = Scanning.Scanner();

        ScanRecord scan = await scanner.ScanAsync(site.Url);

        scan.Class.ShouldBe(SiteClass.HttpContent, scan.Detail);
        TlsFacts tls = scan.Tls.ShouldNotBeNull();
        (tls.Version, tls.Alpn, tls.Trusted).ShouldBe(("1.3", "http/1.1", false));
        tls.Cipher.ShouldNotBeNull().ShouldStartWith("13");
        tls.Ja3S.ShouldNotBeNull().Length.ShouldBe(32);
        tls.Distrust.ShouldBe(distrust.Split(','), ignoreOrder: true);
        tls.Certificates[0].Sha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(certificate.RawData)));
        scan.Http!.Timing.TlsMs.ShouldBeGreaterThanOrEqualTo(0);
    }

    [Theory]
    [InlineData("", ScanReasons.Tls)]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", ScanReasons.Tls)]
    [InlineData("\u0015\u0003\u0003\u0000\u0002\u0002\u0028", ScanReasons.Tls)]
    [InlineData("\u0016\u0003\u0003\u0000\u0004\u0002\u0000\u0000\u0000", ScanReasons.Tls)]
    [InlineData(null, ScanReasons.TimedOut)]
    public async Task A_server_that_breaks_the_handshake_is_told_apart(string? answer, string reason)
    {
        await using FakeSite site = new()
        {
            OnConnection = async (socket, stop) =>
            {
                _ = await socket.ReceiveAsync(new byte[4096], stop);
                await (answer is null ? Task.Delay(Timeout.Infinite, stop) : socket.SendAsync(Encoding.Latin1.GetBytes(answer), stop).AsTask());
            },
        };
        using SiteScanner scanner = Scanning.Scanner(set: options => options.Timeout = reason == ScanReasons.TimedOut ? TimeSpan.FromMilliseconds(500) : options.Timeout);

        ScanRecord scan = await scanner.ScanAsync(site.Url.Replace("http:", "https:", StringComparison.Ordinal));

        (scan.Class, scan.Reason).ShouldBe((SiteClass.Unreachable, reason), scan.Detail);
        scan.Http!.Hops.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Icons_and_what_the_page_consists_of_come_over_one_connection_and_into_the_object_store()
    {
        using TempFolder folder = new();
        ObjectStore objects = new(Options.Create(new ObjectOptions()), Options.Create(new NodeOptions { Data = folder.Path }), TimeProvider.System);
        byte[] icon = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3];
        await using FakeSite site = new();
        site.Page("/", Phish).Body("/favicon.ico", icon, "Content-Type: image/png\r\n");
        site.Kept.UnionWith(["/", "/favicon.ico"]);
        using SiteScanner scanner = Scanning.Scanner(objects: objects);

        ScanRecord scan = await scanner.ScanAsync(site.Url);

        IconFacts found = scan.Icons.Single(each => each.Url.EndsWith("/favicon.ico", StringComparison.Ordinal));
        found.Mmh3.ShouldBe(Favicon.Hash(icon));
        found.Object.ShouldBe(found.Sha256);
        objects.Open(found.Sha256).ShouldNotBeNull().Dispose();
        scan.Http!.Object.ShouldBe(scan.Page!.Sha256);
        objects.Open(scan.Page.Sha256).ShouldNotBeNull().Dispose();
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello", null)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n <!DOCTYPE html> ", null)]
    [InlineData("HTTP/1.1 404 No\r\nContent-Length: 5\r\n\r\nhello", null)]
    [InlineData("HTTP/1.1 302 No\r\nLocation: http://169.254.169.254/i\r\n\r\n", "icon: blocked")]
    [InlineData("HTTP/1.1 302 No\r\nLocation: /favicon.ico\r\n\r\n", "icon: too_many_redirects")]
    [InlineData("none", "icon: malformed")]
    public async Task An_icon_that_is_none_takes_nothing_from_the_page(string answer, string? fault)
    {
        await using FakeSite site = new();
        site.Page("/", "<title>x</title>").Raw("/favicon.ico", answer);
        using SiteScanner scanner = Scanning.Scanner();

        ScanRecord scan = await scanner.ScanAsync(site.Url);

        scan.Class.ShouldBe(SiteClass.HttpContent);
        scan.Icons.ShouldBeEmpty();
        scan.Faults.ShouldBe(fault is null ? [] : [$"{fault}: {site.Url}/favicon.ico"]);
    }

    [Fact]
    public async Task Half_an_icon_is_none()
    {
        await using FakeSite site = new();
        site.Page("/", "<title>x</title>").Body("/favicon.ico", new byte[100_001], "Content-Type: image/x-icon\r\n");
        using SiteScanner scanner = Scanning.Scanner();

        ScanRecord scan = await scanner.ScanAsync(site.Url);

        scan.Icons.ShouldBeEmpty();
        scan.Faults.ShouldBe([$"icon: too_large: {site.Url}/favicon.ico"]);
    }

    [Fact]
    public async Task A_page_that_loads_itself_again_is_read()
    {
        await using FakeSite site = new();
        site.Page("/login", Phish, "Refresh: 10; url=/login\r\nContent-Type: text/html\r\n");
        using SiteScanner scanner = Scanning.Scanner();

        ScanRecord scan = await scanner.ScanAsync(site.Url + "/login");

        scan.Page.ShouldNotBeNull().Forms.ShouldHaveSingleItem().Password.ShouldBeTrue();
        scan.Http!.Hops.ShouldHaveSingleItem().By.ShouldBeNull();
    }

    [Fact]
    public async Task A_location_in_utf_8_leads_where_browsers_go()
    {
        await using FakeSite site = new();
        site.Redirect("/", Encoding.Latin1.GetString(Encoding.UTF8.GetBytes("/\u00e4"))).Page("/%C3%A4", "<title>there</title>");
        using SiteScanner scanner = Scanning.Scanner();

        (await scanner.ScanAsync(site.Url)).Page.ShouldNotBeNull().Title.ShouldBe("there");
    }

    [Fact]
    public async Task What_comes_after_the_length_of_an_answer_is_not_taken_for_the_next_one()
    {
        await using FakeSite site = new();
        site.Raw("/", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello, and more");
        site.Kept.Add("/");
        using SiteScanner scanner = Scanning.Scanner();

        ScanRecord scan = await scanner.ScanAsync(site.Url);

        scan.Faults.ShouldBeEmpty();
        scan.Http!.BodyBytes.ShouldBe(5);
    }

    [Fact]
    public async Task A_server_that_wants_another_handshake_still_has_its_jarm()
    {
        await using FakeSite site = new()
        {
            OnConnection = async (socket, stop) =>
            {
                _ = await socket.ReceiveAsync(new byte[4096], stop);
                await socket.SendAsync(JarmTests.Hello, stop);
            },
        };
        using SiteScanner scanner = Scanning.Scanner(set: options => options.DisableJarm = false);

        ScanRecord scan = await scanner.ScanAsync(site.Url.Replace("http:", "https:", StringComparison.Ordinal));

        (scan.Class, scan.Reason).ShouldBe((SiteClass.Unreachable, ScanReasons.Tls));
        scan.Tls.ShouldNotBeNull().Jarm.ShouldBe(JarmHash.Compute(Enumerable.Repeat(JarmAnswer.Text(JarmTests.Hello), JarmProbes.Count)));
        scan.Tls.Certificates.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_zone_of_an_alias_is_the_one_above_it()
    {
        await using FakeNames names = new();
        await using FakeSite site = new();
        site.Page("/", "x");
        names.Add("www.shop.test", DnsType.A, FakeNames.Record(DnsType.Cname, FakeNames.Name("edge.test")), FakeNames.Record(DnsType.A, [127, 0, 0, 1], "edge.test"))
            .Add("www.shop.test", DnsType.Ns, FakeNames.Record(DnsType.Cname, FakeNames.Name("edge.test")))
            .Add("shop.test", DnsType.Ns, FakeNames.Record(DnsType.Ns, FakeNames.Name("ns.dns.test")))
            .Add("shop.test", DnsType.Mx, FakeNames.Record(DnsType.Mx, [0, 10, .. FakeNames.Name("mail.test")]));
        using SiteScanner scanner = Scanning.Scanner(names);

        NetworkFacts network = (await scanner.ScanAsync($"http://www.shop.test:{site.Port}/")).Network.ShouldNotBeNull();

        (network.Ns.ShouldHaveSingleItem(), network.Mx.ShouldHaveSingleItem()).ShouldBe(("ns.dns.test", "10 mail.test"));
    }

    [Fact]
    public async Task Names_and_networks_are_told_beside_the_page()
    {
        await using FakeNames names = new();
        await using FakeSite site = new();
        site.Page("/", "x");
        names.Add("www.shop.test", DnsType.A, FakeNames.Record(DnsType.Cname, FakeNames.Name("edge.test")), FakeNames.Record(DnsType.A, [127, 0, 0, 1], "edge.test"))
            .Add("www.shop.test", DnsType.Ns, FakeNames.Record(DnsType.Ns, FakeNames.Name("ns2.dns.test")), FakeNames.Record(DnsType.Ns, FakeNames.Name("NS1.dns.test")))
            .Add("www.shop.test", DnsType.Mx, FakeNames.Record(DnsType.Mx, [0, 10, .. FakeNames.Name("mail.test")]))
            .Add("www.shop.test", DnsType.Txt, FakeNames.Record(DnsType.Txt, [3, .. "v=s"u8, 3, .. "pf1"u8]));
        using TempFolder folder = new();
        File.WriteAllText(folder.File("asn.tsv"), "127.0.0.0\t127.0.0.255\t64500\tDE\tTEST-AS\n");
        IAddressTable table = AddressTables.Open(folder.File("asn.tsv"), out string? fault);
        fault.ShouldBeNull();
        using SiteScanner scanner = Scanning.Scanner(names, addresses: table);

        ScanRecord scan = await scanner.ScanAsync($"http://www.shop.test:{site.Port}/");

        scan.Class.ShouldBe(SiteClass.HttpContent, scan.Detail);
        NetworkFacts network = scan.Network.ShouldNotBeNull();
        network.Addresses.ShouldHaveSingleItem().ShouldBe(new AddressFact { Ip = "127.0.0.1", Asn = 64500, AsName = "TEST-AS", Country = "DE", Prefix = "127.0.0.0/24" });
        network.Cname.ShouldBe(["edge.test"]);
        network.Ns.ShouldBe(["ns1.dns.test", "ns2.dns.test"]);
        network.Mx.ShouldBe(["10 mail.test"]);
        network.Txt.ShouldBe(["v=spf1"]);
    }

    [Fact]
    public async Task Cancelling_ends_a_visit_at_once()
    {
        await using FakeSite site = new();
        using CancellationTokenSource cancel = new();
        site.On("/", async (_, stop) =>
        {
            await cancel.CancelAsync();
            await Task.Delay(Timeout.Infinite, stop);
        });
        using SiteScanner scanner = Scanning.Scanner();
        await Should.ThrowAsync<OperationCanceledException>(() => scanner.ScanAsync("x", site.Url, enter: null, cancel.Token));
    }
}
