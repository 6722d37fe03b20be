using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Whorl.Delivery.Api;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Tests.WebConsole.Sites;

/// <summary>Sites and jobs for programs.</summary>
public sealed class SiteApiTests(SitesHost host) : IClassFixture<SitesHost>
{
    [Fact]
    public async Task Sites_scans_and_jobs_are_listed_page_by_page()
    {
        HttpClient api = await KeyAsync(mayWrite: false);
        ScanRecord[] scans = [.. Enumerable.Range(0, 5).Select(i => host.Scanned($"a{i}.listed.example", i + 1))];
        ScanRecord older = host.Scanned("a0.listed.example", 50);

        JsonElement first = await JsonAsync(api, "/api/v1/sites?text=.listed.&limit=3"), second = await JsonAsync(api, "/api/v1/sites?text=.listed.&limit=3&before=" + first.GetProperty("next").GetString());

        Names(first).Concat(Names(second)).ShouldBe(scans.Select(scan => scan.Site));
        second.TryGetProperty("next", out _).ShouldBeFalse("it is left out on the last page");
        (await JsonAsync(api, "/api/v1/sites/a0.listed.example")).GetProperty("id").GetString().ShouldBe(scans[0].Id);
        (await JsonAsync(api, "/api/v1/sites/a0.listed.example/scans")).GetProperty("items").EnumerateArray().Select(scan => scan.GetProperty("id").GetString()).ShouldBe([scans[0].Id, older.Id]);
        (await JsonAsync(api, $"/api/v1/sites/a0.listed.example/scans/{older.Id}")).GetProperty("class").GetString().ShouldBe("http_content");
    }

