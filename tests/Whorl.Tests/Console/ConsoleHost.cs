using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Whorl.Analysis.Decisions;
using Whorl.Analysis.Journal;
using Whorl.Analysis.Rules;
using Whorl.Bus;
using Whorl.Delivery.WebConsole;
using Whorl.Delivery.WebConsole.Accounts;
using Whorl.Delivery.WebConsole.Requests;
using Whorl.Hosting;
using Whorl.Kernel;
using Whorl.Stores;

namespace Whorl.Tests.WebConsole;

/// <summary>A real host with the console on a free port, and a store in a folder of its own.</summary>
public sealed partial class ConsoleHost : IAsyncLifetime
{
    public const string Password = "five blue whales at sea";

    private static int _made;

    private readonly string _data = Directory.CreateTempSubdirectory("whorl-console-").FullName;
    private readonly Dictionary<AccountRole, HttpClient> _members = [];
    private WebApplication _app = null!;

    /// <summary>Modules and settings of a host of a test's own, beside the usual ones.</summary>
    internal IReadOnlyList<Func<IHostApplicationBuilder, IHostApplicationBuilder>> More { get; init; } = [];

    internal Dictionary<string, string?> Settings { get; init; } = new(StringComparer.Ordinal);

    internal IServiceProvider Services => _app.Services;

    internal IDecisionWriter Writer => Services.GetRequiredService<IDecisionWriter>();

    public Uri Address { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        IConfigurationRoot configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Node:Data"] = _data,
            ["Node:Name"] = "test",
            ["Console:Listen"] = "http://127.0.0.1:0",
            ["Logging:LogLevel:Default"] = "Warning",
        }).AddInMemoryCollection(Settings).Build();
        Role role = new("console", "", [StoresModule.AddStores, BusModule.AddBus, JournalModule.AddJournal, RulesModule.AddRules, ConsoleModule.AddConsole, .. More]);
        _app = WhorlHost.Build([role], configuration);
        await _app.StartAsync();

        // Of the links for a first account only the newest is good: the one that is printed at the start is not to take the place of a test's.
        await Services.GetServices<IHostedService>().OfType<FirstSignIn>().Single().ExecuteTask!;
        Address = new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First(address => address.StartsWith("http://127", StringComparison.Ordinal)));
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    /// <summary>A browser without script: keeps cookies, follows no redirect by itself.</summary>
    public HttpClient Stranger() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = true, CookieContainer = new CookieContainer() }) { BaseAddress = Address };

    /// <summary>The same, signed in.</summary>
    internal async Task<HttpClient> MemberAsync(AccountRole role = AccountRole.Operator)
    {
        // Hashing takes a tenth of a second by design: one session of each role serves all tests that only look.
        if (!_members.TryGetValue(role, out HttpClient? member))
        {
            _members[role] = member = await NewMemberAsync(role);
        }

        return member;
    }

    /// <summary>A session that the test may end.</summary>
    internal async Task<HttpClient> NewMemberAsync(AccountRole role = AccountRole.Operator)
    {
        string name = "u" + Uuid7.Text(Uuid7.New(TimeProvider.System));
        await AddAccountAsync(name, role);
        HttpClient client = Stranger();
        using HttpResponseMessage answer = await SendAsync(client, "/sign-in", "/sign-in", new() { ["name"] = name, ["password"] = Password });
        answer.StatusCode.ShouldBe(HttpStatusCode.Found);
        return client;
    }

    internal async Task AddAccountAsync(string name, AccountRole role) =>
        (await Services.GetRequiredService<AccountStore>().AddAsync(name, role, await Services.GetRequiredService<Passwords>().HashAsync(Password, default), default)).ShouldNotBeNull();

    internal async Task<string> LinkAsync(Guid? account = null) =>
        "/sign-in/link?token=" + await Services.GetRequiredService<AccountStore>().AddLinkAsync(account, default);

    /// <summary>Opens <paramref name="page"/>, takes its form token, and sends a form to <paramref name="action"/>.</summary>
    public static async Task<HttpResponseMessage> SendAsync(HttpClient client, string page, string action, Dictionary<string, string> fields)
    {
        fields["form-token"] = await TokenAsync(client, page);
        return await client.PostAsync(action, new FormUrlEncodedContent(fields));
    }

    /// <summary>The form token of a page.</summary>
    public static async Task<string> TokenAsync(HttpClient client, string page) => WebUtility.HtmlDecode(FormToken().Match(await client.GetStringAsync(page)).Groups["v"].Value);

    /// <summary>A request as the edge reports it; what is not given is ordinary.</summary>
    internal static Observation Request(params (string Name, object Value)[] facts)
    {
        Dictionary<string, object> all = new(StringComparer.Ordinal)
        {
            ["client.ip"] = "203.0.113.9", ["http.method"] = "GET", ["http.host"] = "shop.example", ["http.path"] = "/", ["http.user_agent"] = "Mozilla/5.0", ["http.status"] = 200,
            ["verdict.action"] = "allow", ["verdict.cause"] = "none", ["verdict.score"] = 0,
        };
        foreach ((string name, object value) in facts)
        {
            all[name] = value;
        }

        // A millisecond apart: ids of one millisecond have no order.
        DateTimeOffset time = TimeProvider.System.GetUtcNow().AddMilliseconds(Interlocked.Increment(ref _made));
        return new(new(Guid.CreateVersion7(time)), "http.request", time, "edge1", new("ip:" + all["client.ip"]), JsonSerializer.SerializeToElement(all));
    }

    /// <summary>Shows a request to the console at once, past the bus.</summary>
    internal Observation Seen(params (string Name, object Value)[] facts)
    {
        Observation request = Request(facts);
        Services.GetRequiredService<LiveRequests>().Add(Batch(request));
        return request;
    }

    internal static byte[] Batch(params Observation[] observations) =>
        [.. "[\n"u8, .. observations.SelectMany((o, i) => (byte[])[.. i == 0 ? ""u8 : ",\n"u8, .. CloudEvents.Write(o)]), .. "\n]"u8];

    /// <summary>Decisions in force, newest first.</summary>
    internal async Task<IReadOnlyList<Decision>> DecisionsAsync() =>
        [.. (await Services.GetRequiredService<DecisionStore>().ListAsync(new() { Limit = 1000 }, default)).Select(stored => stored.Decision)];

    [GeneratedRegex("name=\"form-token\" value=\"(?<v>[^\"]+)\"", RegexOptions.NonBacktracking)]
    private static partial Regex FormToken();
}
