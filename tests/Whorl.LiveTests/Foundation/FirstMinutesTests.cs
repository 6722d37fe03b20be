using System.Text.Json;
using Whorl.LiveTests.Processes;

namespace Whorl.LiveTests.Foundation;

/// <summary>What an operator does in the first minutes, with the real executable, a real site and curl.</summary>
public sealed class FirstMinutesTests
{
    private const string Browser = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

    [Fact]
    public async Task A_visitor_passes_a_crawler_is_stopped_and_a_blocked_address_is_refused_at_once()
    {
        await using NginxSite site = await NginxSite.StartAsync();
        int port = RunningProcess.FreePort();
        await using WhorlProcess whorl = await StartAsync(site, port);

        (await CurlAsync(port, "-A", Browser)).ShouldContain("the site");

        string crawler = await CurlAsync(port, "-A", "GPTBot/1.2");
        crawler.ShouldStartWith("HTTP/1.1 403");
        JsonElement explained = await RealClientTests.ExplainAsync(whorl, ReferenceOf(crawler));
        explained.GetProperty("verdict.action").GetString().ShouldBe("block");
        explained.GetProperty("verdict.rules").EnumerateArray().ShouldNotBeEmpty();

        (await CurlAsync(port, "-A", Browser, "--interface", "127.0.0.2")).ShouldContain("the site");
        (await whorl.CliAsync("decisions", "add", "--ip", "127.0.0.2", "--action", "block", "--reason", "a test")).Code.ShouldBe(0);
        string refused = await CurlAsync(port, "-A", Browser, "--interface", "127.0.0.2");
        refused.ShouldStartWith("HTTP/1.1 403");
        JsonElement why = await RealClientTests.ExplainAsync(whorl, ReferenceOf(refused));
        why.GetProperty("verdict.cause").GetString().ShouldBe("decision");
        why.GetProperty("verdict.decision").GetProperty("reason").GetString().ShouldBe("a test");
        (await CurlAsync(port, "-A", Browser)).ShouldContain("the site");
    }

    [Fact]
    public async Task A_decision_outlives_a_killed_process()
    {
        await using NginxSite site = await NginxSite.StartAsync();
        int port = RunningProcess.FreePort();
        await using WhorlProcess whorl = await StartAsync(site, port);
        (await whorl.CliAsync("decisions", "add", "--ip", "127.0.0.2", "--action", "block")).Code.ShouldBe(0);

        await whorl.KillAsync();
        await whorl.StartAgainAsync();

        (await CurlAsync(port, "-A", Browser, "--interface", "127.0.0.2")).ShouldStartWith("HTTP/1.1 403");
        (await CurlAsync(port, "-A", Browser)).ShouldContain("the site");
    }

    [Fact]
    public async Task One_line_protects_a_site()
    {
        await using NginxSite site = await NginxSite.StartAsync();
        int port = RunningProcess.FreePort();
        await using WhorlProcess whorl = await WhorlProcess.StartAsync(
            new Dictionary<string, string?>(StringComparer.Ordinal), null, "edge", "--to", site.Address, "--listen", $"http://127.0.0.1:{port}");

        (await CurlAsync(port, "-A", Browser)).ShouldContain("the site");
        (await CurlAsync(port, "-A", "GPTBot/1.2")).ShouldStartWith("HTTP/1.1 403");
    }

    [Fact]
    public async Task Stopping_ends_in_order_and_says_nothing_alarming()
    {
        await using NginxSite site = await NginxSite.StartAsync();
        int port = RunningProcess.FreePort();
        await using WhorlProcess whorl = await StartAsync(site, port);
        await CurlAsync(port, "-A", Browser);

        (await whorl.StopAsync()).ShouldBe(0);

        whorl.Alarms.ShouldBeEmpty();
        whorl.Output.ShouldNotContain("xception");
    }

    internal static Task<WhorlProcess> StartAsync(NginxSite site, int port, IReadOnlyDictionary<string, string?>? more = null)
    {
        Dictionary<string, string?> settings = new(more ?? new Dictionary<string, string?>(StringComparer.Ordinal), StringComparer.Ordinal)
        {
            ["Edge:Listen:0"] = $"http://127.0.0.1:{port}",
            ["Edge:Sites:0:Upstreams:0:Url"] = site.Address,
        };
        return WhorlProcess.StartAsync(settings);
    }

    internal static async Task<string> CurlAsync(int port, params string[] arguments)
    {
        (_, string output, string error) = await RunningProcess.RunAsync("curl", ["-s", "-i", "--max-time", "10", .. arguments, $"http://127.0.0.1:{port}/"]);
        return output + error;
    }

    internal static string ReferenceOf(string answer) =>
        answer.Split('\n').First(line => line.StartsWith("x-whorl-reference:", StringComparison.OrdinalIgnoreCase)).Split(':')[1].Trim();
}
