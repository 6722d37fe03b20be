using System.Net.Sockets;
using System.Text;
using Whorl.Kernel;

namespace Whorl.Tests.Edge;

/// <summary>What attackers send: answered or dropped by a stated limit, and never a fault inside.</summary>
public sealed class HostileTests
{
    [Theory]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG", "400")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\nGPOST / HTTP/1.1\r\n", "400")]
    [InlineData("GET / HTTP/1.1\nHost: x\n\n", "400")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\rX: y\r\n\r\n", "400")]
    [InlineData("\0\0\0\0\0\0\0\0\r\n\r\n", "400")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400")]
    public async Task Smuggling_shapes_are_refused_and_the_connection_closed(string request, string status)
    {
        await using RawUpstream upstream = RawUpstream.Answering(RawUpstream.Ok("x"));
        await using TestEdge edge = await TestEdge.StartAsync(options => options.Sites[0].Robots = Sources.Edge.RobotsPolicy.Serve, upstream.Url);

        string answer = await edge.RawAsync(request);

        answer.ShouldStartWith($"HTTP/1.1 {status} ");
        answer.ShouldContain("Connection: close");
        upstream.Heads.ShouldBeEmpty();
        edge.Log.ShouldBeQuiet();
    }

    [Theory]
    [InlineData("POST /a?b HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG", "400", "two-framings", "POST", "/a")]
    [InlineData("\0\0\0\0\0\0\0\0\r\n\r\n", "400", "request-line", null, null)]
    [InlineData("HEAD / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400", "host", "HEAD", "/")]
    public async Task A_malformed_request_is_refused_with_a_reference_to_an_observation_that_says_why(string request, string status, string fault, string? method, string? path)
    {
        await using TestEdge edge = await TestEdge.StartAsync(_ => { }, "http://127.0.0.1:1");

        string answer = await edge.RawAsync(request);

        Observation seen = (await edge.ObservationsAsync(1)).ShouldHaveSingleItem();
        answer.ShouldStartWith($"HTTP/1.1 {status} ");
        answer.ShouldContain($"X-Whorl-Reference: {seen.Id}\r\n");
        seen.Subject.Text.ShouldBe("ip:127.0.0.1");
        (seen.Get("http.fault"), seen.Get("http.repeats"), seen.Get("http.status")).ShouldBe((fault, "0", status));
        (seen.Get("verdict.action"), seen.Get("verdict.cause"), seen.Get("client.direct")).ShouldBe(("block", "malformed", "True"));
        (seen.Get("http.method"), seen.Get("http.path"), seen.Get("http.user_agent")).ShouldBe((method, path, null));
        edge.Log.ShouldBeQuiet();
    }

    [Fact]
    public async Task Nothing_of_a_good_request_is_told_of_the_malformed_one_after_it()
    {
        await using RawUpstream upstream = RawUpstream.Answering(RawUpstream.Ok("x"));
        await using TestEdge edge = await TestEdge.StartAsync(_ => { }, upstream.Url);

        string answers = await edge.RawAsync("HEAD /good?q HTTP/1.1\r\nHost: site.test\r\nUser-Agent: Good/1\r\nAccept: text/html\r\n\r\nGET /bad HTTP/1.1\r\nHost: site.test\r\nUser-Agent: Bad/1\r\nA : b\r\n\r\n");

        IReadOnlyList<Observation> seen = await edge.ObservationsAsync(2);
        Observation refused = seen.Single(observation => observation.Get("http.fault") == "field");
        answers.ShouldContain("HTTP/1.1 400 ");
        answers.ShouldContain(refused.Id + "\n", Case.Sensitive, "in the text of the answer too: it is no HEAD");
        (refused.Get("http.path"), refused.Get("http.query"), refused.Get("http.host"), refused.Get("http.user_agent")).ShouldBe(("/bad", null, "", null));
    }

    [Fact]
    public async Task A_header_of_64_KiB_is_answered_with_431()
    {
        await using RawUpstream upstream = RawUpstream.Answering(RawUpstream.Ok("x"));
        await using TestEdge edge = await TestEdge.StartAsync(_ => { }, upstream.Url);

        string answer = await edge.RawAsync($"GET / HTTP/1.1\r\nHost: x\r\nX: {new string('a', 64 * 1024)}\r\n\r\n", until: "\r\n\r\n");

        (answer.Length == 0 || answer.StartsWith("HTTP/1.1 431 ", StringComparison.Ordinal)).ShouldBeTrue(answer);
        edge.Log.ShouldBeQuiet();
    }

    [Fact]
    public async Task A_header_that_never_ends_is_cut_at_its_time()
    {
        await using TestEdge edge = await TestEdge.StartAsync(options => options.Limits.HeaderTime = TimeSpan.FromSeconds(1), "http://127.0.0.1:1");
        using TcpClient tcp = new();
        await tcp.ConnectAsync(edge.EndPoint);
        NetworkStream stream = tcp.GetStream();
        Task<string> end = TestEdge.ReadAsync(stream);
        await stream.WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n"u8.ToArray());
        using PeriodicTimer drip = new(TimeSpan.FromMilliseconds(200));
        int sent = 0;
        try
        {
            while (!end.IsCompleted && sent++ < 50 && await drip.WaitForNextTickAsync())
            {
                await stream.WriteAsync("X: y\r\n"u8.ToArray());
            }
        }
        catch (IOException)
        {
            // Cut, as it should be.
        }

        await end;
        sent.ShouldBeLessThan(50);
        edge.Log.ShouldBeQuiet();
    }

    [Fact]
    public async Task A_body_larger_than_allowed_is_refused_before_or_while_it_comes()
    {
        await using RawUpstream upstream = RawUpstream.Talking(talk => talk.ReadUntilAsync("never"));
        await using TestEdge edge = await TestEdge.StartAsync(options => options.Limits.BodyBytes = 1000, upstream.Url);

        string told = await edge.RawAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", until: "\r\n\r\n");
        string chunked = await edge.RawAsync($"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n{new string('b', 1001)}\r\n0\r\n\r\n", until: "\r\n\r\n");

        told.ShouldStartWith("HTTP/1.1 413 ");
        chunked.ShouldStartWith("HTTP/1.1 400 ");
        edge.Log.ShouldBeQuiet();
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\nContent-Length: 1\n\nx")]
    [InlineData("HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH\r\n")]
    public async Task An_upstreams_ambiguous_answer_is_a_502(string bytes)
    {
        await using RawUpstream upstream = RawUpstream.Answering(bytes, close: true);
        await using TestEdge edge = await TestEdge.StartAsync(_ => { }, upstream.Url);
        using HttpClient client = edge.Client();

        using HttpResponseMessage answer = await client.GetAsync("/");

        ((int)answer.StatusCode).ShouldBe(502);
        edge.Log.Lines.ShouldNotContain(line => line.Fault != null);
    }

    [Fact]
    public async Task An_answer_that_breaks_off_is_broken_off_for_the_client_too()
    {
        await using RawUpstream upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", close: true);
        await using TestEdge edge = await TestEdge.StartAsync(_ => { }, upstream.Url);
        using HttpClient client = edge.Client();

        await Should.ThrowAsync<HttpRequestException>(client.GetStringAsync("/"));
    }

    [Fact]
    public async Task Surplus_bytes_after_an_answer_never_reach_the_next_request()
    {
        await using RawUpstream upstream = RawUpstream.Answering(RawUpstream.Ok("one") + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
        await using TestEdge edge = await TestEdge.StartAsync(_ => { }, upstream.Url);
        using HttpClient client = edge.Client();

        for (int i = 0; i < 5; i++)
        {
            (await client.GetStringAsync("/")).ShouldBe("one");
        }
    }

    [Fact]
    public async Task Pipelined_requests_are_answered_in_order()
    {
        await using RawUpstream upstream = RawUpstream.Talking(async talk =>
        {
            while (await talk.ReadHeadAsync() is { } head)
            {
                await talk.SendAsync(RawUpstream.Ok(head.Split(' ')[1]));
            }
        });
        await using TestEdge edge = await TestEdge.StartAsync(_ => { }, upstream.Url);
        StringBuilder requests = new();
        for (int i = 0; i < 20; i++)
        {
            requests.Append($"GET /r{i:00} HTTP/1.1\r\nHost: x\r\n{(i == 19 ? "Connection: close\r\n" : "")}\r\n");
        }

        string answers = await edge.RawAsync(requests.ToString());

        string[] bodies = [.. answers.Split("HTTP/1.1 200 OK").Skip(1).Select(answer => answer[^4..])];
        bodies.ShouldBe(Enumerable.Range(0, 20).Select(i => $"/r{i:00}"));
    }

    [Fact]
    public async Task Http_1_0_is_spoken_to_those_who_speak_it()
    {
        await using RawUpstream upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        await using TestEdge edge = await TestEdge.StartAsync(_ => { }, upstream.Url);

        string answer = await edge.RawAsync("GET / HTTP/1.0\r\n\r\n");

        answer.ShouldEndWith("\r\n\r\nabc");
        answer.ShouldNotContain("chunked");
    }
}
