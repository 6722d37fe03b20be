using System.Net;
using Whorl.Kernel;

namespace Whorl.Tests.Edge;

/// <summary>A request's way: judged, carried or refused, recorded.</summary>
public sealed class FlowTests
{
    [Fact]
    public async Task A_request_is_carried_to_the_upstream_and_its_answer_back()
    {
        await using RawUpstream upstream = RawUpstream.Answering(RawUpstream.Ok("hello", "Content-Type: text/x-test\r\nX-Own: 1\r\n"));
        await using TestEdge edge = await TestEdge.StartAsync(_ => { }, upstream.Url);
        using HttpClient client = edge.Client();

        for (int i = 0; i < 3; i++)
        {
            using HttpResponseMessage answer = await client.GetAsync($"/a/b?c={i}");
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/x-test");
            answer.Headers.GetValues("X-Own").ShouldBe(["1"]);
            (await answer.Content.ReadAsStringAsync()).ShouldBe("hello");
        }

        upstream.Heads.Count(head => head.StartsWith("GET /a/b?c=", StringComparison.Ordinal)).ShouldBe(3);
        edge.Log.ShouldBeQuiet();
    }

    [Fact]
    public async Task A_block_shows_a_page_with_the_observations_id_and_asks_nothing_of_the_upstream()
    {
        await using RawUpstream upstream = RawUpstream.Answering(RawUpstream.Ok("secret"));
        await using TestEdge edge = await TestEdge.StartAsync(options => options.Pages.Contact = "ops@example.org", upstream.Url);
        RuleInfo rule = new("bots/test", 3, "says \"bot\"", 100, DecisionAction.Block, false);
        edge.Judge.Says = (facts, _, hits) =>
        {
            if (facts.Text(Fields.HttpUserAgent) != "EvilBot/1.0")
            {
                return default;
            }

            hits.Add(rule);
            return new() { Action = DecisionAction.Block, WouldBe = DecisionAction.Block, Cause = VerdictCause.Rule, Rule = rule, Score = 7 };
        };
        using HttpClient client = edge.Client();
        using HttpRequestMessage request = new(HttpMethod.Get, "/private?x=1");
        request.Headers.UserAgent.ParseAdd("EvilBot/1.0");
        request.Headers.Accept.ParseAdd("text/html");

        using HttpResponseMessage answer = await client.SendAsync(request);

        answer.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        string page = await answer.Content.ReadAsStringAsync();
        string reference = answer.Headers.GetValues("X-Whorl-Reference").Single();
        page.ShouldContain(reference);
        page.ShouldContain("ops@example.org");
        page.ShouldNotContain("bots/test");
        answer.Headers.CacheControl!.NoStore.ShouldBeTrue();
        upstream.Heads.ShouldNotContain(head => head.Contains("/private", StringComparison.Ordinal));
        Observation seen = (await edge.ObservationsAsync(1)).Single();
        seen.Id.ToString().ShouldBe(reference);
        seen.Subject.Text.ShouldBe("ip:127.0.0.1");
        seen.Sensor.ShouldBe("test-node");
        seen.Get("http.status").ShouldBe("403");
        seen.Get("http.path").ShouldBe("/private");
        seen.Get("http.query").ShouldBe("x=1");
        seen.Get("http.user_agent").ShouldBe("EvilBot/1.0");
        seen.Get("verdict.action").ShouldBe("block");
        seen.Get("verdict.cause").ShouldBe("rule");
        seen.Get("verdict.rule").ShouldBe("bots/test");
        seen.Get("verdict.score").ShouldBe("7");
        seen.Attributes.GetProperty("verdict.rules")[0].GetProperty("description").GetString().ShouldBe("says \"bot\"");
        edge.Log.ShouldBeQuiet();
    }

    [Fact]
    public async Task An_allowed_request_is_observed_with_site_upstream_and_size()
    {
        await using RawUpstream upstream = RawUpstream.Answering(RawUpstream.Ok("12345"));
        await using TestEdge edge = await TestEdge.StartAsync(options => options.Sites[0].Name = "shop", upstream.Url);
        using HttpClient client = edge.Client();

        await client.GetStringAsync("/p%20q");

        Observation seen = (await edge.ObservationsAsync(1)).Single();
        seen.Get("edge.site").ShouldBe("shop");
        seen.Get("edge.upstream").ShouldBe(new Uri(upstream.Url).Authority);
        seen.Get("http.path").ShouldBe("/p q");
        seen.Get("http.host").ShouldBe("127.0.0.1");
        seen.Get("http.status").ShouldBe("200");
        seen.Get("http.response_bytes").ShouldBe("5");
        seen.Get("verdict.action").ShouldBe("allow");
        seen.Get("verdict.would_be").ShouldBeNull();
        (TimeProvider.System.GetUtcNow() - seen.Time).ShouldBeInRange(TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }
}
