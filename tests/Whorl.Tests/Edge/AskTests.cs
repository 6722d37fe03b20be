using Whorl.Kernel;

namespace Whorl.Tests.Edge;

/// <summary>The endpoint that other proxies ask.</summary>
public sealed class AskTests
{
    [Theory]
    [InlineData("GET /.whorl/auth HTTP/1.1\r\nHost: site.test\r\nX-Original-URI: /bad?x=1\r\nX-Original-Method: POST\r\n", "/bad?x=1", "POST")]
    [InlineData("GET /.whorl/auth HTTP/1.1\r\nHost: auth\r\nX-Forwarded-Uri: /bad\r\nX-Forwarded-Method: PUT\r\nX-Forwarded-Host: site.test\r\n", "/bad", "PUT")]
    [InlineData("DELETE /.whorl/auth/bad?y HTTP/1.1\r\nHost: site.test\r\n", "/bad?y", "DELETE")]
    public async Task The_asked_request_is_judged_and_not_the_question(string question, string target, string method)
    {
        await using TestEdge edge = await TestEdge.StartAsync(options => options.TrustedProxies = ["127.0.0.1"], "http://127.0.0.1:1");
        edge.Judge.Says = (facts, keys, _) =>
        {
            facts.Text(Fields.HttpTarget).ShouldBe(target);
            facts.Text(Fields.HttpMethod).ShouldBe(method);
            facts.Text(Fields.HttpHost).ShouldBe("site.test");
            return new() { Action = keys.Address.ToString() == "203.0.113.9" ? DecisionAction.Block : DecisionAction.Allow };
        };

        string allowed = await edge.RawAsync(question + "X-Forwarded-For: 203.0.113.8\r\nConnection: close\r\n\r\n");
        string refused = await edge.RawAsync(question + "X-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n");

        allowed.ShouldStartWith("HTTP/1.1 200 ");
        allowed.ShouldContain("X-Whorl-Verdict: allow");
        refused.ShouldStartWith("HTTP/1.1 403 ");
        edge.Log.ShouldBeQuiet();
    }

    [Theory]
    [InlineData("GET /.whorl/auth HTTP/1.1\r\nHost: x\r\nX-Original-URI: /\r\nX-Forwarded-Uri: /bad\r\n", "403")]
    [InlineData("GET /.whorl/auth HTTP/1.1\r\nHost: x\r\nX-Original-URI: /\r\nX-Original-URI: /bad\r\n", "200")]
    [InlineData("GET /.whorl/auth/bad HTTP/1.1\r\nHost: x\r\nX-Forwarded-Uri: /\r\n", "400")]
    [InlineData("GET /.whorl/auth/bad HTTP/1.1\r\nHost: x\r\nX-Original-URI: /\r\n", "403")]
    [InlineData("GET /.whorl/auth HTTP/1.1\r\nHost: x\r\n", "400")]
    [InlineData("GET /.whorl/auth HTTP/1.1\r\nHost: x\r\nX-Forwarded-Uri: http://x/\r\n", "400")]
    public async Task A_question_put_in_two_ways_or_in_none_is_refused(string question, string status)
    {
        await using TestEdge edge = await TestEdge.StartAsync(options => options.TrustedProxies = ["127.0.0.1"], "http://127.0.0.1:1");

        (await edge.RawAsync(question + "Connection: close\r\n\r\n")).ShouldStartWith($"HTTP/1.1 {status} ");
    }

    [Theory]
    [InlineData("X-Forwarded-Uri: /asked\r\nX-Forwarded-Method: PUT\r\nX-Forwarded-Host: asked.test\r\nX-Original-Method: GET\r\nX-Original-Host: spoofed.test\r\n", "asked.test")]
    [InlineData("X-Original-URI: /asked\r\nX-Original-Method: PUT\r\nX-Forwarded-Method: GET\r\nX-Forwarded-Host: spoofed.test\r\nX-Original-Host: spoofed.test\r\n", "auth.test")]
    public async Task What_a_stranger_adds_in_the_words_of_another_proxy_is_not_listened_to(string fields, string host)
    {
        await using TestEdge edge = await TestEdge.StartAsync(options => options.TrustedProxies = ["127.0.0.1"], "http://127.0.0.1:1");

        await edge.RawAsync($"GET /.whorl/auth HTTP/1.1\r\nHost: auth.test\r\n{fields}Connection: close\r\n\r\n");

        Observation seen = (await edge.ObservationsAsync(1)).ShouldHaveSingleItem();
        (seen.Get("http.path"), seen.Get("http.method"), seen.Get("http.host")).ShouldBe(("/asked", "PUT", host));
    }

    [Fact]
    public async Task Nginx_gets_403_where_others_get_429()
    {
        await using TestEdge edge = await TestEdge.StartAsync(
            options =>
            {
                options.TrustedProxies = ["127.0.0.1"];
                options.Throttle = new() { Burst = 1, RequestsPerSecond = 0.01 };
            },
            "http://127.0.0.1:1");
        edge.Judge.Says = static (_, _, _) => new() { Action = DecisionAction.Throttle };

        (await edge.RawAsync("GET /.whorl/auth HTTP/1.1\r\nHost: x\r\nX-Original-URI: /\r\nConnection: close\r\n\r\n")).ShouldStartWith("HTTP/1.1 200 ");
        (await edge.RawAsync("GET /.whorl/auth HTTP/1.1\r\nHost: x\r\nX-Original-URI: /\r\nConnection: close\r\n\r\n")).ShouldStartWith("HTTP/1.1 403 ");
        (await edge.RawAsync("GET /.whorl/auth HTTP/1.1\r\nHost: x\r\nX-Forwarded-Uri: /\r\nConnection: close\r\n\r\n")).ShouldStartWith("HTTP/1.1 429 ");
    }

    [Fact]
    public async Task To_a_stranger_the_path_is_a_path_like_any_other()
    {
        await using RawUpstream upstream = RawUpstream.Answering(RawUpstream.Ok("the site's own"));
        await using TestEdge edge = await TestEdge.StartAsync(_ => { }, upstream.Url);

        (await edge.RawAsync("GET /.whorl/auth HTTP/1.1\r\nHost: x\r\nX-Original-URI: /a\r\nConnection: close\r\n\r\n")).ShouldEndWith("the site's own");
    }
}
