using Microsoft.Extensions.DependencyInjection;
using Whorl.Delivery.WebConsole.Overview;
using Whorl.Kernel;
using Whorl.Tests.WebConsole;
using Whorl.Tests.WebConsole.Sites;

namespace Whorl.LiveTests.WebConsole;

/// <summary>A console as on a working day.</summary>
internal static class ConsoleDay
{
    private const string Ja4 = "t13d1516h2_8daaf6152771_02713d6af862";

    /// <summary>The request that was refused is returned.</summary>
    public static async Task<Observation> FillAsync(ConsoleHost host, MemorySites sites)
    {
        await CapturedDay.FillAsync(host);
        SitesDay.Fill(sites);
        SummaryHistory summaries = host.Services.GetRequiredService<SummaryHistory>();
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        for (int second = 0; second < 890; second++)
        {
            double wave = 42 + (14 * Math.Sin(second / 60.0)) + (second * 7919 % 17) + (second is > 500 and < 560 ? 60 : 0);
            int blocked = (second * 31 % 7) + (second is > 500 and < 560 ? 45 : 0);
            string facts = $$"""
                {"edge.requests":{{(int)wave + blocked}},"edge.verdicts":{"allow":{{(int)wave}},"block":{{blocked}},"throttle":{{second % 3}},"tarpit":{{second % 2}}},"edge.statuses":{"2xx":{{(int)wave - 3}},"3xx":2,"4xx":{{blocked}},"5xx":{{second % 40 / 39}}},
                 "edge.dropped":0,"edge.top":[{"client.ip":"203.0.113.140","requests":{{blocked + 4}},"refused":{{blocked}}},{"client.ip":"198.51.100.23","requests":7,"refused":0},{"client.ip":"2001:db8:4::7a1","requests":4,"refused":1},{"client.ip":"192.0.2.200","requests":3,"refused":0}],
                 "edge.duration_us_p50":412,"edge.duration_us_p99":{{2100 + (second % 50 * 12)}}}
                """;
            summaries.Add(new Observation(ObservationId.New(TimeProvider.System), "edge.summary", now.AddSeconds(second - 891), "edge1", new("edge:edge1"), System.Text.Json.JsonDocument.Parse(facts).RootElement));
        }

        (string Ip, string Method, string Path, string Agent, int Status, string Action, int Score)[] traffic =
        [
            ("198.51.100.23", "GET", "/", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", 200, "allow", 0),
            ("198.51.100.23", "GET", "/assets/site.css", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", 200, "allow", 0),
            ("203.0.113.141", "GET", "/articles/the-whorl-in-a-fingerprint", "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)", 403, "block", 0),
            ("2001:db8:4::7a1", "POST", "/xmlrpc.php", "python-requests/2.32.3", 403, "block", 90),
            ("192.0.2.200", "GET", "/search?q=curtains", "curl/8.5.0", 429, "throttle", 35),
            ("192.0.2.201", "HEAD", "/old/page", "Mozilla/5.0 (compatible; AhrefsBot/7.0)", 200, "tarpit", 55),
            ("198.51.100.88", "GET", "/about", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15", 200, "allow", 0),
            ("198.51.100.91", "GET", "/api/items?page=2", "okhttp/4.12.0", 502, "allow", 15),
        ];
        foreach ((string ip, string method, string path, string agent, int status, string action, int score) in traffic)
        {
            host.Seen(("client.ip", ip), ("http.method", method), ("http.host", "shop.example"), ("http.path", path.Split('?')[0]), ("http.query", path.Contains('?') ? path.Split('?')[1] : ""), ("http.user_agent", agent), ("http.status", status),
                ("verdict.action", action), ("verdict.cause", action == "allow" ? "none" : "score"), ("verdict.score", score), ("tls.ja4", Ja4));
        }

        await host.Writer.AddAsync(
        [
            new(DecisionId.New(TimeProvider.System), "console", "manual", DecisionScope.Ip, "203.0.113.9", DecisionAction.Block, now.AddHours(20), "probes for login pages since the morning", false),
            new(DecisionId.New(TimeProvider.System), "import:drop", "drop", DecisionScope.Range, "192.0.2.0/25", DecisionAction.Block, null, "SBL 5512", false),
            new(DecisionId.New(TimeProvider.System), "cli", "manual", DecisionScope.Ja4, Ja4, DecisionAction.Tarpit, now.AddDays(6), "a scraper's library", true),
        ], default);
        return host.Seen(
            ("client.ip", "203.0.113.140"), ("client.direct", true), ("http.method", "GET"), ("http.scheme", "https"), ("http.host", "shop.example"), ("http.path", "/wp-login.php"), ("http.query", "redirect_to=%2Fwp-admin%2F"),
            ("http.version", "2"), ("http.user_agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36"),
            ("http.header_count", 7), ("tls.ja4", Ja4), ("tls.ja3", "cd08e31494f9531f560d64c695473da9"), ("tls.sni", "shop.example"), ("tls.alpn", "h2,http/1.1"), ("tls.version", "1.3"),
            ("http2.fingerprint", "1:65536;2:0;4:6291456;6:262144|15663105|0|m,a,s,p"), ("tcp.signature", "4:64+0:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0"),
            ("agent.family", "chrome"), ("agent.version", 126), ("agent.platform", "windows"), ("agent.is_browser", true), ("http.status", 403), ("http.response_bytes", 1284), ("http.duration_us", 212), ("edge.site", "shop"), ("edge.upstream", "http://127.0.0.1:8919"),
            ("verdict.action", "block"), ("verdict.cause", "score"), ("verdict.score", 110), ("verdict.would_be", "tarpit"),
            ("verdict.rules", new object[]
            {
                new { id = "headless.chrome", version = 3, weight = 60, simulated = false, description = "user agent names a headless browser" },
                new { id = "exploits.wordpress", version = 1, weight = 50, simulated = false, description = "asks for a WordPress page that this site does not have" },
                new { id = "headers.no_accept_language", version = 1, weight = 20, simulated = true, description = "a browser without Accept-Language" },
            }));
    }}
