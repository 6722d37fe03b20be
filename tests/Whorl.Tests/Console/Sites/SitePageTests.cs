using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Whorl.Delivery.WebConsole.Accounts;
using Whorl.Kernel;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Tests.WebConsole.Sites;

/// <summary>Sites, as people see them.</summary>
public sealed class SitePageTests(SitesHost host) : IClassFixture<SitesHost>
{
    [Fact]
    public async Task The_list_shows_a_dense_line_whose_values_narrow_it()
    {
        host.Scanned("narrow.example");
        HttpClient member = await host.MemberAsync();

        string html = WebUtility.HtmlDecode(await member.GetStringAsync("/sites?text=narrow"));

        html.ShouldContain("href=\"/sites/narrow.example\"");
        html.ShouldContain("/sites?text=narrow&feature=title%3DSign%20in%20to%20your%20bank");
        html.ShouldContain("/sites?text=narrow&feature=icon_mmh3%3D-1137974563");
        html.ShouldContain("/sites?text=narrow&feature=ip%3D203.0.113.50");
        html.ShouldContain("/sites?text=narrow&class=http_content");
        (await member.GetStringAsync("/sites?text=narrow&class=unreachable")).ShouldContain("No site matches");
    }

    [Fact]
    public async Task Pages_of_the_list_join_without_gap_or_repeat()
    {
        List<string> made = [.. Enumerable.Range(0, 205).Select(i => host.Scanned($"p{i}.paged.example", 1000 + i).Site)];
        HttpClient member = await host.MemberAsync();
        List<string> shown = [];
        string? next = "/sites?text=.paged.";
        for (int page = 0; next is not null && page < 5; page++)
        {
            string html = WebUtility.HtmlDecode(await member.GetStringAsync(next));
            shown.AddRange(html.Split("class=\"open\" href=\"/sites/").Skip(1).Select(rest => rest[..rest.IndexOf('"', StringComparison.Ordinal)]));
            int at = html.IndexOf("\" rel=\"next\"", StringComparison.Ordinal);
            next = at < 0 ? null : html[(html.LastIndexOf("href=\"", at, StringComparison.Ordinal) + 6)..at];
        }

        shown.ShouldBe(made);
    }

    [Fact]
    public async Task A_look_for_a_text_that_ended_early_says_how_far_it_came_and_goes_on()
    {
        ScanRecord oldest = host.Scanned("far.searched.example", 100_000);
        HttpClient member = await host.MemberAsync();
        host.Sites.Searched = 100_000;
        string html = WebUtility.HtmlDecode(await member.GetStringAsync("/sites?text=nowhere-to-be-found"));
        JsonElement json = JsonElement.Parse(await member.GetStringAsync("/api/v1/sites?text=nowhere-to-be-found"));
        host.Sites.Searched = null;

        html.ShouldContain("100\u2009000 sites were looked through for this text; older ones were not yet.");
        html.ShouldContain($"href=\"/sites?text=nowhere-to-be-found&before={oldest.Id}\" rel=\"next\">Search on</a>");
        json.GetProperty("searched").GetInt32().ShouldBe(100_000);
        json.GetProperty("next").GetString().ShouldBe(oldest.Id);
    }

    [Theory]
    [InlineData("/sites?class=nonsense", HttpStatusCode.OK)]
    [InlineData("/sites?feature=nonsense", HttpStatusCode.OK)]
    [InlineData("/sites?limit=0", HttpStatusCode.OK)]
    [InlineData("/sites/nobody.example", HttpStatusCode.NotFound)]
    [InlineData("/sites/%3Cscript%3E", HttpStatusCode.NotFound)]
    [InlineData("/sites/nobody.example/scans/x", HttpStatusCode.NotFound)]
    [InlineData("/sites/nobody.example/compare?from=a&to=b", HttpStatusCode.NotFound)]
    [InlineData("/sites/nobody.example/scans/x/screenshot", HttpStatusCode.NotFound)]
    [InlineData("/features", HttpStatusCode.OK)]
    [InlineData("/features?kind=nonsense&value=x", HttpStatusCode.OK)]
    [InlineData("/features?kind=wallet&value=btc%3Anobody", HttpStatusCode.OK)]
    [InlineData("/jobs?state=nonsense", HttpStatusCode.OK)]
    [InlineData("/jobs?job=nonsense", HttpStatusCode.OK)]
    [InlineData("/campaigns?order=nonsense&offset=-7", HttpStatusCode.OK)]
    [InlineData("/campaigns/nonsense", HttpStatusCode.NotFound)]
    public async Task Whatever_is_asked_for_is_answered(string path, HttpStatusCode status) => (await (await host.MemberAsync()).GetAsync(path)).StatusCode.ShouldBe(status);

