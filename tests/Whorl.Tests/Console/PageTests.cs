using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Whorl.Analysis.Journal;
using Whorl.Delivery.WebConsole.Accounts;
using Whorl.Delivery.WebConsole.Serving;
using Whorl.Kernel;

namespace Whorl.Tests.WebConsole;

public sealed partial class PageTests(ConsoleHost host) : IClassFixture<ConsoleHost>
{
    private const string Hostile = "\"><script>alert(1)</script><img src=x onerror=alert(2)>' style='x' \u202e\u0007\u200b</textarea>";

    public static TheoryData<string> Pages => ["/", "/requests", "/requests?q=client.ip%3A+203.0.113.66", "/requests?q=((", "/requests?id=ID", "/requests/ID", "/requests/none", "/decisions", "/decisions?q=nothing", "/rules", "/capture", "/capture?q=source.ip%3A+203.0.113.66", "/capture?q=((", "/capture?paused=1", "/addresses/203.0.113.66", "/addresses/nonsense", "/help", "/account", "/sign-in", "/sign-in/link?token=x"];

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Every_page_keeps_to_the_policy_with_hostile_requests_on_it(string path)
    {
        HttpClient client = await host.MemberAsync();
        Observation request = SeenHostile();
        await host.Writer.AddAsync([new(DecisionId.New(TimeProvider.System), Hostile, Hostile, DecisionScope.Session, Hostile, DecisionAction.Block, null, Hostile, false)], default);

        using HttpResponseMessage answer = await client.GetAsync(path.Replace("ID", request.Id.ToString(), StringComparison.Ordinal));
        string html = await answer.Content.ReadAsStringAsync();

        answer.Headers.GetValues("Content-Security-Policy").Single().ShouldBe(ConsoleSecurity.Policy);
        ConsoleSecurity.Policy.ShouldNotContain("unsafe");
        ConsoleSecurity.Policy.ShouldContain("frame-ancestors 'none'");
        answer.Headers.GetValues("X-Content-Type-Options").Single().ShouldBe("nosniff");
        answer.Headers.GetValues("X-Frame-Options").Single().ShouldBe("DENY");
        answer.Headers.CacheControl!.NoStore.ShouldBeTrue();
        Scripts().Matches(html).Select(match => match.Value).ShouldAllBe(tag => tag.Contains(" src=\"/assets/"));
        Inline().Matches(html).ShouldBeEmpty("an inline style or handler");
        html.ShouldNotContain("<script>alert");
        html.ShouldNotContain("<img src=x");
        html.ShouldNotContain("\u202e");
        html.ShouldNotContain("\u0007");
        html.ShouldNotContain("\u200b");
        Ids().Matches(html).Select(match => match.Groups["v"].Value).ShouldBeUnique();
        html.Split("<h1").Length.ShouldBe(2, "one first heading");
    }

    [Fact]
    public async Task Hidden_characters_are_shown_and_long_values_cut_with_the_whole_in_the_title()
    {
        HttpClient client = await host.MemberAsync();
        string agent = "Mozilla/" + new string('x', 300) + "end";
        Observation request = host.Seen(("http.user_agent", agent), ("http.path", "/a\u202eb\nc"));

        string html = WebUtility.HtmlDecode(await client.GetStringAsync("/requests/" + request.Id));
        string list = WebUtility.HtmlDecode(await client.GetStringAsync("/requests"));

        html.ShouldContain("/a⟨U+202E⟩b␊c");
        list.ShouldContain($"title=\"http.user_agent: {agent}\"");
        list.ShouldNotContain($">{agent}<");
    }

