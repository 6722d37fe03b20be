using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Whorl.Analysis.Journal;
using Whorl.Bus;
using Whorl.Delivery.Api;
using Whorl.Delivery.WebConsole.Requests;
using Whorl.Kernel;
using Whorl.LiveTests.Servers;
using Whorl.Tests.WebConsole;

namespace Whorl.LiveTests.WebConsole;

/// <summary>Every query of the console and the API, against a real PostgreSQL: one node stores, another, that was not there, shows.</summary>
public sealed class PostgresConsoleTests(LiveServers servers)
{
    private const string Address = "203.0.113.151";

    private const string Decisions = "/api/v1/decisions";

    [Fact]
    public async Task Pages_show_what_another_node_stored()
    {
        string database = await (await servers.PostgresAsync()).NewDatabaseAsync();
        (Observation request, Observation hello, DecisionId decision) = await StoreAsync(database);
        await using ConsoleHost reader = await StartAsync(database, "reader");
        reader.Services.GetRequiredService<LiveRequests>().Newest().ShouldBeEmpty("everything below comes from the database");
        HttpClient client = await reader.MemberAsync();

        await ShowsAsync(client, "/", "requests");
        await ShowsAsync(client, "/requests", "/page-59");
        await ShowsAsync(client, Filtered("/requests", $"client.ip: {Address} and http.path: /stored*"), request.Id.ToString());
        await ShowsAsync(client, Filtered("/requests", "client.ip: 203.0.113.0/24 and http.status >= 400 and not tls.ja4: other and http.user_agent: *evil*"), request.Id.ToString());
        await ShowsAsync(client, Filtered("/requests", "verdict.rules: exploits.paths or id: none"), request.Id.ToString());
        (await GetAsync(client, Filtered("/requests", "client.ip: 203.0.113.152"))).ShouldNotContain("/stored");
        long second = request.Time.ToUnixTimeSeconds();
        string stored = Filtered("/requests", "http.path: /stored");
        await ShowsAsync(client, $"{stored}&from={second - 60}&to={second + 60}", request.Id.ToString());
        (await GetAsync(client, $"{stored}&from={second - 120}&to={second - 60}")).ShouldNotContain(request.Id.ToString());
        await ShowsAsync(client, "/requests/" + request.Id, "Blocked by rule exploits.paths");
        await ShowsAsync(client, "/requests/" + hello.Id, "tls.client_hello about ip:" + Address);
        await ShowsAsync(client, Filtered("/capture", $"source.ip: {Address}"), "t13d1516h2_pg");
        string address = await ShowsAsync(client, "/addresses/" + Address, "seen in postgres");
        address.ShouldContain("t13d1516h2_pg");
        address.ShouldContain("evil/1.0");
        await ShowsAsync(client, "/decisions", decision.ToString());
        await ShowsAsync(client, "/decisions?q=" + Address, "seen in postgres");
        await ShowsAsync(client, "/rules", "Rules");
        await ShowsAsync(client, "/account", "password");
    }

    [Fact]
    public async Task Pages_of_the_list_join_without_gap_or_repeat()
    {
        string database = await (await servers.PostgresAsync()).NewDatabaseAsync();
        await StoreAsync(database);
        await using ConsoleHost reader = await StartAsync(database, "reader");
        HttpClient client = await reader.MemberAsync();

        List<string> paths = [];
        string? next = Filtered("/requests", "http.path: /page-*");
        for (int page = 0; next is not null && page < 5; page++)
        {
            string html = await GetAsync(client, next);
            paths.AddRange(Enumerable.Range(0, 60).Select(i => $"/page-{i:00}").Where(path => html.Contains(path + "\"", StringComparison.Ordinal) || html.Contains($">{path}<", StringComparison.Ordinal)));
            int at = html.IndexOf("before=", StringComparison.Ordinal);
            next = at < 0 ? null : html[html.LastIndexOf('"', at)..][1..].Split('"')[0];
        }

        paths.Order(StringComparer.Ordinal).ShouldBe(Enumerable.Range(0, 60).Select(i => $"/page-{i:00}"));
    }

