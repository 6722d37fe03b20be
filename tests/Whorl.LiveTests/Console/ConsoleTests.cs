using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Whorl.Bus;
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
        await Chromium.VisitAsync(page, await PathsAsync(), async (tab, path) =>
        {
            int over = await tab.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            await Chromium.PictureAsync(tab, $"phone{(script ? "" : "-noscript")}{Name(path)}");
            over.ShouldBe(0, path);
        });
    }

    [Fact]
    public async Task Axe_finds_nothing_serious_on_any_page_in_light_or_dark()
    {
        await LookAsync(await chromium.OpenAsync(), "/sign-in", await chromium.Host.LinkAsync(), "/sign-in/link?token=x");
        await LookAsync(await chromium.SignInAsync(), [.. await PathsAsync()]);
        chromium.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Axe_is_heard_where_it_finds_something()
    {
        IPage page = await chromium.OpenAsync();
        await page.SetContentAsync("<html lang=en><title>a</title><main><h1>a</h1><img src='data:,'><p style='color:#aaa;background:#fff'>pale</p></main></html>");
        IReadOnlyList<string> all = await Chromium.FindingsAsync(page), colours = await Chromium.FindingsAsync(page, Chromium.RulesOfColour);
        all.ShouldContain(finding => finding.StartsWith("image-alt (critical): <img", StringComparison.Ordinal));
        all.ShouldContain(finding => finding.StartsWith("color-contrast (serious): <p", StringComparison.Ordinal));
        colours.ShouldHaveSingleItem().ShouldContain("pale");
    }

    [Fact]
    public async Task Pages_work_without_script()
    {
        IPage page = await chromium.SignInAsync(script: false);
        Observation request = await chromium.DayAsync();
        await page.GotoAsync("/requests?q=" + Uri.EscapeDataString("client.ip: 203.0.113.140"));
        await page.Locator($"tr[data-id='{request.Id}'] a.open").ClickAsync();
        await Assertions.Expect(page.Locator("#pane article")).ToBeVisibleAsync();
        await page.Locator("#pane").GetByRole(AriaRole.Button, new() { Name = "Tarpit" }).ClickAsync();
        await page.GotoAsync("/decisions?q=203.0.113.140");
        await Assertions.Expect(page.Locator("tbody tr").First).ToContainTextAsync("tarpit");
        await page.GotoAsync("/");
        await Assertions.Expect(page.Locator("#chart svg path.area")).ToBeAttachedAsync();
    }

    private static Task LookAsync(IPage page, params IReadOnlyList<string> paths) => Chromium.VisitAsync(page, paths, async (tab, path) =>
    {
        await Chromium.PictureAsync(tab, $"Light{Name(path)}");
        (await Chromium.FindingsAsync(tab)).ShouldBeEmpty(path);
        await tab.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await Chromium.PictureAsync(tab, $"Dark{Name(path)}");
        (await Chromium.FindingsAsync(tab, Chromium.RulesOfColour)).ShouldBeEmpty(path + " in dark");
        await tab.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
    });

    private static string Name(string path) => "-" + string.Concat(path.TakeWhile(c => c != '?' || !path.Contains("token", StringComparison.Ordinal)).Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'));

    private async Task<IEnumerable<string>> PathsAsync()
    {
        Observation request = await chromium.DayAsync();
        return Paths.Select(path => path.Replace("ID", request.Id.ToString(), StringComparison.Ordinal).Replace("ADDRESS", CapturedDay.Address, StringComparison.Ordinal));
    }

    private async Task<Observation> PublishAsync(params (string, object)[] facts)
    {
        Observation request = ConsoleHost.Request(facts);
        await chromium.Host.Services.GetRequiredService<IBus>().PublishAsync(new("observation.http.request", ConsoleHost.Batch(request), CloudEvents.BatchContentType), default);
        return request;
    }
}
