using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Whorl.Bus;
using Whorl.Delivery.WebConsole.Overview;
using Whorl.Kernel;
using Whorl.Tests.WebConsole;

namespace Whorl.LiveTests.WebConsole;

public sealed class ConsoleTests(Chromium chromium) : IClassFixture<Chromium>
{
    private const string Ja4 = "t13d1516h2_8daaf6152771_02713d6af862";

    private static readonly string[] Paths = ["/", "/decoys", "/requests", "/requests?q=client.up%3A+1", "/requests?id=ID", "/requests/ID", "/requests/none", "/decisions", "/rules", "/capture", "/addresses/ADDRESS", "/addresses/none", "/attackers", "/attackers?shown=decoy%3Abastion", "/decoys?decoy=bastion", "/prober", "/help", "/account", .. SitesDay.Paths];

    [Fact]
    public async Task A_request_appears_live_is_explained_and_its_address_blocked()
    {
        IPage page = await chromium.SignInAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Requests" }).First.ClickAsync();
        await Assertions.Expect(page.Locator("#live .state")).ToHaveTextAsync("live");

        Observation request = await PublishAsync(("client.ip", "203.0.113.131"), ("http.path", "/appears-live"), ("tls.ja4", Ja4));

        ILocator row = page.Locator($"tr[data-id='{request.Id}']");
        await Assertions.Expect(row).ToBeVisibleAsync();
        await row.Locator("a.open").ClickAsync();
        ILocator pane = page.Locator("#pane");
        await Assertions.Expect(pane.GetByText("Allowed: nothing spoke against it.")).ToBeVisibleAsync();
        await Assertions.Expect(row).ToBeVisibleAsync();
        page.Url.ShouldContain("id=" + request.Id);

        await pane.GetByRole(AriaRole.Button, new() { Name = "Block" }).ClickAsync();
        await page.WaitForURLAsync("**/requests/" + request.Id);
        (await chromium.Host.DecisionsAsync()).ShouldContain(decision => decision.Value == "203.0.113.131" && decision.Action == DecisionAction.Block && decision.Until != null);
        await page.GotoAsync("/decisions");
        await Assertions.Expect(page.Locator("table")).ToContainTextAsync("203.0.113.131");
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove the decision on 203.0.113.131" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The decision has ended.");
        chromium.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Everything_goes_by_keyboard()
    {
        IPage page = await chromium.SignInAsync();
        await PublishAsync(("client.ip", "203.0.113.132"), ("http.path", "/first"));
        await Assertions.Expect(page.Locator("[data-help]")).ToBeVisibleAsync(); // The keys are there.
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("r");
        await page.WaitForURLAsync("**/requests");
        await Assertions.Expect(page.Locator("#live .state")).ToHaveTextAsync("live");
        Observation second = await PublishAsync(("client.ip", "203.0.113.132"), ("http.path", "/second"));
        await Assertions.Expect(page.Locator($"tr[data-id='{second.Id}']")).ToBeVisibleAsync();

        await page.Keyboard.PressAsync("p");
        await Assertions.Expect(page.Locator("#live .state")).ToHaveTextAsync("paused");
        Observation waits = await PublishAsync(("client.ip", "203.0.113.132"), ("http.path", "/waits"));
        await Assertions.Expect(page.Locator("#live .state")).ToHaveTextAsync("paused, 1 new");
        await Assertions.Expect(page.Locator($"tr[data-id='{waits.Id}']")).ToHaveCountAsync(0);
        await page.Keyboard.PressAsync("p");
        await Assertions.Expect(page.Locator($"tr[data-id='{waits.Id}']")).ToBeVisibleAsync();

        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("client.i");
        await Assertions.Expect(page.Locator("#q-names li").First).ToHaveTextAsync("client.ip");
        await page.Keyboard.PressAsync("Tab");
        await Assertions.Expect(page.Locator("#q")).ToHaveValueAsync("client.ip: ");
        await page.Keyboard.TypeAsync("203.0.113.132 and http.path: /second");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync("**/requests?q=*");
        await Assertions.Expect(page.Locator("#rows tr")).ToHaveCountAsync(1);

        await page.Keyboard.PressAsync("j");
        await Assertions.Expect(page.Locator("tr.at")).ToHaveAttributeAsync("data-id", second.Id.ToString());
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#pane article")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator("#pane article")).ToHaveCountAsync(0);
        await page.Keyboard.PressAsync("?");
        await Assertions.Expect(page.Locator("#help")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator("#help")).ToBeHiddenAsync();
        chromium.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_click_on_a_value_narrows_and_with_alt_leaves_it_out()
    {
        IPage page = await chromium.SignInAsync();
        await PublishAsync(("client.ip", "203.0.113.133"), ("http.method", "PUT"));
        await PublishAsync(("client.ip", "203.0.113.133"), ("http.method", "GET"));
        await page.GotoAsync("/requests?q=203.0.113.133");
        await Assertions.Expect(page.Locator("#rows tr")).ToHaveCountAsync(2);

        await page.Locator("#rows").GetByRole(AriaRole.Link, new() { Name = "PUT", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator("#q")).ToHaveValueAsync("203.0.113.133 and http.method: PUT");
        await Assertions.Expect(page.Locator("#rows tr")).ToHaveCountAsync(1);

        await page.GotoAsync("/requests?q=203.0.113.133");
        await page.Locator("#rows").GetByRole(AriaRole.Link, new() { Name = "PUT", Exact = true }).ClickAsync(new() { Modifiers = [KeyboardModifier.Alt] });
        await Assertions.Expect(page.Locator("#q")).ToHaveValueAsync("203.0.113.133 and not http.method: PUT");
        await Assertions.Expect(page.Locator("#rows tr")).ToHaveCountAsync(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_page_scrolls_sideways_at_phone_width(bool script)
    {
        IPage page = await chromium.SignInAsync(360, 740, script: script);
        Observation request = await FillAsync();
        foreach (string path in Paths)
        {
            await page.GotoAsync(path.Replace("ID", request.Id.ToString(), StringComparison.Ordinal).Replace("ADDRESS", CapturedDay.Address, StringComparison.Ordinal));
            int over = await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            await Chromium.PictureAsync(page, $"phone{(script ? "" : "-noscript")}{Name(path)}");
            over.ShouldBe(0, path);
        }
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Axe_finds_nothing_serious_on_any_page(ColorScheme scheme)
    {
        IPage door = await chromium.OpenAsync(scheme: scheme);
        foreach (string path in (string[])["/sign-in", await chromium.Host.LinkAsync(), "/sign-in/link?token=x"])
        {
            await door.GotoAsync(path);
            (await Chromium.FindingsAsync(door)).ShouldBeEmpty(path);
            await Chromium.PictureAsync(door, $"{scheme}{Name(path)}");
        }

        IPage page = await chromium.SignInAsync(scheme: scheme);
        Observation request = await FillAsync();
        foreach (string path in Paths)
        {
            await page.GotoAsync(path.Replace("ID", request.Id.ToString(), StringComparison.Ordinal).Replace("ADDRESS", CapturedDay.Address, StringComparison.Ordinal));
            await Chromium.PictureAsync(page, $"{scheme}{Name(path)}");
            (await Chromium.FindingsAsync(page)).ShouldBeEmpty(path);
        }

        chromium.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Pages_work_without_script()
    {
        IPage page = await chromium.SignInAsync(script: false);
        Observation request = await FillAsync();
        await page.GotoAsync("/requests?q=" + Uri.EscapeDataString("client.ip: 203.0.113.140"));
        await page.Locator($"tr[data-id='{request.Id}'] a.open").ClickAsync();
        await Assertions.Expect(page.Locator("#pane article")).ToBeVisibleAsync();
        await page.Locator("#pane").GetByRole(AriaRole.Button, new() { Name = "Tarpit" }).ClickAsync();
        await page.GotoAsync("/decisions?q=203.0.113.140");
        await Assertions.Expect(page.Locator("tbody tr").First).ToContainTextAsync("tarpit");
        await page.GotoAsync("/");
        await Assertions.Expect(page.Locator("#chart svg path.area")).ToBeAttachedAsync();
    }

    private static string Name(string path) => "-" + string.Concat(path.TakeWhile(c => c != '?' || !path.Contains("token", StringComparison.Ordinal)).Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'));

    private async Task<Observation> PublishAsync(params (string, object)[] facts)
    {
        Observation request = ConsoleHost.Request(facts);
        await chromium.Host.Services.GetRequiredService<IBus>().PublishAsync(new("observation.http.request", ConsoleHost.Batch(request), CloudEvents.BatchContentType), default);
        return request;
    }

    /// <summary>A console as on a working day.</summary>
    private async Task<Observation> FillAsync()
    {
        ConsoleHost host = chromium.Host;
        await CapturedDay.FillAsync(host);
        SitesDay.Fill(chromium.Sites);
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
    }
}
