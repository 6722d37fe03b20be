using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Whorl.Sources.Sites.Fetching.Browser;

/// <summary>
/// Runs Chromium once, in its sandbox, with a profile of its own that is thrown away: no cookies, no extensions, no network but the proxy. As root it is run as nobody,
/// because Chromium has no sandbox as root.
/// </summary>
internal static class BrowserProcess
{
    public const int Width = 1280;

    public const int Height = 800;

    // A picture of 1280 × 800 that does not compress at all has 4 MB.
    private const int MaxPicture = 8 * 1024 * 1024;

    // 65534 is nobody, nogroup on every Linux.
    private static readonly string[] AsNobody = ["--reuid=65534", "--regid=65534", "--clear-groups", "--"];

    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

    private static readonly string[] Folders = ["/usr/bin", "/usr/local/bin", "/opt/google/chrome"];

    /// <summary>The browser that is named, or the first that is found; null where there is none.</summary>
    public static string? Find(string named) =>
        named.Length > 0 ? (File.Exists(named) ? named : null) : Names.SelectMany(name => Folders.Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);

    /// <summary>A picture of a page as PNG, or why there is none.</summary>
    public static async Task<(byte[]? Png, string? Fault)> ShootAsync(string browser, Uri url, int proxyPort, string userAgent, TimeSpan load, CancellationToken cancel)
    {
        // The outer folder cannot be listed and is not writable to the browser; the inner one is for whoever it runs as.
        string outer = Directory.CreateTempSubdirectory("whorl-browser-").FullName, home = Path.Combine(outer, "home");
        try
        {
            File.SetUnixFileMode(outer, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
            Directory.CreateDirectory(home);
            File.SetUnixFileMode(home, (UnixFileMode)0b111_111_111);
            string picture = Path.Combine(home, "picture.png");
            using Process process = new() { StartInfo = Info(browser, home, Arguments(url, proxyPort, userAgent, load, home, picture)) };
            process.Start();
            try
            {
                await Task.WhenAll(
                    process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, cancel), process.StandardError.BaseStream.CopyToAsync(Stream.Null, cancel), process.WaitForExitAsync(cancel));
            }
            finally
            {
                process.Kill(entireProcessTree: true);
            }

            return Read(picture) is { } png ? (png, null) : (null, string.Create(CultureInfo.InvariantCulture, $"the browser left no picture (exit code {process.ExitCode})"));
        }
        catch (Exception fault) when (fault is Win32Exception or IOException or UnauthorizedAccessException)
        {
            return (null, fault.Message);
        }
        finally
        {
            Remove(outer);
        }
    }

    // Whoever wrote it may be in a criminal's hand: neither a link nor a pipe is opened.
    private static byte[]? Read(string picture)
    {
        FileInfo file = new(picture);
        return file is { Exists: true, LinkTarget: null, Length: > 0 and <= MaxPicture } ? File.ReadAllBytes(picture) : null;
    }

    private static ProcessStartInfo Info(string browser, string home, IReadOnlyList<string> arguments)
    {
        ProcessStartInfo info = new()
        {
            FileName = Environment.IsPrivilegedProcess ? "/usr/bin/setpriv" : browser,
            WorkingDirectory = home,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in Environment.IsPrivilegedProcess ? [.. AsNobody, browser, .. arguments] : arguments)
        {
            info.ArgumentList.Add(argument);
        }

        // Nothing of the operator's: no proxies, no keys, no desktop session.
        info.Environment.Clear();
        (info.Environment["PATH"], info.Environment["HOME"], info.Environment["TMPDIR"], info.Environment["LANG"]) = ("/usr/bin:/bin", home, home, "C.UTF-8");
        return info;
    }

    private static string[] Arguments(Uri url, int proxyPort, string userAgent, TimeSpan load, string home, string picture) =>
    [
        "--headless=new", "--disable-gpu", "--hide-scrollbars", "--mute-audio", "--no-first-run", "--no-default-browser-check", "--lang=en-US",
        $"--user-data-dir={Path.Combine(home, "profile")}", $"--user-agent={userAgent}", "--ignore-certificate-errors",
        "--disable-extensions", "--disable-sync", "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--deny-permission-prompts",
        "--js-flags=--max-old-space-size=256",

        // Loopback too goes through the proxy; no name is resolved and no datagram is sent by the browser itself.
        string.Create(CultureInfo.InvariantCulture, $"--proxy-server=http://127.0.0.1:{proxyPort}"), "--proxy-bypass-list=<-loopback>",
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--disable-quic", "--force-webrtc-ip-handling-policy=disable_non_proxied_udp", "--dns-prefetch-disable",

        string.Create(CultureInfo.InvariantCulture, $"--window-size={Width},{Height}"), string.Create(CultureInfo.InvariantCulture, $"--timeout={(long)load.TotalMilliseconds}"),
        $"--screenshot={picture}", url.AbsoluteUri,
    ];

    private static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A process that is still dying wrote once more; the system clears its temporary folder.
        }
    }
}
