using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Whorl.Delivery.WebConsole.Accounts;
using Whorl.Tests.Support;

namespace Whorl.Tests.WebConsole;

public sealed class SignInTests(ConsoleHost host) : IClassFixture<ConsoleHost>
{
    [Theory]
    [InlineData("/")]
    [InlineData("/requests")]
    [InlineData("/requests/0")]
    [InlineData("/decisions")]
    [InlineData("/rules")]
    [InlineData("/account")]
    [InlineData("/help")]
    [InlineData("/fields.json")]
    public async Task A_stranger_is_sent_to_the_sign_in_page(string path)
    {
        using HttpResponseMessage answer = await host.Stranger().GetAsync(path);

        answer.StatusCode.ShouldBe(HttpStatusCode.Found);
        answer.Headers.Location!.PathAndQuery.ShouldStartWith("/sign-in?next=");
    }

    [Fact]
    public async Task A_stranger_gets_no_stream() =>
        (await host.Stranger().GetAsync("/stream/requests")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);

    [Fact]
    public async Task The_link_makes_an_account_once()
    {
        HttpClient first = host.Stranger(), second = host.Stranger();
        string link = await host.LinkAsync();
        string token = link[(link.IndexOf('=') + 1)..];
        Dictionary<string, string> form = new() { ["token"] = token, ["name"] = "Ada", ["password"] = ConsoleHost.Password, ["again"] = ConsoleHost.Password };

        // Opening it, as a mail scanner might, uses nothing up.
        (await second.GetAsync(link)).StatusCode.ShouldBe(HttpStatusCode.OK);
        using HttpResponseMessage made = await ConsoleHost.SendAsync(first, link, "/sign-in/link", new(form));
        made.StatusCode.ShouldBe(HttpStatusCode.Found);
        string cookie = made.Headers.GetValues("Set-Cookie").Single(value => value.StartsWith("whorl-session=", StringComparison.Ordinal)).ToLowerInvariant();
        cookie.ShouldContain("httponly");
        cookie.ShouldContain("samesite=strict");
        (await first.GetStringAsync("/")).ShouldContain(">ada<");

        using HttpResponseMessage again = await ConsoleHost.SendAsync(second, "/sign-in", "/sign-in/link", new(form) { ["name"] = "eve" });
        again.StatusCode.ShouldBe(HttpStatusCode.Gone);
        (await second.GetAsync(link)).StatusCode.ShouldBe(HttpStatusCode.Gone);
    }

    [Fact]
    public async Task A_link_is_good_for_half_an_hour()
    {
        ManualClock clock = new();
        AccountStore accounts = ActivatorUtilities.CreateInstance<AccountStore>(host.Services, clock);
        string token = await accounts.AddLinkAsync(null, default);

        clock.Advance(TimeSpan.FromMinutes(29));
        (await accounts.PeekLinkAsync(token, default)).ShouldNotBeNull();
        clock.Advance(TimeSpan.FromMinutes(2));
        (await accounts.PeekLinkAsync(token, default)).ShouldBeNull();
        (await accounts.UseLinkAsync(token, default)).ShouldBeFalse();
    }