    [Fact]
    public async Task Without_ids_a_scan_is_compared_with_the_one_before_of_its_address()
    {
        HttpClient api = await KeyAsync(mayWrite: false);
        ScanRecord At(string path, int hoursAgo, string title) =>
            host.Scanned("several.compared.example", hoursAgo, scan => scan with { Url = "https://several.compared.example/" + path, Page = scan.Page! with { Title = title } });
        ScanRecord first = At("login", 40, "one"), second = At("login", 30, "two"), pay = At("pay", 20, "three"), now = At("login", 2, "four");

        JsonElement newest = await JsonAsync(api, "/api/v1/sites/several.compared.example/diff"), older = await JsonAsync(api, $"/api/v1/sites/several.compared.example/diff?to={second.Id}");

        (newest.GetProperty("from").GetString(), newest.GetProperty("to").GetString()).ShouldBe((second.Id, now.Id));
        (older.GetProperty("from").GetString(), older.GetProperty("to").GetString()).ShouldBe((first.Id, second.Id));
        (await api.GetAsync($"/api/v1/sites/several.compared.example/diff?to={pay.Id}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Sites_are_added_as_lines_or_as_json_and_jobs_retried_by_those_who_may()
    {
        HttpClient writer = await KeyAsync(mayWrite: true), reader = await KeyAsync(mayWrite: false);

        JsonElement lines = await PostAsync(writer, "/api/v1/jobs", "https://l1.example/\nnonsense\n", "text/plain"), json = await PostAsync(writer, "/api/v1/jobs", """["hxxps://l2[.]example/","https://l1.example/"]""", "application/json");
        JsonElement retried = await PostAsync(writer, "/api/v1/jobs/retry?site=l1.example", "", "text/plain");

        (lines.GetProperty("added").GetInt32(), lines.GetProperty("refused").GetInt32(), json.GetProperty("added").GetInt32(), json.GetProperty("known").GetInt32()).ShouldBe((1, 1, 1, 1));
        lines.GetProperty("faults")[0].GetProperty("line").GetInt32().ShouldBe(2);
        retried.GetProperty("retried").GetInt32().ShouldBe(1);
        host.Sites.Jobs.ShouldContain(job => job.Site == "l2.example" && job.Origin.StartsWith("api:writer", StringComparison.Ordinal));
        (await JsonAsync(reader, "/api/v1/jobs?site=l1.example")).GetProperty("items").GetArrayLength().ShouldBe(1);
        (await JsonAsync(reader, "/api/v1/jobs/counts")).GetProperty("due").GetInt64().ShouldBeGreaterThan(0);
        (await reader.PostAsync("/api/v1/jobs", new StringContent("https://l3.example/"))).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData("GET", "/api/v1/sites?class=galaxy", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/v1/sites?feature=galaxy=1", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/v1/sites?limit=100000", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/v1/sites/export?format=galaxy", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/v1/sites/nobody.example", HttpStatusCode.NotFound)]
    [InlineData("GET", "/api/v1/sites/nobody.example/scans/x", HttpStatusCode.NotFound)]
    [InlineData("GET", "/api/v1/jobs?state=galaxy", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/api/v1/jobs/retry", HttpStatusCode.BadRequest)]
    public async Task What_cannot_be_used_is_refused_with_the_next_step(string method, string path, HttpStatusCode status)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), path);
        using HttpResponseMessage answer = await (await KeyAsync(mayWrite: true)).SendAsync(request);
        answer.StatusCode.ShouldBe(status);
        JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("hint").GetString().ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task A_node_that_keeps_no_sites_says_what_to_run()
    {
        await using Api.ApiServer bare = await Api.ApiServer.StartAsync();
        string key = await bare.NewKeyAsync(mayWrite: true);
        foreach (string path in (string[])["/api/v1/sites", "/api/v1/jobs", "/api/v1/campaigns", "/api/v1/features?kind=wallet&value=x"])
        {
            (HttpStatusCode status, JsonElement? problem) = await bare.SendAsync("GET", path, key);
            status.ShouldBe(HttpStatusCode.ServiceUnavailable, path);
            problem!.Value.GetProperty("hint").GetString().ShouldNotBeNullOrEmpty();
        }
    }

    [Fact]
    public async Task Without_a_key_nothing_is_told() =>
        (await host.Host.Stranger().GetAsync("/api/v1/sites")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);

    [Fact]
    public async Task Exported_lists_hold_every_site_and_run_in_no_spreadsheet()
    {
        host.Scanned("formula.exported.example", but: scan => scan with { Page = scan.Page! with { Title = "=HYPERLINK(\"https://evil.example\",\"x\")" } });
        host.Scanned("plain.exported.example", 3);
        HttpClient api = await KeyAsync(mayWrite: false);

        using HttpResponseMessage answer = await api.GetAsync("/api/v1/sites/export?text=.exported.");
        string[] csv = (await answer.Content.ReadAsStringAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        JsonElement json = await JsonAsync(api, "/api/v1/sites/export?text=.exported.&format=json");
        string lines = await api.GetStringAsync("/api/v1/sites/export?text=.exported.&format=jsonlines");

        answer.Content.Headers.ContentDisposition!.FileName.ShouldBe("sites.csv");
        csv.Length.ShouldBe(3);
        csv[0].ShouldStartWith("site,url,class,reason,status,title,");
        csv[1].ShouldContain(",\"'=HYPERLINK(\"\"https://evil.example\"\",\"\"x\"\")\",");
        csv[1].ShouldContain(",-1137974563,");
        json.GetArrayLength().ShouldBe(2);
        lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line).GetProperty("site").GetString()).ShouldBe(["formula.exported.example", "plain.exported.example"]);
    }

    [Fact]
    public async Task Sites_are_exported_as_a_bundle_whose_references_all_lead_somewhere()
    {
        host.Scanned("one.stix.example");
        host.Scanned("two.stix.example", 2);
        HttpClient api = await KeyAsync(mayWrite: false);

        JsonElement bundle = await JsonAsync(api, "/api/v1/sites/export?text=.stix.&format=stix");

        JsonElement[] objects = [.. bundle.GetProperty("objects").EnumerateArray()];
        string[] ids = [.. objects.Select(each => each.GetProperty("id").GetString()!)];
        ids.ShouldBeUnique();
        objects.GroupBy(each => each.GetProperty("type").GetString()).Select(type => $"{type.Key} {type.Count()}").Order(StringComparer.Ordinal).ShouldBe(["domain-name 2", "ipv4-addr 1", "observed-data 2", "url 2"]);
        objects.Where(each => each.TryGetProperty("object_refs", out _)).SelectMany(each => each.GetProperty("object_refs").EnumerateArray()).ShouldAllBe(id => ids.Contains(id.GetString()));
        // As python's stix2 makes it of {"value":"one.stix.example"}: UUIDv5 in the specification's name space.
        ids.ShouldContain("domain-name--4f8dd810-11ca-5193-a768-ce8cceae6da4");
    }

    private static IEnumerable<string?> Names(JsonElement page) => page.GetProperty("items").EnumerateArray().Select(site => site.GetProperty("site").GetString());

    private async Task<HttpClient> KeyAsync(bool mayWrite)
    {
        string key = (await host.Host.Services.GetRequiredService<ApiKeyStore>().AddAsync((mayWrite ? "writer" : "reader") + Guid.CreateVersion7(), mayWrite, default))!;
        HttpClient api = host.Host.Stranger();
        api.DefaultRequestHeaders.Add("X-Api-Key", key);
        return api;
    }

    private static async Task<JsonElement> JsonAsync(HttpClient api, string path) => JsonElement.Parse(await api.GetStringAsync(path));

    private static async Task<JsonElement> PostAsync(HttpClient api, string path, string body, string type)
    {
        using HttpResponseMessage answer = await api.PostAsync(path, new StringContent(body, Encoding.UTF8, type));
        string text = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return JsonElement.Parse(text);
    }
}
