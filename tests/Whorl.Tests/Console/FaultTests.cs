using System.Data.Common;
using System.Net;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Whorl.Delivery.WebConsole.Accounts;
using Whorl.Delivery.WebConsole.Pages.Accounts;
using Whorl.Kernel;
using Whorl.Stores;
using Whorl.Tests.WebConsole.Sites;

namespace Whorl.Tests.WebConsole;

/// <summary>What people see where there was to be a page.</summary>
public sealed class FaultTests : IAsyncLifetime
{
    private readonly MemorySites _sites = new();
    private readonly ConsoleHost _host;

    public FaultTests() => _host = new() { More = [_sites.AddTo, AddBrokenPage] };

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_store_that_is_away_is_told_in_the_frame_of_the_console()
    {
        _sites.Fault = new HttpRequestException("no route to the secret host");

        string html = await ShownAsync(await _host.MemberAsync(), "/jobs", HttpStatusCode.ServiceUnavailable);

        html.ShouldContain("The store does not answer.");
        html.ShouldContain("aria-label=\"Main\"");
        html.ShouldContain("href=\"/jobs\">Try again</a>");
        html.ShouldContain("Reference ");
        html.ShouldNotContain("secret host");
    }

    [Fact]
    public async Task Where_not_even_accounts_can_be_read_nobody_is_signed_out_and_the_page_says_why()
    {
        HttpClient member = await _host.NewMemberAsync();
        await RunAsync("ALTER TABLE console_account RENAME TO away");

        (await ShownAsync(member, "/decisions", HttpStatusCode.ServiceUnavailable)).ShouldContain("The store does not answer.");
        using HttpResponseMessage api = await member.GetAsync("/api/v1/explain/none");
        api.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        api.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");

        await RunAsync("ALTER TABLE away RENAME TO console_account");
        (await member.GetAsync("/decisions")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_fault_of_our_own_shows_a_reference_and_keeps_its_reason_in_the_log()
    {
        _sites.Fault = new InvalidOperationException("a private reason");

        string html = await ShownAsync(await _host.MemberAsync(), "/jobs", HttpStatusCode.InternalServerError);

        html.ShouldContain("This is a fault of Whorl.");
        html.ShouldContain("Reference ");
        html.ShouldNotContain("private reason");
    }

    [Fact]
    public async Task A_page_that_breaks_while_it_is_written_is_told_too() =>
        (await ShownAsync(await _host.MemberAsync(), "/test-broken", HttpStatusCode.InternalServerError)).ShouldContain("This is a fault of Whorl.");

    [Fact]
    public async Task What_no_text_has_is_refused_before_a_store_is_asked()
    {
        HttpClient member = await _host.MemberAsync();
        string[] paths =
        [
            "/jobs?site=%00", "/sites?before=%00", "/sites?text=a%00b", "/sites?feature=title%3D%00", "/features?kind=title&value=%00", "/campaigns?text=%00", "/attackers?shown=decoy%3A%00", "/requests?q=%00",
            "/api/v1/sites?text=%00", "/api/v1/campaigns?text=%00", "/api/v1/decisions?origin=%00", "/sites/%00", "/api/v1/jobs/%00/history",
        ];
        foreach (string path in paths)
        {
            (await member.GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.BadRequest, path);
        }
    }

    [Fact]
    public async Task A_form_with_what_no_text_has_is_refused()
    {
        HttpClient member = await _host.MemberAsync();
        using MultipartFormDataContent form = new() { { new StringContent(await ConsoleHost.TokenAsync(member, "/account")), "form-token" }, { new StringContent("a\0b"), "site" } };
        using HttpResponseMessage answer = await member.PostAsync("/jobs/retry", form);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("a character that no text has");
    }

    [Fact]
    public async Task A_pasted_list_of_many_megabytes_is_added_and_one_that_is_longer_than_a_form_may_be_is_refused_in_words()
    {
        HttpClient member = await _host.MemberAsync();
        using HttpResponseMessage added = await ConsoleHost.SendAsync(member, "/sites", "/sites/add", List(9));
        using HttpResponseMessage refused = await ConsoleHost.SendAsync(member, "/sites", "/sites/add", List(17));

        (await added.Content.ReadAsStringAsync()).ShouldContain("1 new");
        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await refused.Content.ReadAsStringAsync()).ShouldContain("longer than 16 MiB");
    }

    [Fact]
    public async Task Jobs_that_nobody_named_are_not_retried_and_the_page_says_what_is_missing()
    {
        using HttpResponseMessage answer = await ConsoleHost.SendAsync(await _host.MemberAsync(), "/account", "/jobs/retry", new(StringComparer.Ordinal));
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/html");
        (await answer.Content.ReadAsStringAsync()).ShouldContain("Nothing says which jobs.");
    }

    private static Dictionary<string, string> List(int megabytes) => new(StringComparer.Ordinal) { ["list"] = $"# {new string('a', megabytes * 1024 * 1024)}\nhttps://long-list.example/" };

    // A page without the model that it shows.
    private static IHostApplicationBuilder AddBrokenPage(IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton(new EndpointMap(routes => routes.MapGet("/test-broken", () => new RazorComponentResult<AccountPage> { PreventStreamingRendering = true }).RequireAuthorization(Session.ViewPolicy)));
        return builder;
    }

    private async Task RunAsync(string sql)
    {
        await using DbConnection connection = await _host.Services.GetRequiredService<IDatabase>().OpenAsync(default);
        await connection.ExecuteAsync(sql);
    }

    private static async Task<string> ShownAsync(HttpClient member, string path, HttpStatusCode status)
    {
        using HttpResponseMessage answer = await member.GetAsync(path);
        answer.StatusCode.ShouldBe(status);
        answer.Headers.GetValues("Content-Security-Policy").Single().ShouldStartWith("default-src 'self'");
        answer.Headers.CacheControl!.NoStore.ShouldBeTrue();
        return WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync());
    }
}
