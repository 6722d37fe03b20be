using System.Text.Json;
using Whorl.LiveTests.Probes;
using Whorl.LiveTests.Processes;
using Whorl.Tests.Support;

namespace Whorl.LiveTests.Sites;

/// <summary>The real executable's <c>site</c> beside real servers and real tools.</summary>
public sealed class RealSiteTests
{
    [Theory]
    [InlineData("nginx:ssl_protocols TLSv1.2 TLSv1.3;", "1.3")]
    [InlineData("nginx:ssl_protocols TLSv1.2;", "1.2")]
    [InlineData("caddy", "1.3")]
    [InlineData("openssl:-tls1_3", "1.3")]
    public async Task Jarm_and_certificate_are_what_an_independent_scanner_and_openssl_find(string what, string version)
    {
        await using TlsServer server = await TlsServer.StartAsync(what);
        (int code, string output, string error) = await RunningProcess.RunAsync("python3", [Path.Combine(Repository.Root, "bench/probes/sequential.py"), $"127.0.0.1:{server.Port}"], limit: TimeSpan.FromMinutes(3));
        code.ShouldBe(0, error);
        using JsonDocument wanted = JsonDocument.Parse(output);

        JsonElement scan = await ScanAsync($"https://127.0.0.1:{server.Port}/");

        JsonElement tls = scan.GetProperty("tls");
        tls.GetProperty("jarm").GetString().ShouldBe(wanted.RootElement.GetProperty("jarm").GetString());
        tls.GetProperty("version").GetString().ShouldBe(version);
        tls.GetProperty("distrust").EnumerateArray().Select(each => each.GetString()).ShouldBe(["other_name", "self_signed"]);
        (_, string print, _) = await RunningProcess.RunAsync("openssl", ["x509", "-in", server.Certificate, "-noout", "-fingerprint", "-sha256"]);
        tls.GetProperty("certificates")[0].GetProperty("sha256").GetString().ShouldBe(print.Split('=')[1].Trim().Replace(":", "", StringComparison.Ordinal).ToLowerInvariant());
    }

