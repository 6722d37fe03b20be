using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Sources.Sites.Fetching.Names;
using Whorl.Sources.Sites.Fetching.Wire;
using Whorl.Sources.Sites.Pages.Images;
using Whorl.Sources.Sites.Scans;
using Whorl.Stores.Objects;

namespace Whorl.Sources.Sites.Fetching.Browser;

/// <summary>Pictures of pages as a browser shows them, scripts and all. A few at a time: each is a browser.</summary>
internal sealed class Screenshots(FetchOptions options, Dialer dialer, ObjectStore? objects) : IDisposable
{
    // A browser takes 200 to 400 MB and most of a core while it loads.
    private const int MaxAtOnce = 2;

    // Start of the browser before its own clock runs, and writing the picture after.
    private static readonly TimeSpan Around = TimeSpan.FromSeconds(10);

    // How long a visit waits for its turn; it has more to do than to be pictured.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _places = new(MaxAtOnce);

    public void Dispose() => _places.Dispose();

    /// <param name="faults">Gets why there is none.</param>
    public async Task<ScreenshotFacts?> TakeAsync(Uri url, SiteNames names, List<string> faults, CancellationToken cancel)
    {
        if (BrowserProcess.Find(options.Browser) is not { } browser)
        {
            faults.Add("screenshot: there is no Chromium");
            return null;
        }

        if (!await _places.WaitAsync(Patience, cancel))
        {
            faults.Add("screenshot: others were before it");
            return null;
        }

        try
        {
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(options.ScreenshotTimeout + Around);
            await using GuardedProxy proxy = new(dialer, names, options.ScreenshotMaxBytes, limit.Token);
            (byte[]? png, string? fault) = await BrowserProcess.ShootAsync(browser, url, proxy.Port, options.UserAgent, options.ScreenshotTimeout, limit.Token);
            ImageLook look = png is null ? default : ImageReader.Read(png);
            if (look is not { Format: "png", Width: { } width, Height: { } height })
            {
                faults.Add($"screenshot: {fault ?? "no picture that can be read"}");
                return null;
            }

            return new() { Phash = look.Phash, Width = width, Height = height, Object = objects is { } store ? await SiteScanner.KeepAsync(store, png) : null };
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            faults.Add("screenshot: timed_out");
            return null;
        }
        finally
        {
            _places.Release();
        }
    }
}

/// <summary>Can pictures be taken, where they are wanted?</summary>
internal sealed class ScreenshotDoctor(IOptions<SitesOptions> options) : IDoctorCheck
{
    public Task<DoctorFinding> CheckAsync(CancellationToken cancel)
    {
        const string name = "sites: screenshots";
        FetchOptions fetch = options.Value.Fetch;
        return Task.FromResult(
            !fetch.Screenshot ? new DoctorFinding(name, true, "off (Sites:Fetch:Screenshot)", null)
            : BrowserProcess.Find(fetch.Browser) is { } browser ? new DoctorFinding(name, true, browser, null)
            : new DoctorFinding(name, false, fetch.Browser.Length > 0 ? $"{fetch.Browser} is not there" : "no Chromium is installed; scans have no screenshots", "apt install chromium, or name it in Sites:Fetch:Browser"));
    }
}