    [Theory]
    [InlineData("", ConsoleHost.Password, ConsoleHost.Password, "user name")]
    [InlineData("bob", "short", "short", "at least 12")]
    [InlineData("bob", ConsoleHost.Password, "something else entirely", "differ")]
    [InlineData("bob", "aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa", "five different")]
    [InlineData("<b>", ConsoleHost.Password, ConsoleHost.Password, "lower-case letters")]
    public async Task A_poor_account_is_refused_and_the_link_stays_good(string name, string password, string again, string says)
    {
        HttpClient client = host.Stranger();
        string link = await host.LinkAsync((await AddAsync()).Id);
        string fresh = name == "bob" ? link : await host.LinkAsync();
        using HttpResponseMessage answer = await ConsoleHost.SendAsync(client, fresh, "/sign-in/link", new() { ["token"] = fresh[(fresh.IndexOf('=') + 1)..], ["name"] = name, ["password"] = password, ["again"] = again });

        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await answer.Content.ReadAsStringAsync()).ShouldContain(says);
        (await client.GetAsync(fresh)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Sign_in_leads_back_to_where_one_wanted_to_go_and_nowhere_else()
    {
        Account account = await AddAsync();
        foreach ((string next, string leads) in ((string, string)[])[("/requests?q=a", "/requests?q=a"), ("//evil.example", "/"), ("https://evil.example", "/"), ("/\\evil.example", "/")])
        {
            using HttpResponseMessage answer = await ConsoleHost.SendAsync(host.Stranger(), "/sign-in", "/sign-in", new() { ["name"] = account.Name, ["password"] = ConsoleHost.Password, ["next"] = next });
            answer.Headers.Location!.OriginalString.ShouldBe(leads);
        }
    }

    [Fact]
    public async Task Guessing_is_slowed_for_the_account_even_with_the_right_password()
    {
        Account account = await AddAsync();
        HttpClient client = host.Stranger();
        SignInThrottle throttle = host.Services.GetRequiredService<SignInThrottle>();
        for (int i = 0; i < SignInThrottle.FreeTries; i++)
        {
            throttle.Failed(account.Name, $"192.0.2.{i}");
        }

        using HttpResponseMessage answer = await ConsoleHost.SendAsync(client, "/sign-in", "/sign-in", new() { ["name"] = account.Name, ["password"] = ConsoleHost.Password });

        answer.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        answer.Headers.RetryAfter.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_name_look_the_same()
    {
        Account account = await AddAsync();
        List<string> pages = [];
        foreach ((string name, string password) in ((string, string)[])[(account.Name, "wrong wrong wrong"), ("nobody-at-all", ConsoleHost.Password)])
        {
            using HttpResponseMessage answer = await ConsoleHost.SendAsync(host.Stranger(), "/sign-in", "/sign-in", new() { ["name"] = name, ["password"] = password });
            answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
            string page = await answer.Content.ReadAsStringAsync();
            pages.Add(page[page.IndexOf("class=\"fault\"", StringComparison.Ordinal)..page.IndexOf("<form", StringComparison.Ordinal)]);
        }

        pages[0].ShouldBe(pages[1]);
    }

    [Fact]
    public async Task Changing_the_password_ends_every_other_session()
    {
        Account account = await AddAsync();
        HttpClient here = host.Stranger(), there = host.Stranger();
        foreach (HttpClient client in (HttpClient[])[here, there])
        {
            await ConsoleHost.SendAsync(client, "/sign-in", "/sign-in", new() { ["name"] = account.Name, ["password"] = ConsoleHost.Password });
            (await client.GetAsync("/")).StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        using HttpResponseMessage changed = await ConsoleHost.SendAsync(here, "/account", "/account/password", new() { ["current"] = ConsoleHost.Password, ["password"] = "another fine sentence", ["again"] = "another fine sentence" });

        changed.StatusCode.ShouldBe(HttpStatusCode.Found);
        (await here.GetAsync("/")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await there.GetAsync("/")).StatusCode.ShouldBe(HttpStatusCode.Found);
    }

    [Fact]
    public async Task A_removed_account_is_out_at_once()
    {
        HttpClient client = await host.NewMemberAsync();
        string name = (await host.Services.GetRequiredService<AccountStore>().ListAsync(default)).OrderByDescending(account => account.Id).First().Name;

        await host.Services.GetRequiredService<AccountStore>().RemoveAsync(name, default);

        (await client.GetAsync("/")).StatusCode.ShouldBe(HttpStatusCode.Found);
    }

    [Fact]
    public async Task Signing_out_forgets_the_session()
    {
        HttpClient client = await host.NewMemberAsync();
        await ConsoleHost.SendAsync(client, "/", "/sign-out", []);
        (await client.GetAsync("/")).StatusCode.ShouldBe(HttpStatusCode.Found);
    }

    [Theory]
    [InlineData("/sign-in")]
    [InlineData("/sign-in/link")]
    [InlineData("/sign-out")]
    [InlineData("/account/password")]
    [InlineData("/decisions/add")]
    [InlineData("/decisions/remove")]
    [InlineData("/decisions/import")]
    public async Task A_form_without_our_token_is_refused(string action)
    {
        HttpClient client = await host.MemberAsync();
        int before = (await host.DecisionsAsync()).Count;

        using HttpResponseMessage answer = await client.PostAsync(action, new FormUrlEncodedContent([new("value", "203.0.113.77"), new("scope", "ip")]));

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await host.DecisionsAsync()).Count.ShouldBe(before);
    }

    [Fact]
    public async Task Passwords_and_link_tokens_are_stored_hashed()
    {
        Account account = await AddAsync();
        account.Hash.ShouldNotBeNull();
        account.Hash.ShouldNotContain(ConsoleHost.Password);
        string token = await host.Services.GetRequiredService<AccountStore>().AddLinkAsync(account.Id, default);
        token.Length.ShouldBe(64);
        await using System.Data.Common.DbConnection connection = await host.Services.GetRequiredService<Whorl.Stores.IDatabase>().OpenAsync(default);
        await using System.Data.Common.DbCommand command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM console_link WHERE lower(hex(hash)) = '" + token + "'";
        (await command.ExecuteScalarAsync()).ShouldBe(0L);
    }

    private async Task<Account> AddAsync()
    {
        string name = "a" + Guid.CreateVersion7().ToString("N");
        await host.AddAccountAsync(name, AccountRole.Operator);
        return (await host.Services.GetRequiredService<AccountStore>().FindAsync(name, default))!;
    }
}