    [Fact]
    public async Task Page_and_icon_have_the_hashes_of_the_system_s_tools()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/ssdeep"), "ssdeep is not installed (apt install ssdeep)");
        using TempFolder folder = new();
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_111_101);
        string page = "<!doctype html><title>Wallet</title>" + string.Concat(Enumerable.Range(0, 3000).Select(n => $"<p>line {n * n} of the page</p>\n"));
        await File.WriteAllTextAsync(folder.File("index.html"), page, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(folder.File("favicon.ico"), [0, 0, 1, 0, .. Enumerable.Range(0, 900).Select(n => (byte)(n * 7))], TestContext.Current.CancellationToken);
        int port = RunningProcess.FreePort();
        await using NginxSite site = await NginxSite.StartAsync($"listen 127.0.0.1:{port}; gzip on; root {folder.Path};");

        JsonElement scan = await ScanAsync($"http://127.0.0.1:{port}/");

        (_, string told, _) = await RunningProcess.RunAsync("ssdeep", ["-b", "-s", folder.File("index.html")]);
        scan.GetProperty("page").GetProperty("ssdeep").GetString().ShouldBe(told.Split('\n')[1].Split(",\"")[0]);
        scan.GetProperty("http").GetProperty("content_encoding").GetString().ShouldBe("gzip");
        scan.GetProperty("http").GetProperty("stack").EnumerateArray().Select(each => each.GetString()).ShouldContain("nginx");
        (_, string sum, _) = await RunningProcess.RunAsync("md5sum", [folder.File("favicon.ico")]);
        scan.GetProperty("icons")[0].GetProperty("md5").GetString().ShouldBe(sum.Split(' ')[0]);
    }

    [Fact]
    public async Task A_picture_is_what_scripts_make_of_the_page_and_reaches_nothing_that_the_guard_refuses()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/chromium"), "Chromium is not installed (apt install chromium)");
        using TempFolder folder = new();
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_111_101);
        int port = RunningProcess.FreePort();
        const string drawing = "document.body.innerHTML = '<div style=\"width:640px;height:400px;background:#036\"></div><p>drawn</p>'";
        string inside = $"http://127.0.0.2:{port}/inside";
        await File.WriteAllTextAsync(folder.File("plain.html"), "<title>a</title><body>", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder.File("drawn.html"), $"<title>a</title><body><img src='{inside}'><script>fetch('{inside}').catch(() => 0); {drawing}</script>", TestContext.Current.CancellationToken);
        await using NginxSite site = await NginxSite.StartAsync($"listen 127.0.0.1:{port}; listen 127.0.0.2:{port}; root {folder.Path}; location /inside {{ access_log {folder.Path}/inside.log; return 204; }}");

        JsonElement plain = await ScanAsync($"http://127.0.0.1:{port}/plain.html", "--screenshot", "--allow", "127.0.0.1/32");
        JsonElement drawn = await ScanAsync($"http://127.0.0.1:{port}/drawn.html", "--screenshot", "--allow", "127.0.0.1/32");

        JsonElement picture = drawn.GetProperty("screenshot");
        (picture.GetProperty("width").GetInt32(), picture.GetProperty("height").GetInt32()).ShouldBe((1280, 800));
        picture.GetProperty("phash").GetString()!.Length.ShouldBe(16);
        plain.GetProperty("screenshot").TryGetProperty("phash", out _).ShouldBeFalse("a page without anything is of one colour");
        (await File.ReadAllTextAsync(folder.File("inside.log"), TestContext.Current.CancellationToken)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("<body><p>loop<script>for (;;) ;</script>")]
    [InlineData("<body><p>box<script>for (let i = 0; i < 1000; i++) { alert(i); confirm(i); print(); window.open(location); }</script>")]
    [InlineData("<body><p>file<script>location = 'file:///etc/passwd'</script>")]
    [InlineData("<body><p>memory<script>let all = []; for (;;) all.push(new Array(1e6).fill(all.length));</script>")]
    public async Task A_page_that_fights_its_browser_is_scanned_all_the_same_and_leaves_nothing_running(string page)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/chromium"), "Chromium is not installed (apt install chromium)");
        using TempFolder folder = new();
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_111_101);
        int port = RunningProcess.FreePort();
        await File.WriteAllTextAsync(folder.File("index.html"), page, TestContext.Current.CancellationToken);
        await using NginxSite site = await NginxSite.StartAsync($"listen 127.0.0.1:{port}; root {folder.Path};");

        JsonElement scan = await ScanAsync($"http://127.0.0.1:{port}/", "--screenshot", "--allow", "127.0.0.1/32");

        scan.GetProperty("class").GetString().ShouldBe("http_content");
        bool picture = scan.TryGetProperty("screenshot", out _), fault = scan.GetProperty("faults").EnumerateArray().Any(each => each.GetString()!.StartsWith("screenshot: ", StringComparison.Ordinal));
        (picture ^ fault).ShouldBeTrue(scan.GetRawText());
        Directory.EnumerateDirectories("/proc").Select(process => Path.Combine(process, "cmdline")).Count(file => Text(file).Contains("/whorl-browser-", StringComparison.Ordinal)).ShouldBe(0);
    }

    // A process that has just ended has no command line.
    private static string Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static async Task<JsonElement> ScanAsync(string url, params string[] options)
    {
        using TempFolder folder = new();
        (int code, string output, string error) = await RunningProcess.RunAsync(
            WhorlProcess.Executable, ["site", "--json", .. options.Length > 0 ? options : ["--allow", "127.0.0.0/8"], url], new Dictionary<string, string?> { ["WHORL_Node__Data"] = folder.Path, ["WHORL_Sites__Fetch__ScreenshotTimeout"] = "0:00:04" });
        code.ShouldBe(0, error + output);
        using JsonDocument document = JsonDocument.Parse(output);
        return document.RootElement.Clone();
    }
}
