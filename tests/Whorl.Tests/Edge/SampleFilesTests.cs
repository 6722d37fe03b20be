using Whorl.Kernel;
using Whorl.Sources.Edge;
using Whorl.Tests.Support;
using YamlDotNet.RepresentationModel;

namespace Whorl.Tests.Edge;

/// <summary>The samples for proxies that are not installed here, against what the endpoint they ask really serves.</summary>
public sealed class SampleFilesTests
{
    private static readonly Uri Listen = new(EdgeOptions.DefaultListen);

    private static readonly string AskPath = new AskOptions().Path;

    // What every server writes; a proxy in front has its own.
    private static readonly string[] Framing = ["Content-Length", "Connection", "Date"];

    [Fact]
    public async Task Traefik_asks_where_we_listen_and_takes_over_what_we_answer()
    {
        YamlNode http = At(Load("traefik", "whorl.yaml"), "http");
        YamlNode router = At(http, "routers", "site"), auth = At(http, "middlewares", At(router, "middlewares", 0).ToString(), "forwardAuth");
        Uri address = new(At(auth, "address").ToString());
        (address.Authority, address.AbsolutePath).ShouldBe((Listen.Authority, AskPath));
        At(auth, "trustForwardHeader").ToString().ShouldBe("false");
        At(http, "services", At(router, "service").ToString(), "loadBalancer", "servers", 0, "url").ToString().ShouldStartWith("http://");

        await using TestEdge edge = await StartAsync();
        string question = $"GET {address.AbsolutePath} HTTP/1.1\r\nHost: {address.Authority}\r\nX-Forwarded-Method: GET\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: example.org\r\nX-Forwarded-Uri: /page\r\nX-Forwarded-For: 203.0.113.8\r\nConnection: close\r\n\r\n";
        string[] answered = NamesOf(await edge.RawAsync(question), "200");

        ((YamlSequenceNode)At(auth, "authResponseHeaders")).Select(name => name.ToString()).ShouldBeSubsetOf(answered);
    }

    [Fact]
    public async Task Envoy_asks_where_we_listen_with_what_we_need_and_shows_what_we_answer()
    {
        YamlNode resources = At(Load("envoy", "envoy.yaml"), "static_resources");
        YamlNode manager = At(resources, "listeners", 0, "filter_chains", 0, "filters", 0, "typed_config");
        YamlNode service = At(manager, "http_filters", 0, "typed_config", "http_service");
        At(manager, "http_filters", 0, "typed_config", "failure_mode_allow").ToString().ShouldBe("true");
        string asks = At(service, "server_uri", "cluster").ToString(), serves = At(manager, "route_config", "virtual_hosts", 0, "routes", 0, "route", "cluster").ToString();
        YamlNode[] clusters = [.. (YamlSequenceNode)At(resources, "clusters")];
        clusters.Select(cluster => At(cluster, "name").ToString()).ShouldBe([asks, serves]);
        YamlNode socket = At(clusters[0], "load_assignment", "endpoints", 0, "lb_endpoints", 0, "endpoint", "address", "socket_address");
        $"{At(socket, "address")}:{At(socket, "port_value")}".ShouldBe(Listen.Authority);
        new Uri(At(service, "server_uri", "uri").ToString()).Authority.ShouldBe(Listen.Authority);
        string prefix = At(service, "path_prefix").ToString();
        prefix.ShouldBe(AskPath);

        // What names the client and what rules look at must pass; what another proxy would ask in must not.
        YamlNode request = At(service, "authorization_request", "allowed_headers", "patterns");
        string[] needed = ["x-forwarded-for", "x-forwarded-proto", "user-agent", "accept", "accept-language", "accept-encoding", "sec-fetch-site", "cookie", "referer"];
        needed.Where(name => !Passes(request, name)).ShouldBeEmpty();
        ((string[])["x-original-uri", "x-forwarded-uri", "x-original-method", "x-forwarded-host"]).Where(name => Passes(request, name)).ShouldBeEmpty();

        await using TestEdge edge = await StartAsync();
        string allowed = await edge.RawAsync($"GET {prefix}/page HTTP/1.1\r\nHost: example.org\r\nX-Forwarded-For: 203.0.113.8\r\nConnection: close\r\n\r\n");
        string refused = await edge.RawAsync($"GET {prefix}/bad?x=1 HTTP/1.1\r\nHost: example.org\r\nX-Forwarded-For: 203.0.113.8\r\nAccept: text/html\r\nConnection: close\r\n\r\n");
        string throttled = await edge.RawAsync($"GET {prefix}/often HTTP/1.1\r\nHost: example.org\r\nX-Forwarded-For: 203.0.113.8\r\nConnection: close\r\n\r\n");

        YamlNode upstream = At(service, "authorization_response", "allowed_upstream_headers", "patterns"), client = At(service, "authorization_response", "allowed_client_headers", "patterns");
        NamesOf(allowed, "200").Where(name => name.StartsWith("X-Whorl-", StringComparison.Ordinal)).ShouldAllBe(name => Passes(upstream, name));
        NamesOf(refused, "403").Concat(NamesOf(throttled, "429")).Except(Framing).Where(name => !Passes(client, name)).ShouldBeEmpty();
    }

    private static async Task<TestEdge> StartAsync()
    {
        TestEdge edge = await TestEdge.StartAsync(
            options =>
            {
                options.TrustedProxies = ["127.0.0.1"];
                options.Throttle = new() { Burst = 1, RequestsPerSecond = 0.01 };
            },
            "http://127.0.0.1:1");
        edge.Judge.Says = static (facts, _, _) => new()
        {
            Action = facts.Text(Fields.HttpTarget) switch { "/bad?x=1" => DecisionAction.Block, "/often" => DecisionAction.Throttle, _ => DecisionAction.Allow },
        };
        await edge.RawAsync($"GET {AskPath}/often HTTP/1.1\r\nHost: example.org\r\nX-Forwarded-For: 203.0.113.8\r\nConnection: close\r\n\r\n");
        return edge;
    }

    private static string[] NamesOf(string answer, string status)
    {
        answer.ShouldStartWith($"HTTP/1.1 {status} ");
        return [.. answer.Split("\r\n\r\n")[0].Split("\r\n").Skip(1).Select(line => line.Split(':')[0])];
    }

    /// <summary>Envoy's string matchers: exact and prefix, here without regard to case as for all field names.</summary>
    private static bool Passes(YamlNode patterns, string name) => ((YamlSequenceNode)patterns).Cast<YamlMappingNode>().SelectMany(pattern => pattern).Any(matcher => matcher.Key.ToString() switch
    {
        "exact" => name.Equals(matcher.Value.ToString(), StringComparison.OrdinalIgnoreCase),
        "prefix" => name.StartsWith(matcher.Value.ToString(), StringComparison.OrdinalIgnoreCase),
        _ => throw new InvalidOperationException($"a matcher this test does not know: {matcher.Key}"),
    });

    private static YamlNode Load(string proxy, string file)
    {
        using StreamReader text = File.OpenText(Path.Combine(Repository.Root, "deploy", proxy, file));
        YamlStream yaml = [];
        yaml.Load(text);
        return yaml.Documents.ShouldHaveSingleItem().RootNode;
    }

    private static YamlNode At(YamlNode node, params object[] path) => path.Aggregate(node, static (at, step) => step is int index ? at[index] : at[(string)step]);
}
