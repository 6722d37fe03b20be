using System.Collections.Concurrent;
using Deque.AxeCore.Commons;
using Microsoft.Playwright;
using Whorl.Kernel;
using Whorl.Tests.WebConsole;
using Whorl.Tests.WebConsole.Sites;

namespace Whorl.LiveTests.WebConsole;

/// <summary>Debian's Chromium, driven by Playwright, and a console to look at.</summary>
public sealed class Chromium : IAsyncLifetime
{
    // In the page itself: Deque's bindings open a page more for each that is looked at. No page has frames or sound, which is what is left out.
    private const string RunAxe = """
        async rules => {
          const found = await axe.run(document, { resultTypes: ['violations'], iframes: false, preload: false, ...(rules && { runOnly: { type: 'rule', values: rules } }) });
          return found.violations.filter(each => each.impact === 'serious' || each.impact === 'critical')
            .map(each => `${each.id} (${each.impact}): ${each.nodes.slice(0, 3).map(node => node.html).join('; ')}`);
        }
        """;

    private const string Executable = "/usr/bin/chromium";

    private static readonly string Axe = new BundledAxeScriptProvider().GetScript();

    // A driver that dies while starting is otherwise waited for without end, as is a page that does not become what a test expects.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // A page waits for the server as long as the browser works on it: more tabs than these only wait for each other.
    private const int Tabs = 3;

    /// <summary>Rules of axe that see colours. All others find in the dark what they find in the light: the page is the same.</summary>
    public static readonly string[] RulesOfColour = ["color-contrast", "link-in-text-block"];

    // What the console must never bring forth in a browser.
    private readonly List<string> _complaints = [];
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private IBrowserContext? _context;
    private Task<Observation>? _day;

    internal MemorySites Sites { get; } = new();

    public ConsoleHost Host { get; }

    public Chromium() => Host = new() { More = [Sites.AddTo, SitesDay.AddCampaign] };

    /// <summary>Errors of scripts and breaches of the policy since the start.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    public async ValueTask InitializeAsync()
    {
        await Host.InitializeAsync();
        if (File.Exists(Executable))
        {
            Assertions.SetDefaultExpectTimeout((float)Patience.TotalMilliseconds);
            _playwright = await Playwright.CreateAsync().WaitAsync(Patience);
            _browser = await _playwright.Chromium.LaunchAsync(new()
            {
                ExecutablePath = Executable,
                Args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
            }).WaitAsync(Patience);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        await Host.DisposeAsync();
    }

    internal async Task<IPage> OpenAsync(int width = 1360, int height = 860, ColorScheme scheme = ColorScheme.Light, bool script = true)
    {
        Assert.SkipWhen(_browser is null, "Chromium is absent: install Debian's chromium");
        if (_context is not null)
        {
            // Pages that stay open go on asking the console, and take the time of those that are looked at.
            await _context.CloseAsync();
        }

        IBrowserContext context = _context = await _browser!.NewContextAsync(new()
        {
            BaseURL = Host.Address.ToString(),
            ViewportSize = new() { Width = width, Height = height },
            ColorScheme = scheme,
            JavaScriptEnabled = script,
        });
        context.SetDefaultTimeout((float)Patience.TotalMilliseconds);
        context.WebError += (_, error) => Complain(error.Error);
        context.Console += (_, message) =>
        {
            if (message.Type == "error" && !message.Text.Contains("status of 4", StringComparison.Ordinal))
            {
                Complain(message.Text);
            }
        };
        return await context.NewPageAsync();
    }

    /// <summary>A page that is signed in by the one-time link.</summary>
    internal async Task<IPage> SignInAsync(int width = 1360, int height = 860, ColorScheme scheme = ColorScheme.Light, bool script = true)
    {
        IPage page = await OpenAsync(width, height, scheme, script);
        await page.GotoAsync(await Host.LinkAsync());
        await page.GetByLabel("User name").FillAsync("p" + Guid.CreateVersion7().ToString("N"));
        await page.GetByLabel("Password, at least").FillAsync(ConsoleHost.Password);
        await page.GetByLabel("The same again").FillAsync(ConsoleHost.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Make account" }).ClickAsync();
        await page.WaitForURLAsync("**/");
        return page;
    }

    /// <summary>A console as on a working day; the request that was refused is returned.</summary>
    internal Task<Observation> DayAsync() => _day ??= ConsoleDay.FillAsync(Host, Sites);

    /// <summary>Opens each path in one of a few tabs of the page's session, and looks at it there.</summary>
    internal static async Task VisitAsync(IPage page, IEnumerable<string> paths, Func<IPage, string, Task> look)
    {
        ConcurrentQueue<string> left = new(paths);
        async Task GoAsync(IPage tab)
        {
            while (left.TryDequeue(out string? path))
            {
                await tab.GotoAsync(path);
                await look(tab, path);
            }
        }

        List<Task> going = [GoAsync(page)];
        while (going.Count < Tabs)
        {
            going.Add(GoAsync(await page.Context.NewPageAsync()));
        }

        await Task.WhenAll(going);
    }

    /// <summary>Serious and critical findings of axe, by all rules or by some.</summary>
    internal static async Task<IReadOnlyList<string>> FindingsAsync(IPage page, string[]? rules = null)
    {
        if (!await page.EvaluateAsync<bool>("typeof axe === 'object'"))
        {
            await page.EvaluateAsync(Axe);
        }

        return await page.EvaluateAsync<string[]>(RunAxe, rules);
    }

    /// <summary>Keeps a picture where WHORL_PICTURES names a folder.</summary>
    internal static async Task PictureAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("WHORL_PICTURES") is { Length: > 0 } folder)
        {
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png") });
        }
    }

    private void Complain(string text)
    {
        lock (_complaints)
        {
            _complaints.Add(text);
        }
    }
}