    [Fact]
    public async Task The_newest_request_comes_first_and_every_value_narrows()
    {
        HttpClient client = await host.MemberAsync();
        host.Seen(("client.ip", "198.51.100.1"), ("http.path", "/older"));
        Observation newer = host.Seen(("client.ip", "198.51.100.2"), ("http.path", "/newer"));

        string html = await client.GetStringAsync("/requests?q=client.ip%3A+198.51.100.0%2F24");

        html.IndexOf(newer.Id.ToString(), StringComparison.Ordinal).ShouldBeGreaterThan(0);
        html.IndexOf("/newer", StringComparison.Ordinal).ShouldBeLessThan(html.IndexOf("/older", StringComparison.Ordinal));
        html.ShouldContain("/requests?q=" + Uri.EscapeDataString("client.ip: 198.51.100.0/24 and client.ip: 198.51.100.2"));
        string narrowed = await client.GetStringAsync("/requests?q=" + Uri.EscapeDataString("client.ip: 198.51.100.0/24 and not client.ip: 198.51.100.2"));
        narrowed.ShouldContain("/older");
        narrowed.ShouldNotContain(newer.Id.ToString());
    }

    [Fact]
    public async Task A_fault_in_the_filter_is_shown_at_its_place_and_keeps_the_text()
    {
        HttpClient client = await host.MemberAsync();
        string html = await client.GetStringAsync("/requests?q=" + Uri.EscapeDataString("client.up: 1"));
        html.ShouldContain("did you mean client.ip?");
        html.ShouldContain("<mark>client.up</mark>");
        html.ShouldContain("value=\"client.up: 1\"");
    }

    [Fact]
    public async Task Pages_of_the_list_join_without_gap_or_repeat()
    {
        HttpClient client = await host.MemberAsync();
        List<string> made = [.. Enumerable.Range(0, 120).Select(i => host.Seen(("client.ip", "192.0.2.50"), ("http.path", $"/{i}")).Id.ToString())];

        List<string> shown = [];
        string? next = "/requests?q=client.ip%3A%20192.0.2.50";
        for (int page = 0; next is not null && page < 5; page++)
        {
            string html = await client.GetStringAsync(next);
            shown.AddRange(Rows().Matches(html).Select(match => match.Groups["v"].Value));
            next = Older().Match(html) is { Success: true } link ? WebUtility.HtmlDecode(link.Groups["v"].Value) : null;
        }

        shown.ShouldBe(Enumerable.Reverse(made));
    }

    [Fact]
    public async Task One_request_is_explained_with_its_reasons_and_the_actors_others()
    {
        HttpClient client = await host.MemberAsync();
        Observation other = host.Seen(("client.ip", "192.0.2.77"), ("http.path", "/earlier"));
        Observation request = host.Seen(
            ("client.ip", "192.0.2.77"), ("http.path", "/wp-login.php"), ("tls.ja4", "t13d1516h2_8daaf6152771_02713d6af862"), ("http.status", 403),
            ("verdict.action", "block"), ("verdict.cause", "rule"), ("verdict.rule", "exploits.paths"), ("verdict.score", 70),
            ("verdict.rules", new object[] { new { id = "exploits.paths", version = 2, weight = 70, action = "block", simulated = false, description = "Asks for a login page that is not there" } }));

        string html = WebUtility.HtmlDecode(await client.GetStringAsync("/requests/" + request.Id));

        html.ShouldContain("Blocked by rule exploits.paths: asks for a login page that is not there.");
        html.ShouldContain("+70");
        html.ShouldContain("/requests?q=" + Uri.EscapeDataString("tls.ja4: t13d1516h2_8daaf6152771_02713d6af862"));
        html.ShouldContain("/requests/" + other.Id);
        html.ShouldContain("\"http.path\": \"/wp-login.php\"");
    }

    [Fact]
    public async Task The_side_pane_opens_from_the_url_and_keeps_the_list()
    {
        HttpClient client = await host.MemberAsync();
        Observation request = host.Seen(("client.ip", "192.0.2.78"));
        string html = await client.GetStringAsync($"/requests?q=client.ip%3A+192.0.2.78&id={request.Id}");
        html.ShouldContain("<article class=\"explained\"");
        html.ShouldContain($"data-id=\"{request.Id}\"");
    }

    [Fact]
    public async Task An_unknown_id_is_not_found_and_says_why()
    {
        HttpClient client = await host.MemberAsync();
        using HttpResponseMessage answer = await client.GetAsync("/requests/" + ObservationId.New(TimeProvider.System));
        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("older than the journal keeps");
    }

