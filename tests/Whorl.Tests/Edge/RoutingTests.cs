using Whorl.Sources.Edge;
using Whorl.Sources.Edge.Routing;

namespace Whorl.Tests.Edge;

public sealed class RoutingTests
{
    [Theory]
    [InlineData("example.org", "/", "exact")]
    [InlineData("example.org", "/shop", "shop")]
    [InlineData("example.org", "/shop/a", "shop")]
    [InlineData("example.org", "/shopping", "exact")]
    [InlineData("example.org", "/x/../shop/a", "shop")]
    [InlineData("a.b.example.org", "/", "wildcard")]
    [InlineData("other.net", "/", "any")]
    [InlineData("", "/", "any")]
    public void The_most_exact_host_then_the_longest_prefix_wins(string host, string path, string site)
    {
        using Deadlines deadlines = new(TimeProvider.System);
        using SiteTable sites = new(
            new()
            {
                Sites =
                [
                    Site("any"), Site("wildcard", "*.example.org"), Site("exact", "example.org"),
                    new() { Name = "shop", Hosts = ["example.org"], Paths = ["/shop"], Upstreams = [new() { Url = "http://127.0.0.1:1" }] },
                ],
            },
            deadlines);

        sites.Find(host, path)!.Name.ShouldBe(site);
    }

    [Fact]
    public void A_request_for_no_site_finds_none()
    {
        using Deadlines deadlines = new(TimeProvider.System);
        using SiteTable sites = new(new() { Sites = [Site("one", "example.org")] }, deadlines);

        sites.Find("example.com", "/").ShouldBeNull();
        sites.Find("xexample.org", "/").ShouldBeNull();
    }

    [Fact]
    public void Weights_decide_how_often_an_upstream_has_its_turn()
    {
        using Deadlines deadlines = new(TimeProvider.System);
        using Site site = new("s", Weighted(LoadBalancing.RoundRobin), deadlines);

        Upstream[] turns = [.. Enumerable.Range(0, 8).Select(_ => site.Balancer.Pick())];

        turns.Count(upstream => upstream == site.Upstreams[0]).ShouldBe(6);
        turns.Take(4).Select(upstream => upstream.Id).ShouldBe(["s/0", "s/0", "s/1", "s/0"]);
    }

    [Fact]
    public void The_least_busy_upstream_for_its_weight_is_chosen()
    {
        using Deadlines deadlines = new(TimeProvider.System);
        using Site site = new("s", Weighted(LoadBalancing.LeastRequests), deadlines);
        site.Upstreams[0].Enter();
        site.Balancer.Pick().ShouldBe(site.Upstreams[0]);
        site.Upstreams[0].Enter();
        site.Upstreams[0].Enter();
        site.Balancer.Pick().ShouldBe(site.Upstreams[1]);
    }

    [Theory]
    [InlineData(nameof(LoadBalancing.PowerOfTwoChoices))]
    [InlineData(nameof(LoadBalancing.RoundRobin))]
    [InlineData(nameof(LoadBalancing.LeastRequests))]
    [InlineData(nameof(LoadBalancing.Random))]
    [InlineData(nameof(LoadBalancing.First))]
    public async Task A_dead_upstream_costs_no_request_while_another_lives(string policyName)
    {
        LoadBalancing policy = Enum.Parse<LoadBalancing>(policyName);
        string dead;
        await using (RawUpstream gone = RawUpstream.Answering(""))
        {
            dead = gone.Url;
        }

        await using RawUpstream live = RawUpstream.Answering(RawUpstream.Ok("live"));
        await using TestEdge edge = await TestEdge.StartAsync(options => options.Sites[0].LoadBalancing = policy, dead, live.Url);
        using HttpClient client = edge.Client();

        for (int i = 0; i < 10; i++)
        {
            (await client.GetStringAsync("/")).ShouldBe("live");
        }

        Upstream first = edge.Worker.Server!.Sites.All[0].Upstreams[0];
        if (policy == LoadBalancing.First)
        {
            first.IsWell.ShouldBeFalse();
        }
    }

