using System.Globalization;
using Whorl.LiveTests.Foundation;
using Whorl.LiveTests.Processes;
using Whorl.Tests.Support;

namespace Whorl.LiveTests.Capture;

/// <summary>The role in a real process: what it says when it cannot listen, and that it does as soon as it can.</summary>
public sealed class CaptureRoleTests
{
    private const string Browser = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Where_nothing_is_set_or_found_one_line_says_so_and_nothing_is_degraded()
    {
        await using TestNetwork network = await TestNetwork.CreateAsync();
        await using WhorlProcess whorl = await WhorlProcess.StartUnderAsync(TestNetwork.Inside(network.Attacker), new Dictionary<string, string?>(StringComparer.Ordinal));
        await whorl.UntilHealthSaysAsync("off: no interface is set", Soon);

        Count(whorl.Output, "Capture is off: no interface is set").ShouldBe(1);
        whorl.Output.ShouldNotContain("warn: Whorl.Sources.Capture");
        (await whorl.Local.GetStringAsync("/health/ready")).ShouldStartWith("{\"status\":\"healthy\"");
    }

    [Fact]
    public async Task The_interface_under_a_decoy_network_is_found_left_and_found_again()
    {
        await using TestNetwork network = await TestNetwork.CreateAsync();
        await using WhorlProcess whorl = await WhorlProcess.StartUnderAsync(TestNetwork.Inside(network.Sensor), new Dictionary<string, string?>(StringComparer.Ordinal));
        await whorl.UntilHealthSaysAsync("s0: listening", Soon);
        await SeesFramesAsync(whorl, network);

        await network.CutAsync();
        await whorl.UntilHealthSaysAsync("off: no interface is set", Soon);
        await network.JoinAsync();
        await whorl.UntilHealthSaysAsync("s0: listening", Soon);
        await SeesFramesAsync(whorl, network);
    }

    [Fact]
    public async Task An_interface_that_is_missing_is_said_once_and_listened_on_when_it_comes()
    {
        await using TestNetwork network = await TestNetwork.CreateAsync();
        await network.CutAsync();
        await using WhorlProcess whorl = await WhorlProcess.StartUnderAsync(
            TestNetwork.Inside(network.Sensor), new Dictionary<string, string?>(StringComparer.Ordinal) { ["Capture:Interfaces:0"] = "s0", ["Capture:Interfaces:1"] = "lo" });
        await whorl.UntilHealthSaysAsync("s0: there is no interface s0; lo: ", Soon);
        (await whorl.Local.GetStringAsync("/health/ready")).ShouldStartWith("{\"status\":\"degraded\"");
        await TestNetwork.IpAsync("-n", network.Sensor, "link", "set", "lo", "down");
        await whorl.UntilHealthSaysAsync("lo: the interface ", Soon);
        await TestNetwork.IpAsync("-n", network.Sensor, "link", "set", "lo", "up");

        await network.JoinAsync();
        await whorl.UntilHealthSaysAsync("s0: listening; lo: listening", Soon);
        Count(whorl.Output, "there is no interface s0").ShouldBe(1, whorl.Output);
        await SeesFramesAsync(whorl, network);
    }

    [Fact]
    public async Task A_namespace_that_is_deleted_is_let_go_and_listened_in_again_when_it_is_made_again()
    {
        await using TestNetwork network = await TestNetwork.CreateAsync();
        await using WhorlProcess whorl = await WhorlProcess.StartAsync(
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["Capture:Interfaces:0"] = $"{network.Decoy}:d0" });
        await whorl.UntilHealthSaysAsync("d0: listening", Soon);
        await TestNetwork.IpAsync("netns", "del", network.Decoy);
        await whorl.UntilHealthSaysAsync("there is no network namespace", Soon);

        // It is gone with its addresses: the attacker is not refused any more, but finds nobody.
        await whorl.UntilAsync(async () => (await TestNetwork.RunAsync(network.Attacker, "nmap", "-n", "-sn", "-PR", TestNetwork.DecoyV4)).Output.Contains("0 hosts up", StringComparison.Ordinal), "gone", Soon);
        await TestNetwork.IpAsync("netns", "add", network.Decoy);
        await TestNetwork.IpAsync("-n", network.Sensor, "link", "add", "link", "s0", "name", "d0", "netns", network.Decoy, "type", "macvlan", "mode", "bridge");
        await TestNetwork.IpAsync("-n", network.Decoy, "link", "set", "d0", "up");
        await whorl.UntilHealthSaysAsync("d0: listening", Soon);
    }

    [Fact]
    public async Task Without_the_right_to_capture_the_role_is_degraded_and_the_edge_still_serves()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "becoming another user needs root");
        using TempFolder folder = new();
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_111_111);
        await using NginxSite site = await NginxSite.StartAsync();
        int port = RunningProcess.FreePort();
        await using WhorlProcess whorl = await WhorlProcess.StartUnderAsync(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"],
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Edge:Listen:0"] = $"http://127.0.0.1:{port}",
                ["Edge:Sites:0:Upstreams:0:Url"] = site.Address,
                ["Capture:Interfaces:0"] = "lo",
            },
            folder.File("data"));
        await whorl.UntilHealthSaysAsync("lo: capturing packets is not permitted to this process", Soon);

        (await FirstMinutesTests.CurlAsync(port, "-A", Browser)).ShouldContain("the site");
        (await whorl.Local.GetStringAsync("/health/ready")).ShouldStartWith("{\"status\":\"degraded\"");
        Count(whorl.Output, "Capture does not listen on lo").ShouldBe(1);
        whorl.Output.ShouldContain("setcap cap_net_raw,cap_net_admin");
        whorl.Alarms.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_doctor_of_a_user_without_the_right_names_the_right_and_how_to_get_it()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "becoming another user needs root");
        using TempFolder folder = new();
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_111_111);
        (_, string output, string error) = await RunningProcess.RunAsync(
            "setpriv",
            ["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", WhorlProcess.Executable, "doctor"],
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["WHORL_Node__Data"] = folder.File("data") });

        output.ShouldContain("missing  capture: privilege", Case.Sensitive, error);
        output.ShouldContain("cap_net_raw,cap_net_admin");
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    /// <summary>The attacker speaks to the decoy, and the frames are counted.</summary>
    private static async Task SeesFramesAsync(WhorlProcess whorl, TestNetwork network)
    {
        long before = await FramesAsync(whorl);
        (await TestNetwork.RunAsync(network.Attacker, "curl", "-sS", "-m", "3", $"http://{TestNetwork.DecoyV4}/")).Error.ShouldContain("Failed to connect");
        await whorl.UntilAsync(async () => await FramesAsync(whorl) >= before + 2, "counting frames", Soon);
        (await whorl.Local.GetStringAsync("/metrics")).ShouldContain("whorl_capture_frames_total{interface=\"");
    }

    private static async Task<long> FramesAsync(WhorlProcess whorl) =>
        (await whorl.Local.GetStringAsync("/metrics")).Split('\n').Where(line => line.StartsWith("whorl_capture_frames", StringComparison.Ordinal))
            .Select(line => (long)double.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture)).Sum();
}