    [Fact]
    public async Task An_operator_adds_and_removes_a_decision()
    {
        HttpClient client = await host.MemberAsync();
        using HttpResponseMessage added = await ConsoleHost.SendAsync(client, "/decisions", "/decisions/add", new()
        {
            ["scope"] = "range", ["value"] = "192.0.2.130/25", ["action"] = "tarpit", ["term"] = "2h", ["reason"] = "scrapes all night",
        });
        added.Headers.Location!.OriginalString.ShouldBe("/decisions?done=added");
        Decision made = (await host.DecisionsAsync()).Single(decision => decision.Reason == "scrapes all night");
        made.ShouldSatisfyAllConditions(
            () => made.Value.ShouldBe("192.0.2.128/25"), () => made.Action.ShouldBe(DecisionAction.Tarpit), () => made.Origin.ShouldBe("console"),
            () => (made.Until!.Value - Uuid7.TimeOf(made.Id.Value)).TotalHours.ShouldBe(2, 0.1));

        (await client.GetStringAsync("/decisions?q=192.0.2.200")).ShouldContain("192.0.2.128/25");
        (await client.GetStringAsync("/decisions?q=192.0.2.1")).ShouldNotContain("192.0.2.128/25");
        await ConsoleHost.SendAsync(client, "/decisions", "/decisions/remove", new() { ["id"] = made.Id.ToString() });
        (await host.DecisionsAsync()).ShouldNotContain(made);
    }

