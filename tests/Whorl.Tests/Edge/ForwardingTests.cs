using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Whorl.Tests.Edge;

/// <summary>What every way of carrying a request does alike.</summary>
public sealed class ForwardingTests
{
    [Theory]
    [InlineData(Way.Raw)]
    [InlineData(Way.Kestrel)]
    [InlineData(Way.Yarp)]
    public async Task Identity_and_hop_by_hop_fields_of_a_stranger_are_replaced_by_our_own(Way way)
    {
        await using RawUpstream upstream = RawUpstream.Answering(RawUpstream.Ok("x"));
        await using TestEdge edge = await TestEdge.StartAsync(way, _ => { }, upstream.Url);
        using HttpClient client = edge.Client(way);
        using HttpRequestMessage request = new(HttpMethod.Get, "/p?q=%2F");
        foreach ((string name, string value) in new[]
        {
            ("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-Host", "evil"), ("X-Forwarded-Proto", "https"), ("Forwarded", "for=1.2.3.4"), ("X-Real-IP", "1.2.3.4"),
            ("CF-Connecting-IP", "1.2.3.4"), ("X-Whorl-Verdict", "allow"), ("Proxy-Authorization", "x"), ("TE", "trailers"), ("Proxy", "http://evil"),
            ("X-Hop", "1"), ("Connection", "X-Hop"), ("X-Kept", "yes"), ("Cookie", "a=b"),
        })
        {
            request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
        }

        using HttpResponseMessage answer = await client.SendAsync(request);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        string head = upstream.Heads.First(text => text.StartsWith("GET /p", StringComparison.Ordinal));
        head.ShouldStartWith("GET /p?q=%2F HTTP/1.1\r\n");
        head.ShouldContain("\r\nX-Kept: yes\r\n");
        head.ShouldContain("\r\nCookie: a=b\r\n");
        head.ShouldContain("\r\nX-Forwarded-For: 127.0.0.1\r\n");
        head.ShouldContain("\r\nX-Real-IP: 127.0.0.1\r\n");
        head.ShouldContain("\r\nX-Forwarded-Proto: http\r\n");
        head.ShouldContain("\r\nHost: " + (way == Way.Kestrel ? "site.test" : edge.EndPoint.ToString()) + "\r\n");
        head.ShouldContain("\r\nVia: 1.1 whorl\r\n");
        head.ShouldContain("\r\nX-Whorl-Reference: ");
        foreach (string gone in new[] { "1.2.3.4", "evil", "X-Hop", "Proxy-Authorization", "trailers" })
        {
            head.ShouldNotContain(gone);
        }
    }

    [Theory]
    [InlineData(Way.Raw)]
    [InlineData(Way.Kestrel)]
    [InlineData(Way.Yarp)]
    public async Task Hop_by_hop_and_our_own_fields_of_an_upstream_end_here(Way way)
    {
        await using RawUpstream upstream = RawUpstream.Answering(RawUpstream.Ok("x", "Keep-Alive: timeout=5\r\nConnection: keep-alive, X-Inner\r\nX-Inner: 1\r\nX-Whorl-Reference: forged\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"));
        await using TestEdge edge = await TestEdge.StartAsync(way, _ => { }, upstream.Url);
        using HttpClient client = edge.Client(way);

        using HttpResponseMessage answer = await client.GetAsync("/");

        answer.Headers.GetValues("Set-Cookie").ShouldBe(["a=1", "b=2"]);
        answer.Headers.Contains("X-Whorl-Reference").ShouldBeFalse();
        answer.Headers.Contains("Keep-Alive").ShouldBeFalse();
        answer.Headers.Contains("X-Inner").ShouldBeFalse();
    }