    [Fact]
    public async Task An_upstream_that_dies_with_a_request_on_an_old_connection_costs_not_even_that_one()
    {
        RawUpstream? dying = null;
        dying = RawUpstream.Talking(async talk =>
        {
            await talk.ReadHeadAsync();
            await talk.SendAsync(RawUpstream.Ok("first"));
            await talk.ReadHeadAsync();
            await dying!.DisposeAsync();
        });
        await using RawUpstream sibling = RawUpstream.Answering(RawUpstream.Ok("sibling"));
        await using TestEdge edge = await TestEdge.StartAsync(options => options.Sites[0].LoadBalancing = LoadBalancing.First, dying.Url, sibling.Url);
        using HttpClient client = edge.Client();

        (await client.GetStringAsync("/")).ShouldBe("first");
        (await client.GetStringAsync("/")).ShouldBe("sibling");

        dying.Heads.Count(head => head.StartsWith("GET / ", StringComparison.Ordinal)).ShouldBe(2);
    }

    [Fact]
    public async Task After_an_old_connection_that_was_closed_comes_a_new_one_and_not_another_old_one()
    {
        int pages = 0;
        TaskCompletionSource both = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RawUpstream restarted = RawUpstream.Talking(async talk =>
        {
            bool old = false;
            while (await talk.ReadHeadAsync() is { } head)
            {
                if (head.Contains(" / ", StringComparison.Ordinal))
                {
                    if (old)
                    {
                        return;
                    }

                    int page = Interlocked.Increment(ref pages);
                    old = page <= 2;
                    _ = page == 2 && both.TrySetResult();
                    await both.Task;
                }

                await talk.SendAsync(RawUpstream.Ok("page"));
            }
        });
        await using TestEdge edge = await TestEdge.StartAsync(static _ => { }, restarted.Url);
        using HttpClient client = edge.Client();
        await Task.WhenAll(client.GetStringAsync("/"), client.GetStringAsync("/"));

        (await client.GetStringAsync("/")).ShouldBe("page");

        pages.ShouldBe(3);
    }

    [Theory]
    [InlineData("GET", "sibling", 3)]
    [InlineData("POST", "502", 2)]
    public async Task An_upstream_that_takes_a_request_and_hangs_up_costs_none_that_may_be_asked_twice(string method, string answer, int asked)
    {
        // An old connection that is closed with the request on it, and then one that is accepted and closed: as a server ends whose port still listens.
        int pages = 0;
        await using RawUpstream ending = RawUpstream.Talking(async talk =>
        {
            while (await talk.ReadHeadAsync() is { } head && (!head.Contains(" / ", StringComparison.Ordinal) || Interlocked.Increment(ref pages) == 1))
            {
                await talk.SendAsync(RawUpstream.Ok("first"));
            }
        });
        await using RawUpstream sibling = RawUpstream.Answering(RawUpstream.Ok("sibling"));
        await using TestEdge edge = await TestEdge.StartAsync(options => options.Sites[0].LoadBalancing = LoadBalancing.First, ending.Url, sibling.Url);
        using HttpClient client = edge.Client();
        (await client.GetStringAsync("/")).ShouldBe("first");

        using HttpRequestMessage request = new(new HttpMethod(method), "/");
        using HttpResponseMessage response = await client.SendAsync(request);

        (response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync() : ((int)response.StatusCode).ToString()).ShouldBe(answer);
        pages.ShouldBe(asked);
    }

    [Fact]
    public async Task A_request_for_an_unknown_host_is_a_404_of_ours()
    {
        await using RawUpstream upstream = RawUpstream.Answering(RawUpstream.Ok("x"));
        await using TestEdge edge = await TestEdge.StartAsync(options => options.Sites[0].Hosts = ["example.org"], upstream.Url);

        string answer = await edge.RawAsync("GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n");

        answer.ShouldStartWith("HTTP/1.1 404 ");
        answer.ShouldContain("X-Whorl-Reference: ");
    }

    private static SiteOptions Site(string name, params List<string> hosts) => new() { Name = name, Hosts = hosts, Upstreams = [new() { Url = "http://127.0.0.1:1" }] };

    private static SiteOptions Weighted(LoadBalancing policy) => new()
    {
        LoadBalancing = policy,
        Upstreams = [new() { Url = "http://127.0.0.1:1", Weight = 3 }, new() { Url = "http://127.0.0.1:2" }],
    };
}