    [Fact]
    public async Task Forms_and_the_api_change_what_is_stored()
    {
        string database = await (await servers.PostgresAsync()).NewDatabaseAsync();
        (Observation request, _, DecisionId decision) = await StoreAsync(database);
        await using ConsoleHost host = await StartAsync(database, "reader");
        HttpClient client = await host.MemberAsync();
        await SendAsync(client, "/decisions/add", new() { ["target"] = "range=198.51.100.0/24", ["action"] = "block", ["term"] = "1h", ["reason"] = "by a form" });
        await ShowsAsync(client, "/decisions?q=198.51.100.7", "by a form");
        await SendAsync(client, "/decisions/remove", new() { ["id"] = decision.ToString() });
        (await host.DecisionsAsync()).ShouldNotContain(each => each.Id == decision);

        using HttpClient api = host.Stranger();
        api.DefaultRequestHeaders.Add("X-Api-Key", await host.Services.GetRequiredService<ApiKeyStore>().AddAsync("writer", mayWrite: true, default));
        (await JsonAsync(api, HttpMethod.Get, "/api/v1/explain/" + request.Id)).GetProperty("action").GetString().ShouldBe("block");
        JsonElement made = await JsonAsync(api, HttpMethod.Post, Decisions, """{"scope":"ja4","value":"t13d1516h2_8daaf6152771_02713d6af862","action":"throttle","for":"4h","reason":"by the api"}""");
        string id = made.GetProperty("id").GetString()!;
        foreach (string filter in (string[])["?scope=ja4", "?origin=api:writer", "?action=throttle", "?scenario=manual&limit=10", "?active=any&value=" + made.GetProperty("value").GetString()])
        {
            (await JsonAsync(api, HttpMethod.Get, Decisions + filter)).GetProperty("items").EnumerateArray().Select(each => each.GetProperty("id").GetString()).ShouldContain(id, filter);
        }

        (await JsonAsync(api, HttpMethod.Get, Decisions + "?ip=198.51.100.200")).GetProperty("items").EnumerateArray().ShouldHaveSingleItem();
        (await JsonAsync(api, HttpMethod.Get, $"{Decisions}/{id}")).GetProperty("reason").GetString().ShouldBe("by the api");
        (await JsonAsync(api, HttpMethod.Post, Decisions + "/import?origin=drop&format=plain", "192.0.2.0/28\n# a comment\n192.0.2.77\n")).GetProperty("added").GetInt32().ShouldBe(2);
        (await api.GetStringAsync(Decisions + "/export?format=plain")).ShouldContain("192.0.2.77");
        (await JsonAsync(api, HttpMethod.Post, Decisions + "/import?origin=drop&format=plain&end-missing=true", "192.0.2.77\n")).GetProperty("ended").GetInt32().ShouldBe(1);
        (await JsonAsync(api, HttpMethod.Delete, $"{Decisions}/{id}")).GetProperty("ended").GetInt32().ShouldBe(1);
        (await JsonAsync(api, HttpMethod.Delete, Decisions + "?origin=import:drop")).GetProperty("ended").GetInt32().ShouldBe(1);
    }

    private static async Task<ConsoleHost> StartAsync(string database, string node)
    {
        ConsoleHost host = new()
        {
            Settings = new(StringComparer.Ordinal) { ["Store:Provider"] = "Postgres", ["Store:ConnectionString"] = database, ["Node:Name"] = node },
        };
        await host.InitializeAsync();
        return host;
    }

    /// <summary>A node sees sixty ordinary requests, a refused one and a hello, decides, and stops.</summary>
    private static async Task<(Observation Request, Observation Hello, DecisionId Decision)> StoreAsync(string database)
    {
        await using ConsoleHost writer = await StartAsync(database, "writer");
        Observation request = ConsoleHost.Request(
            ("client.ip", Address), ("http.path", "/stored"), ("http.status", 403), ("http.user_agent", "evil/1.0"), ("tls.ja4", "t13d1516h2_pg"),
            ("verdict.action", "block"), ("verdict.cause", "rule"), ("verdict.rule", "exploits.paths"), ("verdict.score", 70),
            ("verdict.rules", new[] { new { id = "exploits.paths", version = 1, weight = 70, action = "block", simulated = false, description = "Asks for what only attackers ask for." } }));
        Observation[] ordinary = [.. Enumerable.Range(0, 60).Select(i => ConsoleHost.Request(("client.ip", "198.51.100.9"), ("http.path", $"/page-{i:00}")))];
        Observation hello = new(
            ObservationId.New(TimeProvider.System), "tls.client_hello", TimeProvider.System.GetUtcNow(), "edge1", new("ip:" + Address),
            JsonElement.Parse($$"""{"source.ip":"{{Address}}","destination.ip":"198.51.100.1","tls.ja4":"t13d1516h2_pg","tls.sni":"shop.example"}"""));
        IBus bus = writer.Services.GetRequiredService<IBus>();
        await bus.PublishAsync(new("observation.http.request", ConsoleHost.Batch([.. ordinary, request]), CloudEvents.BatchContentType), default);
        await bus.PublishAsync(new("observation.tls.client_hello", ConsoleHost.Batch(hello), CloudEvents.BatchContentType), default);
        DecisionId decision = DecisionId.New(TimeProvider.System);
        await writer.Writer.AddAsync([new(decision, "console", "manual", DecisionScope.Ip, Address, DecisionAction.Block, null, "seen in postgres", false)], default);
        JournalStore journal = writer.Services.GetRequiredService<JournalStore>();
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(30));
        while (await journal.FindAsync(request.Id, late.Token) is null || await journal.FindAsync(hello.Id, late.Token) is null)
        {
            await Task.Delay(50, late.Token);
        }

        return (request, hello, decision);
    }

    private static string Filtered(string path, string filter) => path + "?q=" + Uri.EscapeDataString(filter);

    private static async Task<string> GetAsync(HttpClient client, string path)
    {
        using HttpResponseMessage answer = await client.GetAsync(path);
        string html = WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync());
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, path + html);
        return html;
    }

    private static async Task<string> ShowsAsync(HttpClient client, string path, string text)
    {
        string html = await GetAsync(client, path);
        html.ShouldContain(text, Case.Sensitive, path);
        return html;
    }

    private static async Task SendAsync(HttpClient client, string action, Dictionary<string, string> fields)
    {
        using HttpResponseMessage answer = await ConsoleHost.SendAsync(client, "/decisions", action, fields);
        answer.StatusCode.ShouldBeOneOf([HttpStatusCode.Found, HttpStatusCode.SeeOther]);
    }

    private static async Task<JsonElement> JsonAsync(HttpClient api, HttpMethod method, string path, string? body = null)
    {
        using HttpRequestMessage request = new(method, path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, body.StartsWith('{') ? "application/json" : "text/plain") };
        using HttpResponseMessage answer = await api.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        answer.IsSuccessStatusCode.ShouldBeTrue($"{method} {path}: {answer.StatusCode} {text}");
        return JsonElement.Parse(text);
    }
}
