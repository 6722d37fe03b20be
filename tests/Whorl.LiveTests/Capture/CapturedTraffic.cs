using Whorl.LiveTests.Processes;
using Whorl.LiveTests.Servers;
using Whorl.Tests.Support;

namespace Whorl.LiveTests.Capture;

/// <summary>
/// An attacker who uses curl, openssl, ssh and nmap on a decoy; a node that captures them in the sensor's namespace; RabbitMQ; and another node
/// that stores what comes from there. Made once; beside the node, dumpcap writes the same traffic down for tshark to judge.
/// </summary>
public sealed class CapturedTraffic : IAsyncDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(40);

    private readonly TempFolder _folder = new();
    private readonly List<IAsyncDisposable> _parts = [];
    private readonly Lazy<Task<Seen>> _seen;

    public CapturedTraffic() => _seen = new(MakeAsync);

    internal Task<Seen> SeenAsync() => _seen.Value;

    public async ValueTask DisposeAsync()
    {
        _parts.Reverse();
        foreach (IAsyncDisposable part in _parts)
        {
            await part.DisposeAsync();
        }

        _folder.Dispose();
    }

    private async Task<Seen> MakeAsync()
    {
        TestNetwork network = Keep(await TestNetwork.CreateAsync());
        Keep(await DecoyServices.StartAsync(network));
        RabbitServer rabbit = Keep(await RabbitServer.StartNewAsync());
        WhorlProcess analyst = Keep(await StartAsync(rabbit, "analyst", "analyst,console", new(StringComparer.Ordinal)
        {
            ["Exports:JsonFile"] = _folder.File("observations.jsonl"),
            ["Exports:SyslogFile"] = _folder.File("observations.log"),
        }));
        WhorlProcess sensor = Keep(await StartAsync(rabbit, "sensor", "capture,console", new(StringComparer.Ordinal)
        {
            ["Capture:Interfaces:0"] = $"{network.Sensor}:s0",
            ["Capture:Map:0"] = "10.99.0.0/24 lan",
            ["Capture:Map:1"] = $"{TestNetwork.DecoyV4} web-decoy",
            ["Capture:Map:2"] = $"{TestNetwork.DecoyV6} web-decoy",
            ["Capture:Map:3"] = "192.0.2.0/24 tagged",
            ["Capture:Map:4"] = "fe80::/10 link",
        }));
        await sensor.UntilHealthSaysAsync("s0: listening", Soon);

        string file = _folder.File("traffic.pcapng");
        File.SetUnixFileMode(_folder.Path, (UnixFileMode)0b111_111_111);
        RunningProcess dumpcap = Keep(TestNetwork.Start(network.Sensor, "dumpcap", "-q", "-i", "s0", "-w", file));
        await dumpcap.UntilAsync(() => Task.FromResult(dumpcap.Output.Contains("File:", StringComparison.Ordinal)), "capturing");
        await AttackAsync(network);
        await dumpcap.StopAsync();

        // Nothing tells that all has come but that everything asked for is there; what never comes fails the test that asks for it.
        IReadOnlyList<Stored> stored = [];
        string[] awaited = ["tls.certificate", "ssh.kex", "http.request", "icmp.echo_request"];
        await analyst.UntilAsync(
            async () =>
            {
                stored = await StoredObservations.ReadAsync(analyst.Data);
                return awaited.All(kind => stored.Any(one => one.Kind == kind)) && stored.Any(one => one["capture.vlan"].Length > 0)
                    && stored.Any(one => one.Kind == "flow.end" && one["destination.ip"] == TestNetwork.DecoyV6 && one["destination.port"] == "80")
                    && stored.Any(one => one.Kind == "flow.end" && one["destination.ip"] == TestNetwork.SecondDecoyV4);
            },
            "storing every kind",
            Soon);
        return new(network, sensor, stored, file, _folder.File("observations.jsonl"), _folder.File("observations.log"));
    }

    /// <summary>Everything but the last step of each tool is what real users type.</summary>
    private async Task AttackAsync(TestNetwork network)
    {
        string host = network.Attacker;
        foreach (string address in (string[])[TestNetwork.DecoyV4, $"[{TestNetwork.DecoyV6}]"])
        {
            (await TestNetwork.RunAsync(host, "curl", "-sS", "-m", "10", "-A", "curl-of-the-attacker/1.0", $"http://{address}/etc/passwd?x=1")).Output.ShouldContain("decoy");
            (await TestNetwork.RunAsync(host, "curl", "-sSk", "-m", "10", "--resolve", $"decoy.test:443:{address}", "https://decoy.test/")).Output.ShouldContain("decoy");
            await TestNetwork.RunAsync(host, "bash", "-c", $"openssl s_client -connect {address}:443 -servername old.test -tls1_2 </dev/null");
            await TestNetwork.RunAsync(
                host, "ssh", "-F", "/dev/null", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=10",
                $"nobody@{address.Trim('[', ']')}", "true");
        }

        Assert.SkipUnless(File.Exists("/usr/bin/nmap"), "nmap is not installed");
        (await TestNetwork.RunAsync(host, "nmap", "-n", "-Pn", "-sS", "-p", "20-30", TestNetwork.SecondDecoyV4)).Code.ShouldBe(0);
        (await TestNetwork.RunAsync(host, "nmap", "-n", "-sn", "-PE", "--disable-arp-ping", TestNetwork.DecoyV4)).Code.ShouldBe(0);
        string tagged = _folder.File("tagged.pcap");
        TestFrames.Write(tagged, [TestFrames.Syn(7, 4444, 42)]);
        await network.ReplayAsync(tagged);
    }

    private static Task<WhorlProcess> StartAsync(RabbitServer rabbit, string name, string roles, Dictionary<string, string?>? more = null)
    {
        Dictionary<string, string?> settings = more ?? new(StringComparer.Ordinal);
        settings["Node:Name"] = name;
        settings["Bus:Provider"] = "rabbitmq";
        settings["Bus:Uri"] = rabbit.Uri;
        return WhorlProcess.StartAsync(settings, null, "run", "--roles", roles);
    }

    private T Keep<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Add(part);
        return part;
    }

    /// <param name="File">What dumpcap wrote.</param>
    internal sealed record Seen(TestNetwork Network, WhorlProcess Sensor, IReadOnlyList<Stored> Stored, string File, string JsonLines, string Syslog)
    {
        public IEnumerable<Stored> Of(string kind) => Stored.Where(one => one.Kind == kind);
    }
}
