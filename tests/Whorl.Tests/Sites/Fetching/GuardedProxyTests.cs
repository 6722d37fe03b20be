using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Whorl.Kernel.Outbound;
using Whorl.Sources.Sites.Fetching.Browser;
using Whorl.Sources.Sites.Fetching.Names;
using Whorl.Sources.Sites.Fetching.Wire;

namespace Whorl.Tests.Sites.Fetching;

/// <summary>What a browser may reach while a picture is taken.</summary>
public sealed class GuardedProxyTests : IAsyncLifetime
{
    private const string Request = "GET http://example.com:8080/a?b HTTP/1.1\r\nHost: example.com:8080\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\nConnection: keep-alive\r\nCookie: a";

    private readonly FakeSite _site = new();
    private readonly FakeNames _names = new();

    public ValueTask InitializeAsync()
    {
        _site.Page("/ok", "hello").Body("/large", new byte[2_000_000]);
        _names.Address("site.test", "127.0.0.1").Address("inside.test", "127.0.0.2").Address("metadata.test", "169.254.169.254");
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        await _site.DisposeAsync();
        await _names.DisposeAsync();
    }

    [Fact]
    public async Task Sites_are_reached_and_what_the_guard_refuses_is_not()
    {
        await using GuardedProxy proxy = Proxy(1_000_000);
        using HttpClient browser = Browser(proxy);

        (await browser.GetStringAsync($"http://site.test:{_site.Port}/ok")).ShouldBe("hello");
        foreach (string inside in new[] { $"http://127.0.0.2:{_site.Port}/ok", $"http://inside.test:{_site.Port}/ok", $"http://[::ffff:127.0.0.2]:{_site.Port}/ok", "http://metadata.test/latest/", "http://169.254.169.254/latest/", "http://site.test:25/" })
        {
            (await browser.GetAsync(inside)).StatusCode.ShouldBe(HttpStatusCode.Forbidden, inside);
        }

        (await browser.GetAsync($"http://nobody.test:{_site.Port}/")).StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        await Should.ThrowAsync<HttpRequestException>(() => browser.GetAsync($"https://127.0.0.2:{_site.Port}/ok"));
        string heard = _site.Requests.ShouldHaveSingleItem();
        heard.ShouldStartWith("GET /ok HTTP/1.1\r\n");
        heard.ShouldNotContain("Proxy", Case.Insensitive);
    }

    [Fact]
    public async Task A_page_that_loads_without_end_is_cut_off()
    {
        await using GuardedProxy proxy = Proxy(1_000_000);
        using HttpClient browser = Browser(proxy);

        await Should.ThrowAsync<HttpRequestException>(() => browser.GetByteArrayAsync($"http://site.test:{_site.Port}/large"));
        await Should.ThrowAsync<HttpRequestException>(() => browser.GetAsync($"http://site.test:{_site.Port}/ok"));
    }

    [Fact]
    public void A_request_is_passed_on_as_a_site_expects_it()
    {
        ProxyRequest asked = ProxyRequest.Read(Encoding.Latin1.GetBytes(Request))!;

        asked.Target.Authority.ShouldBe("example.com:8080");
        Encoding.Latin1.GetString(asked.Forward!).ShouldBe("GET /a?b HTTP/1.1\r\nHost: example.com:8080\r\nCookie: a\r\nConnection: close\r\n\r\n");
        ProxyRequest tunnel = ProxyRequest.Read("CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: x"u8)!;
        (tunnel.Target.Host, tunnel.Target.Port, tunnel.Forward).ShouldBe(("[2001:db8::1]", 443, null));
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET /origin HTTP/1.1")]
    [InlineData("GET https://example.com/ HTTP/1.1")]
    [InlineData("GET file:///etc/passwd HTTP/1.1")]
    [InlineData("GET http://example.com:25/ HTTP/1.1")]
    [InlineData("CONNECT example.com:22 HTTP/1.1")]
    [InlineData("CONNECT example.com:99999 HTTP/1.1")]
    [InlineData("CONNECT  HTTP/1.1")]
    [InlineData("GET http://example.com/ HTTP/2")]
    public void What_is_no_request_for_a_site_is_refused(string head) => ProxyRequest.Read(Encoding.Latin1.GetBytes(head)).ShouldBeNull();

    [Fact]
    public void No_cut_and_no_flipped_bit_throws()
    {
        byte[] whole = Encoding.Latin1.GetBytes(Request);
        for (int bit = 0; bit < whole.Length * 8; bit++)
        {
            ProxyRequest.Read(whole.AsSpan(0, bit / 8));
            byte[] bytes = [.. whole];
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            if (ProxyRequest.Read(bytes) is { } asked)
            {
                asked.Forward!.Length.ShouldBeLessThan(bytes.Length + 100);
            }
        }
    }

    private GuardedProxy Proxy(long maxBytes)
    {
        OutboundGuard guard = new(new OutboundOptions { Allow = ["127.0.0.1"] }, TimeProvider.System, NullLogger.Instance, null, () => OwnAddresses.None);
        return new(new Dialer(guard), new SiteNames(new DnsClient([_names.EndPoint]), HostsFile.Parse("")), maxBytes, TestContext.Current.CancellationToken);
    }

    private static HttpClient Browser(GuardedProxy proxy) => new(new SocketsHttpHandler { Proxy = new WebProxy($"http://127.0.0.1:{proxy.Port}"), UseProxy = true });
}