    [Fact]
    public async Task The_page_of_a_site_shows_facts_first_and_links_what_others_may_share()
    {
        ScanRecord scan = host.Scanned("facts.example");
        HttpClient member = await host.MemberAsync();

        string html = WebUtility.HtmlDecode(await member.GetStringAsync("/sites/facts.example"));

        html.ShouldContain("Answered 200.");
        html.IndexOf("Answered 200.", StringComparison.Ordinal).ShouldBeLessThan(html.IndexOf("Timeline", StringComparison.Ordinal));
        html.ShouldContain("data-copy=\"hxxps://facts[.]example/login\"");
        html.ShouldContain("/features?kind=tracker&value=google-analytics%3AG-ABC123");
        html.ShouldContain("/features?kind=asn&value=AS64500");
        html.ShouldContain("<span class=\"badge\">password</span>");
        html.ShouldContain("<span class=\"badge\">sends elsewhere</span>");
        html.ShouldContain($"/api/v1/sites/facts.example/scans/{scan.Id}?download=true");
        html.ShouldContain("action=\"/sites/facts.example/rescan\"");
    }

    [Fact]
    public async Task Two_scans_are_compared_whichever_is_named_first()
    {
        ScanRecord old = host.Scanned("changed.example", 30), now = host.Scanned("changed.example", 2, scan => scan with { Changed = ["text", "title"], Page = scan.Page! with { Title = "Sign in to another bank", ExternalDomains = ["cdn.example", "new.example"] } });
        HttpClient member = await host.MemberAsync();

        string timeline = WebUtility.HtmlDecode(await member.GetStringAsync("/sites/changed.example"));
        string html = WebUtility.HtmlDecode(await member.GetStringAsync($"/sites/changed.example/compare?from={now.Id}&to={old.Id}"));

        timeline.ShouldContain(">text, title</a>");
        html.ShouldContain("page.title");
        html.IndexOf(">Sign in to your bank<", StringComparison.Ordinal).ShouldBeInRange(1, html.IndexOf(">Sign in to another bank<", StringComparison.Ordinal));
        html.ShouldContain("page.external_domains");
        html.ShouldContain(">new.example<");
        html.ShouldNotContain(">date ");
        WebUtility.HtmlDecode(await member.GetStringAsync($"/sites/changed.example/scans/{old.Id}")).ShouldContain("the newest scan");
    }

    [Fact]
    public async Task The_timeline_of_a_host_with_several_addresses_compares_each_with_itself()
    {
        ScanRecord At(string path, int hoursAgo) => host.Scanned("several.example", hoursAgo, scan => scan with { Url = "https://several.example/" + path, Changed = hoursAgo < 10 ? ["title"] : null });
        ScanRecord old = At("login", 30), other = At("pay", 20), now = At("login", 2);
        host.Scanned("several.example", 40, scan => scan with { Url = "https://several.example/long", Changed = ["icon", "text"] });
        string html = WebUtility.HtmlDecode(await (await host.MemberAsync()).GetStringAsync("/sites/several.example"));

        html.ShouldContain($"/sites/several.example/compare?from={old.Id}&to={now.Id}\">title</a>");
        html.ShouldNotContain($"from={other.Id}");
        html.ShouldContain(">https://several.example/pay</span>");
        html.ShouldContain("the first scan of this address");
        string row = html[html.IndexOf(">https://several.example/long<", StringComparison.Ordinal)..];
        row[..row.IndexOf("</tr>", StringComparison.Ordinal)].ShouldContain("icon, text", customMessage: "what was compared with a scan that is further back is told too");
        html.ShouldContain($"name=\"from\" value=\"{old.Id}\" checked");
    }

