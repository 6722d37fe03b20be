using System.Net.Sockets;
using System.Text;
using Whorl.Fingerprints.Fuzzy;
using Whorl.Sources.Probes.Asking;
using Whorl.Sources.Probes.Protocols.Http;

namespace Whorl.Tests.Probes.Protocols;

public sealed class HttpProbeTests
{
    private static readonly byte[] Icon = [0, 0, 1, 0, 9, 9, 9];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_front_page_and_the_icon_are_told(bool dribble)
    {
        await using FakePeer peer = Site(dribble, "HTTP/1.1 200 OK\r\nServer: ngin\u00e9x\r\nConnection: close\r\n\r\n<title>Login</title>");
        Attributes found = (await FakePeer.AskAsync(new HttpProbe("test"), peer.Target)).Result.Findings.ShouldHaveSingleItem().Attributes;
        found.Get("http.scheme").ShouldBe("http");
        found.Get("http.status").ShouldBe("200");
        found.Get("http.server").ShouldBe("nginéx");
        found.Get("http.title").ShouldBe("Login");
        found.Get("http.header_order").ShouldBe("Server,Connection");
        found.Get("http.favicon_mmh3").ShouldBe($"{Favicon.Hash(Icon)}");
        peer.Connections.ShouldBe(2);
    }

    [Fact]
    public async Task A_redirect_is_told_and_not_followed()
    {
        await using FakePeer elsewhere = FakePeer.Closing();
        await using FakePeer peer = Site(false, $"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{elsewhere.Port}/\r\nContent-Length: 0\r\n\r\n");
        Attributes found = (await FakePeer.AskAsync(new HttpProbe("test"), peer.Target)).Result.Findings[0].Attributes;
        found.Get("http.location").ShouldBe($"http://127.0.0.1:{elsewhere.Port}/");
        elsewhere.Connections.ShouldBe(0);
    }

    [Fact]
    public async Task The_request_names_the_host_and_introduces_itself_as_it_was_told()
    {
        string asked = "";
        await using FakePeer peer = FakePeer.Answering(request =>
        {
            asked = asked.Length == 0 ? Encoding.ASCII.GetString(request) : asked;
            return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray();
        });
        await FakePeer.AskAsync(new HttpProbe("Somebody/1.0"), peer.Target with { Host = "example.com" });
        asked.ShouldStartWith($"GET / HTTP/1.1\r\nHost: example.com:{peer.Port}\r\nUser-Agent: Somebody/1.0\r\n");
    }

    [Fact]
    public async Task What_breaks_off_after_its_head_has_answered()
    {
        await using FakePeer peer = new(async (stream, _, stop) =>
        {
            _ = await stream.ReadAsync(new byte[4096], stop);
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort"u8.ToArray(), stop);
            stream.Socket.LingerState = new LingerOption(true, 0);
        });
        (await FakePeer.AskAsync(new HttpProbe("test"), peer.Target)).Result.Findings.ShouldHaveSingleItem().Attributes.Get("http.status").ShouldBe("200");
    }

    [Theory]
    [InlineData("Content-Length: 9\r\n\r\nhalf", false)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n4\r\nan", false)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n\r\n", true)]
    [InlineData("X-A: 1\r\n\r\nhalf", true)]
    public async Task An_icon_that_broke_off_is_not_told_as_if_it_were_whole(string rest, bool told)
    {
        await using FakePeer peer = new(async (stream, number, stop) =>
        {
            _ = await stream.ReadAsync(new byte[4096], stop);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(number == 1 ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" : $"HTTP/1.1 200 OK\r\n{rest}"), stop);
        });
        Attributes found = (await FakePeer.AskAsync(new HttpProbe("test"), peer.Target)).Result.Findings.ShouldHaveSingleItem().Attributes;
        (found.Get("http.favicon_mmh3") is not null).ShouldBe(told);
    }

    [Fact]
    public async Task A_page_without_end_is_cut()
    {
        await using FakePeer peer = new(async (stream, _, stop) =>
        {
            _ = await stream.ReadAsync(new byte[4096], stop);
            await stream.WriteAsync("HTTP/1.1 200 OK\r\n\r\n<title>big</title>"u8.ToArray(), stop);
            byte[] more = new byte[64 * 1024];
            while (true)
            {
                await stream.WriteAsync(more, stop);
            }
        });
        Answered answered = await FakePeer.AskAsync(new HttpProbe("test"), peer.Target);
        answered.Result.Findings.ShouldHaveSingleItem().Attributes.Get("http.title").ShouldBe("big");
    }

    [Fact]
    public async Task Silence_early_ends_and_other_protocols_are_told_apart()
    {
        await using FakePeer silent = FakePeer.Silent(), closing = FakePeer.Closing(), ssh = FakePeer.Answering(_ => "SSH-2.0-x\r\n"u8.ToArray());
        TimeSpan time = TimeSpan.FromMilliseconds(300);
        (await FakePeer.AskAsync(new HttpProbe("test"), silent.Target, time)).Result.Failure.ShouldBe(ProbeFailure.TimedOut);
        (await FakePeer.AskAsync(new HttpProbe("test"), closing.Target)).Result.Failure.ShouldBe(ProbeFailure.ClosedEarly);
        (await FakePeer.AskAsync(new HttpProbe("test"), ssh.Target, time)).Result.Failure.ShouldNotBeNull();
        (await FakePeer.AskAsync(new HttpProbe("test"), FakePeer.Nobody())).Result.Failure.ShouldBe(ProbeFailure.Refused);
    }

    private static FakePeer Site(bool dribble, string page) => new(async (stream, _, stop) =>
    {
        byte[] request = new byte[4096];
        int count = await stream.ReadAsync(request, stop);
        byte[] answer = Encoding.ASCII.GetString(request, 0, count).StartsWith("GET /favicon.ico ", StringComparison.Ordinal)
            ? [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {Icon.Length}\r\n\r\n"), .. Icon]
            : Encoding.UTF8.GetBytes(page);
        await FakePeer.SendAsync(stream, answer, dribble, stop);
    });
}
