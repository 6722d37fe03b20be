using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Whorl.Delivery.Api;
using Whorl.Kernel;

namespace Whorl.Tests.Api;

public sealed class DecisionApiTests : IAsyncLifetime
{
    private const string Decisions = "/api/v1/decisions";

    private ApiServer _server = null!;
    private string _key = "";

    public async ValueTask InitializeAsync()
    {
        _server = await ApiServer.StartAsync();
        _key = await _server.NewKeyAsync(mayWrite: true);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_decision_is_made_enforced_shown_and_ended()
    {
        (HttpStatusCode status, JsonElement? made) = await _server.SendAsync("POST", Decisions, _key, """{"scope":"range","value":"192.0.2.9/24","action":"block","for":"4h","reason":"a test"}""");
        status.ShouldBe(HttpStatusCode.Created);
        Text(made, "value").ShouldBe("192.0.2.0/24");
        Text(made, "origin").ShouldBe("api:writer");
        string id = Text(made, "id");
        PeerAddress.TryParse("192.0.2.77", out PeerAddress peer).ShouldBeTrue();
        IDecisionLookup lookup = _server.Services.GetRequiredService<IDecisionLookup>();
        lookup.Find(new(peer, null, null, 0, null)).Action.ShouldBe(DecisionAction.Block);

        (_, JsonElement? list) = await _server.SendAsync("GET", Decisions + "?ip=192.0.2.77", _key);
        Text(list!.Value.GetProperty("items").EnumerateArray().ShouldHaveSingleItem(), "id").ShouldBe(id);

        (status, JsonElement? ended) = await _server.SendAsync("DELETE", $"{Decisions}/{id}", _key);
        (status, ended!.Value.GetProperty("ended").GetInt32()).ShouldBe((HttpStatusCode.OK, 1));
        lookup.Find(new(peer, null, null, 0, null)).Found.ShouldBeFalse();
        (_, JsonElement? gone) = await _server.SendAsync("GET", $"{Decisions}/{id}", _key);
        gone!.Value.GetProperty("active").GetBoolean().ShouldBeFalse();
    }

    [Theory]
    [InlineData("GET", "?ip=nonsense", null)]
    [InlineData("GET", "?scope=galaxy", null)]
    [InlineData("GET", "?limit=100000", null)]
    [InlineData("GET", "/nonsense", null)]
    [InlineData("DELETE", "", null)]
    [InlineData("POST", "", """{"scope":"range","value":"0.0.0.0/0","action":"block"}""")]
    [InlineData("POST", "", """{"scope":"ip","value":"192.0.2.1","action":"block","for":"soon"}""")]
    [InlineData("POST", "", """{"scope":"ip","value":"192.0.2.1","action":"block","until":"2001-01-01T00:00:00Z"}""")]
    [InlineData("POST", "/import?action=smite", "192.0.2.1")]
    public async Task What_cannot_be_used_is_refused_with_the_next_step(string method, string rest, string? body)
    {
        (HttpStatusCode status, JsonElement? problem) = await _server.SendAsync(method, Decisions + rest, _key, body);
        status.ShouldBe(HttpStatusCode.BadRequest);
        Text(problem, "detail").ShouldNotBeEmpty();
        Text(problem, "hint").ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""{"scope":"galaxy","value":"192.0.2.1","action":"block"}""")]
    public async Task A_body_that_is_no_decision_is_refused(string body) =>
        (await _server.SendAsync("POST", Decisions, _key, body)).Status.ShouldBe(HttpStatusCode.BadRequest);

    [Fact]
    public async Task A_list_is_imported_and_exported()
    {
        (HttpStatusCode status, JsonElement? result) = await _server.SendAsync("POST", Decisions + "/import?origin=drop&for=7d", _key, "192.0.2.0/24 ; SBL1\nnonsense\n");
        status.ShouldBe(HttpStatusCode.OK);
        (result!.Value.GetProperty("added").GetInt32(), result.Value.GetProperty("faults")[0].GetProperty("line").GetInt64()).ShouldBe((1, 2));

        (_, JsonElement? exported) = await _server.SendAsync("GET", Decisions + "/export?format=json", _key);
        JsonElement decision = exported!.Value.EnumerateArray().ShouldHaveSingleItem();
        (Text(decision, "origin"), Text(decision, "reason")).ShouldBe(("import:drop", "SBL1"));
    }

    [Fact]
    public async Task Without_a_key_nothing_is_shown_and_the_answer_says_how_to_get_one()
    {
        foreach (string? key in (string?[])[null, "whorl_wrong", new string('x', 100_000)[..8000]])
        {
            (HttpStatusCode status, JsonElement? problem) = await _server.SendAsync("GET", Decisions, key);
            status.ShouldBe(HttpStatusCode.Unauthorized);
            Text(problem, "hint").ShouldContain("whorl keys add");
        }
    }

    [Fact]
    public async Task A_key_that_may_only_look_changes_nothing()
    {
        string reader = await _server.NewKeyAsync(mayWrite: false);
        (await _server.SendAsync("GET", Decisions, reader)).Status.ShouldBe(HttpStatusCode.OK);
        (await _server.SendAsync("POST", Decisions, reader, """{"scope":"ip","value":"192.0.2.1","action":"block"}""")).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await _server.SendAsync("DELETE", Decisions + "?scope=ip", reader)).Status.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_revoked_key_opens_nothing_from_then_on()
    {
        ApiKeyStore keys = _server.Services.GetRequiredService<ApiKeyStore>();
        (await keys.RemoveAsync("writer", default)).ShouldBeTrue();
        (await _server.SendAsync("GET", Decisions, _key)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_bearer_token_is_a_key() =>
        (await _server.SendAsync("GET", Decisions, null, null, ("Authorization", "Bearer " + _key))).Status.ShouldBe(HttpStatusCode.OK);

    [Fact]
    public async Task The_description_names_every_operation_and_stays_as_it_is()
    {
        (_, JsonElement? document) = await _server.SendAsync("GET", "/api/openapi.json", _key);
        document!.Value.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name} {operation.Value.GetProperty("operationId").GetString()}"))
            .Order(StringComparer.Ordinal)
            .ShouldBe(
            [
                "DELETE /api/v1/decisions endDecisions",
                "DELETE /api/v1/decisions/{id} endDecision",
                "GET /api/v1/campaigns listCampaigns",
                "GET /api/v1/campaigns/{id} getCampaign",
                "GET /api/v1/campaigns/{id}/export exportCampaign",
                "GET /api/v1/decisions listDecisions",
                "GET /api/v1/decisions/export exportDecisions",
                "GET /api/v1/decisions/{id} getDecision",
                "GET /api/v1/features getFeature",
                "GET /api/v1/jobs listJobs",
                "GET /api/v1/jobs/counts countJobs",
                "GET /api/v1/jobs/{id}/history getJobHistory",
                "GET /api/v1/sites listSites",
                "GET /api/v1/sites/export exportSites",
                "GET /api/v1/sites/{site} getSite",
                "GET /api/v1/sites/{site}/diff compareScans",
                "GET /api/v1/sites/{site}/related listRelated",
                "GET /api/v1/sites/{site}/scans listScans",
                "GET /api/v1/sites/{site}/scans/{id} getScan",
                "POST /api/v1/decisions addDecision",
                "POST /api/v1/decisions/import importDecisions",
                "POST /api/v1/jobs addJobs",
                "POST /api/v1/jobs/retry retryJobs",
            ]);
    }

    private static string Text(JsonElement? json, string name) => json!.Value.GetProperty(name).GetString()!;
}
