using System.Net;
using Whorl.Kernel;
using Whorl.Sources.Edge;
using Whorl.Sources.Edge.Refusals;

namespace Whorl.Tests.Edge;

public sealed class RefusalTests
{
    [Fact]
    public async Task A_throttled_client_gets_its_burst_and_then_is_told_to_wait()
    {
        await using RawUpstream upstream = RawUpstream.Answering(RawUpstream.Ok("x"));
        await using TestEdge edge = await TestEdge.StartAsync(options => options.Throttle = new() { Burst = 2, RequestsPerSecond = 0.02 }, upstream.Url);
        edge.Judge.Says = static (_, _, _) => new() { Action = DecisionAction.Throttle };
        using HttpClient client = edge.Client();

        (await client.GetStringAsync("/")).ShouldBe("x");
        (await client.GetStringAsync("/")).ShouldBe("x");
        using HttpResponseMessage refused = await client.GetAsync("/");

        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(50));
        (await edge.ObservationsAsync(3)).Select(seen => seen.Get("verdict.action")).ShouldBe(["allow", "allow", "throttle"]);
    }

    [Theory]
    [InlineData("text/html,*/*;q=0.8", "text/html", "<!doctype html>")]
    [InlineData("application/json", "application/problem+json", "{")]
    [InlineData("*/*", "text/plain", "This request was refused.")]
    public async Task A_refusal_speaks_what_the_client_accepts(string accept, string type, string start)
    {
        await using TestEdge edge = await TestEdge.StartAsync(_ => { }, "http://127.0.0.1:1");
        edge.Judge.Says = static (_, _, _) => new() { Action = DecisionAction.Block };
        using HttpClient client = edge.Client();
        client.DefaultRequestHeaders.TryAddWithoutValidation("Accept", accept);

        using HttpResponseMessage answer = await client.GetAsync("/");

        answer.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe(type);
        string body = await answer.Content.ReadAsStringAsync();
        body.ShouldStartWith(start);
        body.ShouldContain(answer.Headers.GetValues("X-Whorl-Reference").Single());
    }

    [Fact]
    public async Task A_tarpit_drips_within_its_bounds_and_its_places_run_out()
    {
        await using TestEdge edge = await TestEdge.StartAsync(
            options => options.Tarpit = new() { Concurrent = 1, Interval = TimeSpan.FromMilliseconds(50), Bytes = 300, Duration = TimeSpan.FromMinutes(1) },
            "http://127.0.0.1:1");
        edge.Judge.Says = static (_, _, _) => new() { Action = DecisionAction.Tarpit };
        using HttpClient client = edge.Client();

        using HttpResponseMessage slow = await client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead);
        using HttpResponseMessage second = await client.GetAsync("/");
        string page = await slow.Content.ReadAsStringAsync();
        using HttpResponseMessage third = await client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead);

        second.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        page.Length.ShouldBeInRange(300, 330);
        page.ShouldContain("noindex");
        third.StatusCode.ShouldBe(HttpStatusCode.OK);
        edge.Log.ShouldBeQuiet();
    }

    [Fact]
    public async Task Robots_txt_is_open_to_all_but_those_decided_against()
    {
        await using TestEdge edge = await TestEdge.StartAsync(options => options.Sites[0].Robots = RobotsPolicy.Serve, "http://127.0.0.1:1");
        VerdictCause cause = VerdictCause.Rule;
        edge.Judge.Says = (_, _, _) => new() { Action = DecisionAction.Block, Cause = cause };
        using HttpClient client = edge.Client();

        using HttpResponseMessage open = await client.GetAsync("/robots.txt");
        cause = VerdictCause.Decision;
        using HttpResponseMessage closed = await client.GetAsync("/robots.txt");

        open.StatusCode.ShouldBe(HttpStatusCode.OK);
        closed.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public void A_flood_of_addresses_takes_no_more_room_than_the_table()
    {
        Throttle throttle = new(new() { Burst = 1, RequestsPerSecond = 0.01, Clients = 64 }, TimeProvider.System);
        PeerAddress.TryParse("2001:db8::1", out PeerAddress one).ShouldBeTrue();
        PeerAddress.TryParse("2001:db8::2", out PeerAddress same64).ShouldBeTrue();

        throttle.TryPass(one).ShouldBeTrue();
        throttle.TryPass(same64).ShouldBeFalse();
        for (uint i = 0; i < 10_000; i++)
        {
            throttle.TryPass(new(((UInt128)0xFFFF << 32) | i));
        }

        throttle.TryPass(one).ShouldBeTrue();
    }
}
