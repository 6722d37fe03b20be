using Whorl.LiveTests.Foundation;
using Whorl.LiveTests.Processes;
using Whorl.Tests.Support;

namespace Whorl.LiveTests.Edge;

/// <summary>The sample files of <c>deploy/</c>, with the real nginx and caddy asking the real executable.</summary>
public sealed class ForwardAuthTests
{
    private const string Browser = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

    [Fact]
    public async Task Nginx_serves_a_browser_refuses_a_crawler_and_stays_open_without_us()
    {
        await using NginxSite site = await NginxSite.StartAsync();
        int ask = RunningProcess.FreePort();
        WhorlProcess whorl = await AskedAsync(ask);
        await using NginxSite front = await NginxSite.StartAsync(Sample("nginx", "whorl.conf", site, ask));

        (await FirstMinutesTests.CurlAsync(front.Port, "-A", Browser)).ShouldContain("the site");
        (await FirstMinutesTests.CurlAsync(front.Port, "-A", Browser, "-H", "X-Forwarded-Uri: /.env", "-H", "X-Original-URI: /.env")).ShouldContain("the site");
        string refused = await FirstMinutesTests.CurlAsync(front.Port, "-A", "GPTBot/1.2");
        refused.ShouldStartWith("HTTP/1.1 403");
        await ExplainsAsync(whorl, FirstMinutesTests.ReferenceOf(refused), "GPTBot/1.2");

        await whorl.DisposeAsync();

        (await FirstMinutesTests.CurlAsync(front.Port, "-A", "GPTBot/1.2")).ShouldContain("the site");
    }

    [Fact]
    public async Task Caddy_serves_a_browser_and_shows_a_crawler_our_page()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/caddy"), "caddy is not installed");
        await using NginxSite site = await NginxSite.StartAsync();
        int ask = RunningProcess.FreePort(), port = RunningProcess.FreePort();
        await using WhorlProcess whorl = await AskedAsync(ask);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("whorl-caddy-");
        string file = Path.Combine(folder.FullName, "Caddyfile");
        await File.WriteAllTextAsync(file, "{\n\tadmin off\n}\n" + Sample("caddy", "Caddyfile", site, ask).Replace("example.org {", $"http://127.0.0.1:{port} {{", StringComparison.Ordinal));
        await using (RunningProcess caddy = RunningProcess.Start("/usr/bin/caddy", ["run", "--config", file, "--adapter", "caddyfile"], new Dictionary<string, string?>(StringComparer.Ordinal) { ["HOME"] = folder.FullName }))
        {
            await caddy.UntilListeningAsync(port);

            (await FirstMinutesTests.CurlAsync(port, "-A", Browser)).ShouldContain("the site");
            string refused = await FirstMinutesTests.CurlAsync(port, "-A", "GPTBot/1.2");
            refused.ShouldStartWith("HTTP/1.1 403");
            refused.ShouldContain("Reference: ");
            string spoofed = await FirstMinutesTests.CurlAsync(port, "-A", Browser, "-H", "X-Forwarded-For: 203.0.113.77", "-H", "X-Forwarded-Uri: /.env", "-H", "X-Original-URI: /.env");
            spoofed.ShouldContain("the site");
        }

        folder.Delete(recursive: true);
    }

    /// <summary>The code nginx showed is known here as soon as the observation is stored.</summary>
    private static async Task ExplainsAsync(WhorlProcess whorl, string reference, string agent)
    {
        for (int tries = 0; ; tries++)
        {
            (int code, string output, string error) = await whorl.CliAsync("explain", reference);
            if (code == 0)
            {
                output.ShouldContain(agent);
                return;
            }

            tries.ShouldBeLessThan(50, error);
            await Task.Delay(100);
        }
    }

    private static Task<WhorlProcess> AskedAsync(int port) => WhorlProcess.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["Edge:Listen:0"] = $"http://127.0.0.1:{port}",
        ["Edge:TrustedProxies:0"] = "127.0.0.1",
    });

    /// <summary>A sample as an operator would fill it in: other addresses, nothing else.</summary>
    private static string Sample(string proxy, string file, NginxSite site, int ask) => File.ReadAllText(Path.Combine(Repository.Root, "deploy", proxy, file))
        .Replace("127.0.0.1:8080", $"127.0.0.1:{ask}", StringComparison.Ordinal)
        .Replace("127.0.0.1:3000", $"127.0.0.1:{site.Port}", StringComparison.Ordinal);
}