    [Fact]
    public async Task Pasted_sites_are_added_and_the_answer_tells_new_doubled_and_refused_ones()
    {
        HttpClient member = await host.MemberAsync();
        using HttpResponseMessage first = await AddAsync(member, "https://one.added.example/\nhxxp://two[.]added[.]example\n# a comment\nftp://three.added.example/\nhttps://one.added.example/\n<script>");
        string html = WebUtility.HtmlDecode(await first.Content.ReadAsStringAsync());
        using HttpResponseMessage again = await AddAsync(member, "https://one.added.example/");

        html.ShouldContain("2 new, 0 under watch already, 1 twice in the list, 2 refused");
        html.ShouldContain("only http and https are visited");
        html.ShouldContain("line 6");
        (await first.Content.ReadAsStringAsync()).ShouldNotContain("<script>\n");
        (await again.Content.ReadAsStringAsync()).ShouldContain("0 new, 1 under watch already");
        host.Sites.Jobs.ShouldContain(job => job.Url == "http://two.added.example/" && job.Origin == "console");
    }

    [Fact]
    public async Task A_file_is_added_by_its_column()
    {
        HttpClient member = await host.MemberAsync();
        using MultipartFormDataContent form = new() { { new StringContent(await ConsoleHost.TokenAsync(member, "/sites")), "form-token" }, { new ByteArrayContent("seen,\"Domain\",why\r\n2026-01-01,\"filed.example\",\"a, b\"\r\n"u8.ToArray()), "file", "list.csv" } };
        using HttpResponseMessage answer = await member.PostAsync("/sites/add", form);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("1 new");
        host.Sites.Jobs.ShouldContain(job => job.Site == "filed.example");
    }

    [Fact]
    public async Task Only_operators_with_a_form_of_this_console_add_retry_and_rescan()
    {
        HttpClient viewer = await host.Host.MemberAsync(AccountRole.Viewer), member = await host.MemberAsync();
        foreach (string action in (string[])["/sites/add", "/jobs/retry", "/sites/facts.example/rescan"])
        {
            using HttpResponseMessage refused = await ConsoleHost.SendAsync(viewer, "/account", action, new(StringComparer.Ordinal) { ["list"] = "https://refused.example/", ["state"] = "failed" });
            refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden, action);
            using HttpResponseMessage forged = await member.PostAsync(action, new FormUrlEncodedContent(new Dictionary<string, string>(StringComparer.Ordinal) { ["list"] = "https://refused.example/", ["state"] = "failed" }));
            forged.StatusCode.ShouldBe(HttpStatusCode.BadRequest, action);
            using HttpResponseMessage stranger = await host.Host.Stranger().PostAsync(action, new FormUrlEncodedContent([]));
            stranger.StatusCode.ShouldNotBe(HttpStatusCode.OK, action);
        }

