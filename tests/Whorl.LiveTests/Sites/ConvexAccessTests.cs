using Whorl.LiveTests.Servers;
using Whorl.Sources.Sites.Convex;
using Whorl.Sources.Sites.Jobs;
using Whorl.Stores;

namespace Whorl.LiveTests.Sites;

/// <summary>Who may call the functions, and what the others are told.</summary>
public sealed class ConvexAccessTests(ConvexHostFixture fixture) : IClassFixture<ConvexHostFixture>
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_worker_that_signs_in_and_is_named_may_do_what_the_owner_may()
    {
        ConvexHost host = await fixture.HostAsync();
        await host.ResetAsync();
        using ConvexClient client = host.Client(new() { Url = host.Url, AuthToken = ConvexHost.Token });
        ConvexRecords records = new(client, new(_ => []), TimeProvider.System);
        (await records.AddAsync([new("http://a.example/", "cli")], default)).ShouldBe(1);
        LeasedJob leased = (await records.ClaimAsync("one", 5, Lease, default)).ShouldHaveSingleItem();
        (await records.FailAsync(leased.Run, "no", new(null, Lease), default)).ShouldBeTrue();
        (await records.CountAsync(default)).Jobs[JobState.Failed].ShouldBe(1);
    }

    [Theory]
    [InlineData("", ConvexHost.StrangersToken, "WHORL_WORKERS of the deployment does not name this identity")]
    [InlineData("", "no token of theirs", "does not accept the key or token")]
    [InlineData("a wrong key", "", "does not accept the key or token")]
    [InlineData("", "", "no valid token")]
    public async Task Nobody_else_may_do_anything_and_the_error_says_why_without_the_secret(string key, string token, string reason)
    {
        ConvexHost host = await fixture.HostAsync();
        using ConvexClient client = host.Client(new() { Url = host.Url, AdminKey = key, AuthToken = token });
        ConvexRecords records = new(client, new(_ => []), TimeProvider.System);
        StoreException fault = await Should.ThrowAsync<StoreException>(() => records.AddAsync([new("http://a.example/", "cli")], default));
        fault.Message.ShouldContain(reason);
        fault.Hint.ShouldContain("CONVEX_");
        (await Should.ThrowAsync<StoreException>(() => records.CountAsync(default))).Message.ShouldContain(reason);
        foreach (string secret in new[] { key, token }.Where(each => each.Length > 0))
        {
            fault.ToString().ShouldNotContain(secret);
        }
    }

    [Fact]
    public async Task An_internal_function_is_not_to_be_found_without_the_key()
    {
        ConvexHost host = await fixture.HostAsync();
        using HttpClient http = new() { BaseAddress = new(host.Url) };
        http.DefaultRequestHeaders.Authorization = new("Bearer", ConvexHost.Token);
        using StringContent call = new("""{"path":"jobs:counts","args":{},"format":"json"}""");
        using HttpResponseMessage answer = await http.PostAsync("/api/query", call);
        ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync()).ShouldSatisfyAllConditions(
            said => said.Item1.ShouldBe(560),
            said => said.Item2.ShouldContain("Could not find public function"));
    }

    [Theory]
    [InlineData("whorl", 400)]
    [InlineData("whorl-1.2", 400)]
    [InlineData("whorl-1.2.3", 200)]
    [InlineData(null, 200)]
    public async Task A_client_that_names_itself_does_so_with_a_version(string? client, int status)
    {
        ConvexHost host = await fixture.HostAsync();
        using HttpClient http = new() { BaseAddress = new(host.Url) };
        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Convex {ConvexHost.AdminKey}");
        if (client is not null)
        {
            http.DefaultRequestHeaders.TryAddWithoutValidation("Convex-Client", client);
        }

        using StringContent call = new("""{"path":"jobs:counts","args":{},"format":"json"}""");
        using HttpResponseMessage answer = await http.PostAsync("/api/query", call);
        ((int)answer.StatusCode).ShouldBe(status);
    }
}