    [Theory]
    [InlineData("ip", "300.1.1.1", "24h", "is no IP address")]
    [InlineData("range", "10.0.0.0/40", "24h", "is no prefix")]
    [InlineData("ja4", "abc", "24h", "is no JA4")]
    [InlineData("country", "XYZ", "24h", "is no two-letter country")]
    [InlineData("asn", "zero", "24h", "is no AS number")]
    [InlineData("ip", "10.0.0.1", "soon", "no term")]
    [InlineData("ip", "10.0.0.1", "99999d", "no term")]
    [InlineData("range", "10.0.0.0/2", "24h", "large part of the internet")]
    [InlineData("planet", "10.0.0.1", "24h", "no scope")]
    public async Task A_poor_decision_is_refused_with_the_reason_and_the_form_kept(string scope, string value, string term, string says)
    {
        HttpClient client = await host.MemberAsync();
        using HttpResponseMessage answer = await ConsoleHost.SendAsync(client, "/decisions", "/decisions/add", new() { ["scope"] = scope, ["value"] = value, ["action"] = "block", ["term"] = term });

        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        string html = WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync());
        html.ShouldContain(says);
        html.ShouldContain($"value=\"{value}\"");
    }

    [Fact]
    public async Task An_import_applies_the_good_lines_and_names_the_bad_ones()
    {
        HttpClient client = await host.MemberAsync();
        using HttpResponseMessage answer = await ConsoleHost.SendAsync(client, "/decisions", "/decisions/import", new()
        {
            ["name"] = "test", ["action"] = "tarpit", ["list"] = "198.51.100.60 # one\n<script>alert(3)</script>\n198.51.100.64/28 ; two\n",
        });

        string html = await answer.Content.ReadAsStringAsync();
        html.ShouldContain("2 added");
        html.ShouldContain("line 2:");
        html.ShouldNotContain("<script>alert");
        (await host.DecisionsAsync()).Where(decision => decision.Origin == "import:test").Select(decision => (decision.Value, decision.Action, decision.Reason)).ShouldBe(
            [("198.51.100.60", DecisionAction.Tarpit, "one"), ("198.51.100.64/28", DecisionAction.Tarpit, "two")], ignoreOrder: true);
        (await client.GetStringAsync("/decisions?q=import%3Atest+two")).ShouldContain("198.51.100.64/28");
        (await client.GetStringAsync("/api/v1/decisions/export?format=plain")).ShouldContain("198.51.100.60");
    }

    [Fact]
    public async Task The_api_explains_as_the_page_does_and_asks_who_one_is()
    {
        HttpClient client = await host.MemberAsync(AccountRole.Viewer);
        Observation request = host.Seen(("client.ip", "192.0.2.90"));

        using JsonDocument explained = JsonDocument.Parse(await client.GetStringAsync("/api/v1/explain/" + request.Id));
        explained.RootElement.GetProperty("id").GetString().ShouldBe(request.Id.ToString());
        explained.RootElement.GetProperty("summary").GetString().ShouldBe("Allowed: nothing spoke against it.");
        (await client.GetAsync("/api/v1/explain/nonsense")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await client.GetAsync("/api/v1/explain/" + ObservationId.New(TimeProvider.System))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await host.Stranger().GetAsync("/api/v1/explain/" + request.Id)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task What_is_no_longer_in_memory_comes_from_the_journal()
    {
        HttpClient client = await host.MemberAsync();
        Observation request = ConsoleHost.Request(("client.ip", "192.0.2.91"));
        ObservationBatch batch = new("http.request", 1, request.Id, request.Id, ConsoleHost.Batch(request));
        await host.Services.GetRequiredService<JournalStore>().WriteAsync(batch, default);

        (await client.GetStringAsync("/requests?q=192.0.2.91")).ShouldContain(request.Id.ToString());
        (await client.GetAsync("/requests/" + request.Id)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_viewer_sees_but_cannot_decide()
    {
        HttpClient viewer = await host.MemberAsync(AccountRole.Viewer);
        Observation request = host.Seen();
        (await viewer.GetStringAsync("/requests/" + request.Id)).ShouldNotContain("/decisions/add");
        (await viewer.GetStringAsync("/decisions")).ShouldNotContain("/decisions/add");
        using HttpResponseMessage answer = await ConsoleHost.SendAsync(viewer, "/account", "/decisions/add", new() { ["scope"] = "ip", ["value"] = "203.0.113.200" });
        answer.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Every_asset_a_page_names_is_there_and_kept_for_good()
    {
        HttpClient client = await host.MemberAsync();
        string html = await client.GetStringAsync("/");
        string[] urls = [.. AssetUrls().Matches(html).Select(match => match.Groups["v"].Value).Distinct()];
        urls.Length.ShouldBeGreaterThan(5);
        foreach (string url in urls)
        {
            using HttpResponseMessage answer = await host.Stranger().GetAsync(url);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK, url);
            answer.Headers.CacheControl!.ToString().ShouldContain("immutable");
        }

        (await host.Stranger().GetAsync("/assets/0/../../secret")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    private Observation SeenHostile() => host.Seen(
        ("client.ip", "203.0.113.66"), ("http.method", Hostile), ("http.host", Hostile), ("http.path", "/" + Hostile), ("http.query", Hostile), ("http.user_agent", Hostile), ("tls.ja4", Hostile),
        ("verdict.action", "block"), ("verdict.cause", "decision"), ("verdict.would_be", Hostile), (Hostile, Hostile),
        ("verdict.rules", new object[] { new { id = Hostile, description = Hostile, weight = 1, action = Hostile } }),
        ("verdict.decision", new { id = Hostile, scope = Hostile, action = Hostile, origin = Hostile, scenario = Hostile, reason = Hostile }));

    [GeneratedRegex("<script[^>]*>", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Scripts();

    // Inside a tag only: text between tags may say anything.
    [GeneratedRegex("""<[a-z][^<>"]*(?:"[^"]*"[^<>"]*)*\s(?:style|on[a-z]+)\s*=|<style""", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Inline();

    [GeneratedRegex("\\sid=\"(?<v>[^\"]+)\"", RegexOptions.NonBacktracking)]
    private static partial Regex Ids();

    [GeneratedRegex("<tr data-id=\"(?<v>[^\"]+)\"", RegexOptions.NonBacktracking)]
    private static partial Regex Rows();

    [GeneratedRegex("href=\"(?<v>[^\"]+)\" rel=\"next\"", RegexOptions.NonBacktracking)]
    private static partial Regex Older();

    [GeneratedRegex("(?:src|href)=\"(?<v>/assets/[^\"]+)\"", RegexOptions.NonBacktracking)]
    private static partial Regex AssetUrls();
}