    [Theory]
    [InlineData(Way.Raw)]
    [InlineData(Way.Kestrel)]
    [InlineData(Way.Yarp)]
    public async Task Bodies_stream_both_ways_whatever_their_framing(Way way)
    {
        await using RawUpstream upstream = RawUpstream.Talking(async talk =>
        {
            while (await talk.ReadHeadAsync() is { } head)
            {
                string body;
                if (head.Contains("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase))
                {
                    body = "";
                    while (await talk.ReadUntilAsync("\r\n") is { } size && size != "0\r\n")
                    {
                        body += await talk.ReadAsync(Convert.ToInt32(size.Trim(), 16));
                        await talk.ReadAsync(2);
                    }

                    await talk.ReadAsync(2);
                }
                else
                {
                    int at = head.IndexOf("Content-Length: ", StringComparison.Ordinal) + 16;
                    body = await talk.ReadAsync(int.Parse(head[at..head.IndexOf('\r', at)], System.Globalization.CultureInfo.InvariantCulture));
                }

                int half = body.Length / 2;
                await talk.SendAsync($"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{half:x};ext=1\r\n{body[..half]}\r\n");
                await talk.SendAsync($"{body.Length - half:X}\r\n{body[half..]}\r\n0\r\nTrailer: dropped\r\n\r\n");
            }
        });
        await using TestEdge edge = await TestEdge.StartAsync(way, _ => { }, upstream.Url);
        using HttpClient client = edge.Client(way);
        string sent = string.Concat(Enumerable.Range(0, 20_000).Select(number => number % 10));
        foreach (bool chunked in new[] { false, true, false })
        {
            using HttpRequestMessage request = new(HttpMethod.Post, "/echo") { Content = new StringContent(sent, Encoding.ASCII) };
            request.Headers.TransferEncodingChunked = chunked;

            using HttpResponseMessage answer = await client.SendAsync(request);

            (await answer.Content.ReadAsStringAsync()).ShouldBe(sent);
        }

        edge.Log.ShouldBeQuiet();
    }

    [Theory]
    [InlineData(Way.Raw)]
    [InlineData(Way.Kestrel)]
    [InlineData(Way.Yarp)]
    public async Task An_event_reaches_the_client_before_the_next_one_exists(Way way)
    {
        TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RawUpstream upstream = RawUpstream.Talking(async talk =>
        {
            await talk.ReadHeadAsync();
            await talk.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: one\n\n");
            await first.Task.WaitAsync(talk.Stop);
            await talk.SendAsync("data: two\n\n");
        });
        await using TestEdge edge = await TestEdge.StartAsync(way, options => options.Sites[0].Robots = Whorl.Sources.Edge.RobotsPolicy.Serve, upstream.Url);
        using HttpClient client = edge.Client(way);

        using HttpResponseMessage answer = await client.GetAsync("/events", HttpCompletionOption.ResponseHeadersRead);
        using StreamReader events = new(await answer.Content.ReadAsStreamAsync());

        (await events.ReadLineAsync()).ShouldBe("data: one");
        first.SetResult();
        (await events.ReadToEndAsync()).ShouldBe("\ndata: two\n\n");
    }

    [Theory]
    [InlineData(Way.Raw)]
    [InlineData(Way.Kestrel)]
    [InlineData(Way.Yarp)]
    public async Task Answers_without_a_body_have_none(Way way)
    {
        await using RawUpstream upstream = RawUpstream.Talking(async talk =>
        {
            while (await talk.ReadHeadAsync() is { } head)
            {
                await talk.SendAsync(head.StartsWith("HEAD", StringComparison.Ordinal) ? "HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n"
                    : head.Contains("/304", StringComparison.Ordinal) ? "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n"
                    : "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
            }
        });
        await using TestEdge edge = await TestEdge.StartAsync(way, _ => { }, upstream.Url);
        using HttpClient client = edge.Client(way);

        using HttpResponseMessage head = await client.SendAsync(new(HttpMethod.Head, "/"));
        using HttpResponseMessage unmodified = await client.GetAsync("/304");
        using HttpResponseMessage empty = await client.GetAsync("/204");

        head.Content.Headers.ContentLength.ShouldBe(77);
        unmodified.StatusCode.ShouldBe(HttpStatusCode.NotModified);
        unmodified.Headers.ETag!.Tag.ShouldBe("\"x\"");
        empty.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        edge.Log.ShouldBeQuiet();
    }

    [Theory]
    [InlineData(Way.Raw)]
    [InlineData(Way.Kestrel)]
    [InlineData(Way.Yarp)]
    public async Task An_upstream_that_is_not_there_is_a_502_with_a_reference(Way way)
    {
        string url;
        await using (RawUpstream gone = RawUpstream.Answering(""))
        {
            url = gone.Url;
        }

        await using TestEdge edge = await TestEdge.StartAsync(way, _ => { }, url);
        using HttpClient client = edge.Client(way);

        using HttpResponseMessage answer = await client.GetAsync("/");

        answer.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        string reference = answer.Headers.GetValues("X-Whorl-Reference").Single();
        (await answer.Content.ReadAsStringAsync()).ShouldContain(reference);
        edge.Log.Lines.ShouldContain(line => line.Text.Contains(reference, StringComparison.Ordinal) && line.Level == LogLevel.Warning);
    }

    [Theory]
    [InlineData(Way.Raw, false)]
    [InlineData(Way.Kestrel, false)]
    [InlineData(Way.Raw, true)]
    [InlineData(Way.Kestrel, true)]
    public async Task An_upstream_that_hangs_up_in_the_middle_of_an_upload_is_a_502_and_no_fault(Way way, bool chunked)
    {
        await using RawUpstream upstream = RawUpstream.Talking(talk => talk.ReadHeadAsync());
        await using TestEdge edge = await TestEdge.StartAsync(way, _ => { }, upstream.Url);
        using HttpClient client = edge.Client(way);

        for (int i = 0; i < 5; i++)
        {
            using HttpRequestMessage request = new(HttpMethod.Post, "/up") { Content = new StringContent(new string('u', 50_000)) };
            request.Headers.TransferEncodingChunked = chunked;

            using HttpResponseMessage answer = await client.SendAsync(request);

            answer.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        }

        edge.Log.ShouldBeQuiet();
    }

    [Theory]
    [InlineData(Way.Raw)]
    [InlineData(Way.Kestrel)]
    [InlineData(Way.Yarp)]
    public async Task An_upstream_that_stays_silent_is_a_504(Way way)
    {
        await using RawUpstream upstream = RawUpstream.Talking(talk => talk.ReadUntilAsync("never"));
        await using TestEdge edge = await TestEdge.StartAsync(
            way,
            options =>
            {
                options.Sites[0].AnswerTime = TimeSpan.FromSeconds(1);
                options.Sites[0].IdleTime = TimeSpan.FromSeconds(1);
            },
            upstream.Url);
        using HttpClient client = edge.Client(way);

        using HttpResponseMessage answer = await client.GetAsync("/");

        answer.StatusCode.ShouldBe(HttpStatusCode.GatewayTimeout);
    }

    [Theory]
    [InlineData(Way.Raw)]
    [InlineData(Way.Kestrel)]
    [InlineData(Way.Yarp)]
    public async Task A_client_that_leaves_takes_its_upstream_connection_along(Way way)
    {
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously), hungUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RawUpstream upstream = RawUpstream.Talking(async talk =>
        {
            string? head = await talk.ReadHeadAsync();
            if (head?.Contains("/wait", StringComparison.Ordinal) == true)
            {
                asked.SetResult();
                try
                {
                    await talk.ReadUntilAsync("never");
                }
                finally
                {
                    hungUp.SetResult();
                }
            }
        });
        await using TestEdge edge = await TestEdge.StartAsync(way, _ => { }, upstream.Url);
        using HttpClient client = edge.Client(way);
        using CancellationTokenSource leave = new();

        Task<HttpResponseMessage> answer = client.GetAsync("/wait", leave.Token);
        await asked.Task;
        await leave.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(answer);
        await hungUp.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }
}
