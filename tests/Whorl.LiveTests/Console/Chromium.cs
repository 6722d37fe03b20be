using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Whorl.Tests.WebConsole;
using Whorl.Tests.WebConsole.Sites;

namespace Whorl.LiveTests.WebConsole;

/// <summary>Debian's Chromium, driven by Playwright, and a console to look at.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private const string Executable = "/usr/bin/chromium";

    // A driver that dies while starting is otherwise waited for without end.
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);

    // What the console must never bring forth in a browser.
    private readonly List<string> _complaints = [];
    private IPlaywright? _playwright;
    private IBrowser? _browser;

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
            _playwright = await Playwright.CreateAsync().WaitAsync(StartTime);
            _browser = await _playwright.Chromium.LaunchAsync(new()
            {
                ExecutablePath = Executable,
                Args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
            }).WaitAsync(StartTime);
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
        IBrowserContext context = await _browser!.NewContextAsync(new()
        {
            BaseURL = Host.Address.ToString(),
            ViewportSize = new() { Width = width, Height = height },
            ColorScheme = scheme,
            JavaScriptEnabled = script,
        });
        context.SetDefaultTimeout(15_000);
        IPage page = await context.NewPageAsync();
        page.PageError += (_, error) => Complain(error);
        page.Console += (_, message) =>
        {
            if (message.Type == "error" && !message.Text.Contains("status of 4", StringComparison.Ordinal))
            {
                Complain(message.Text);
            }
        };
        return page;
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

    /// <summary>Serious and critical findings of axe.</summary>
    internal static async Task<IReadOnlyList<string>> FindingsAsync(IPage page)
    {
        AxeResult result = await page.RunAxe();
        return [.. result.Violations.Where(violation => violation.Impact is "serious" or "critical")
            .Select(violation => $"{violation.Id} ({violation.Impact}): {string.Join("; ", violation.Nodes.Take(3).Select(node => node.Html))}")];
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
