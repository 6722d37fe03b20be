using System.Globalization;
using Whorl.LiveTests.Processes;

namespace Whorl.LiveTests.Capture;

/// <summary>
/// Three hosts in network namespaces of the test's own: an attacker, a sensor, and a decoy that is a MACVLAN child of the sensor's interface.
/// <code>attacker a0 ══ veth ══ s0 sensor (s0 ─ macvlan ─ d0 decoy)</code>
/// </summary>
internal sealed class TestNetwork : IAsyncDisposable
{
    public const string AttackerV4 = "10.99.0.1", DecoyV4 = "10.99.0.2", AttackerV6 = "fd99::1", DecoyV6 = "fd99::2", SecondDecoyV4 = "10.99.0.3";

    /// <summary>The sensor's interface to the attacker.</summary>
    public const string SensorInterface = "s0";

    /// <summary>The attacker's interface.</summary>
    public const string AttackerInterface = "a0";

    private static int _count;

    private readonly string _prefix;

    private TestNetwork(string prefix) => _prefix = prefix;

    public string Attacker => _prefix + "a";

    public string Sensor => _prefix + "s";

    public string Decoy => _prefix + "d";

    /// <summary>Makes the namespaces and what joins them; skips the test where that is not possible.</summary>
    public static async Task<TestNetwork> CreateAsync()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "network namespaces need root");
        Assert.SkipUnless(File.Exists("/usr/sbin/ip") || File.Exists("/sbin/ip"), "iproute2 is not installed");
        TestNetwork network = new(string.Create(CultureInfo.InvariantCulture, $"w{Environment.ProcessId % 100_000}x{Interlocked.Increment(ref _count)}"));
        foreach (string name in network.Names)
        {
            await IpAsync("netns", "add", name);
        }

        await network.JoinAsync();
        return network;
    }

    /// <summary>Makes the interfaces, as after <see cref="CutAsync"/>.</summary>
    public async Task JoinAsync()
    {
        await IpAsync("-n", Sensor, "link", "add", SensorInterface, "type", "veth", "peer", "name", AttackerInterface, "netns", Attacker);
        await IpAsync("-n", Sensor, "link", "add", "link", SensorInterface, "name", "d0", "type", "macvlan", "mode", "bridge");
        await IpAsync("-n", Sensor, "link", "set", "d0", "netns", Decoy);
        await IpAsync("-n", Sensor, "link", "add", "link", SensorInterface, "name", "host0", "type", "macvlan", "mode", "bridge");
        await UpAsync(Attacker, AttackerInterface, AttackerV4, AttackerV6);
        await UpAsync(Decoy, "d0", DecoyV4, DecoyV6);
        await IpAsync("-n", Decoy, "addr", "add", $"{SecondDecoyV4}/24", "dev", "d0");
        await IpAsync("-n", Sensor, "link", "set", SensorInterface, "up");
        await IpAsync("-n", Sensor, "link", "set", "host0", "up");
        await IpAsync("-n", Sensor, "link", "set", "lo", "up");
    }

    /// <summary>Takes the sensor's interface away, and with it everything that stood on it.</summary>
    public Task CutAsync() => IpAsync("-n", Sensor, "link", "del", SensorInterface);

    /// <summary>The command line that runs a program inside one of the hosts.</summary>
    public static string[] Inside(string host, params string[] command) => ["ip", "netns", "exec", host, .. command];

    public static Task<(int Code, string Output, string Error)> RunAsync(string host, params string[] command) =>
        RunningProcess.RunAsync("ip", Inside(host, command)[1..]);

    public static RunningProcess Start(string host, params string[] command) => RunningProcess.Start("ip", Inside(host, command)[1..]);

    /// <summary>Sends the frames of a capture file out of the attacker's interface.</summary>
    public async Task ReplayAsync(string file, params string[] options)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/tcpreplay"), "tcpreplay is not installed");
        (int code, string output, string error) = await RunAsync(Attacker, ["tcpreplay", "--quiet", "-i", AttackerInterface, .. options, file]);
        code.ShouldBe(0, output + error);
    }

    public static async Task IpAsync(params string[] arguments)
    {
        (int code, string output, string error) = await RunningProcess.RunAsync("ip", arguments);
        code.ShouldBe(0, $"ip {string.Join(' ', arguments)}: {output}{error}");
    }

    public async ValueTask DisposeAsync()
    {
        // The interfaces go with their namespaces.
        foreach (string name in Names)
        {
            await RunningProcess.RunAsync("ip", ["netns", "del", name]);
        }
    }

    private string[] Names => [Attacker, Sensor, Decoy];

    private static async Task UpAsync(string host, string name, string v4, string v6)
    {
        await IpAsync("-n", host, "addr", "add", $"{v4}/24", "dev", name);
        await IpAsync("-n", host, "addr", "add", $"{v6}/64", "dev", name, "nodad");
        await IpAsync("-n", host, "link", "set", name, "up");
        await IpAsync("-n", host, "link", "set", "lo", "up");
    }
}