        host.Sites.Jobs.ShouldNotContain(job => job.Site == "refused.example");
        (await viewer.GetStringAsync("/sites")).ShouldNotContain("/sites/add");
    }

    [Fact]
    public async Task The_queue_shows_why_jobs_failed_and_one_of_them_is_retried()
    {
        HttpClient member = await host.MemberAsync();
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        SiteJob job = new("job-1", "https://failing.example/", "failing.example", "cli", JobState.Failed, now.AddHours(3), 4, 9, TimeSpan.FromDays(1), now.AddDays(-9), "w1", null, "run-1");
        host.Sites.Jobs.Add(job);
        host.Sites.Runs.Add(new("run-1", job.Id, "w1", RunState.Failed, now.AddMinutes(-5), now.AddMinutes(-4), "dns: <b>no such name"));
        host.Sites.Transitions.Add(new(job.Id, "run-1", JobState.Leased, JobState.Failed, now.AddMinutes(-4), "dns"));

        string raw = await member.GetStringAsync("/jobs?site=failing.example&job=job-1"), html = WebUtility.HtmlDecode(raw);
        using HttpResponseMessage answer = await ConsoleHost.SendAsync(member, "/jobs", "/jobs/retry", new(StringComparer.Ordinal) { ["site"] = "failing.example", ["next"] = "/jobs?site=failing.example" });

        html.ShouldContain("dns: <b>no such name");
        WebUtility.HtmlDecode(await member.GetStringAsync("/jobs?site=other.example&job=job-1")).ShouldContain("dns: <b>no such name", customMessage: "a link leads to a job wherever it stands in the list");
        raw.ShouldNotContain("<b>no such");
        html.ShouldContain("leased <span aria-label=\"became\">→</span> failed");
        html.ShouldContain("hx-get=\"/jobs?site=failing.example&job=job-1\"");
        answer.Headers.Location!.ToString().ShouldBe("/jobs?site=failing.example&retried=1");
        host.Sites.Jobs.Find(each => each.Id == "job-1")!.State.ShouldBe(JobState.Queued);
        (await member.GetStringAsync("/jobs?retried=1")).ShouldContain("One more job is due now");
    }

    [Fact]
    public async Task A_scan_is_downloaded_as_a_file_and_by_no_browser_shown_as_a_page()
    {
        ScanRecord scan = host.Scanned("download.example", but: scan => scan with { Page = scan.Page! with { Title = "<script>alert(1)</script>" } });
        using HttpResponseMessage answer = await (await host.MemberAsync()).GetAsync($"/api/v1/sites/download.example/scans/{scan.Id}?download=true");

        answer.Content.Headers.ContentDisposition!.DispositionType.ShouldBe("attachment");
        answer.Content.Headers.ContentType.ShouldBe(new MediaTypeHeaderValue("application/json", "utf-8"));
        answer.Headers.GetValues("Content-Security-Policy").Single().ShouldStartWith("sandbox");
        answer.Headers.GetValues("X-Content-Type-Options").Single().ShouldBe("nosniff");
        string json = await answer.Content.ReadAsStringAsync();
        json.ShouldNotContain("<script>");
        JsonElement.Parse(json).GetProperty("page").GetProperty("title").GetString().ShouldBe("<script>alert(1)</script>");
    }

    [Fact]
    public async Task With_the_system_of_record_itself_sites_are_added_listed_and_found_by_what_they_show()
    {
        await using ConsoleHost real = new();
        await real.InitializeAsync();
        HttpClient member = await real.MemberAsync();
        (await member.GetStringAsync("/sites")).ShouldContain("whorl jobs add https://");
        using HttpResponseMessage added = await AddAsync(member, "https://real.example/");
        ScanRecord scan = host.Scanned("real.example");
        IResultSink sink = real.Services.GetRequiredService<IResultSink>();
        await sink.WriteAsync(scan with { Id = Uuid7.Text(Uuid7.New(TimeProvider.System)) }, default);
        await sink.WriteAsync(scan with { Id = Uuid7.Text(Uuid7.New(TimeProvider.System)), Changed = ["title"], Page = scan.Page! with { Title = "Another" } }, default);

        (await added.Content.ReadAsStringAsync()).ShouldContain("1 new");
        (await member.GetStringAsync("/jobs")).ShouldContain("https://real.example/");
        (await member.GetStringAsync("/sites?text=another")).ShouldContain("href=\"/sites/real.example\"");
        WebUtility.HtmlDecode(await member.GetStringAsync("/sites/real.example")).ShouldContain(">title</a>");
        (await member.GetStringAsync("/features?kind=icon_mmh3&value=-1137974563")).ShouldContain("href=\"/sites/real.example\"");
        using HttpResponseMessage rescan = await ConsoleHost.SendAsync(member, "/sites/real.example", "/sites/real.example/rescan", new(StringComparer.Ordinal));
        rescan.Headers.Location!.ToString().ShouldBe("/sites/real.example?told=due");
    }

    private static async Task<HttpResponseMessage> AddAsync(HttpClient member, string list) =>
        await ConsoleHost.SendAsync(member, "/sites", "/sites/add", new(StringComparer.Ordinal) { ["list"] = list });
}
