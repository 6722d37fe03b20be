using System.Text.Json;
using Whorl.LiveTests.Capture;
using Whorl.LiveTests.Processes;

namespace Whorl.LiveTests.Probes;

/// <summary>Raw packets over a real link, to a neighbour in a namespace of its own.</summary>
public sealed class OnLinkTests
{
    [Fact(Timeout = 60_000)]
    public async Task A_neighbour_tells_its_stack_its_errors_and_its_link_local_address()
    {
        await using TestNetwork network = await TestNetwork.CreateAsync();
        await TestNetwork.IpAsync("-n", network.Sensor, "addr", "add", "10.99.0.9/24", "dev", "host0");
        foreach ((string host, string link) in (List<(string, string)>)[(network.Attacker, "a0"), (network.Decoy, "d0"), (network.Sensor, "host0")])
        {
            // Whoever has just come up first asks whether its address is taken.
            while (!(await TestNetwork.RunAsync(host, "ip", "-6", "addr", "show", "dev", link, "scope", "link", "-tentative")).Output.Contains("fe80", StringComparison.Ordinal))
            {
                await Task.Delay(100, TestContext.Current.CancellationToken);
            }
        }

        // Nobody has heard of the neighbour's link-local address yet, and nobody at one is to be turned to.
        (int code, string output, string error) = await TestNetwork.RunAsync(
            network.Sensor, "env", "WHORL_Outbound__Deny__0=fe80::/10", WhorlProcess.Executable, "probe", TestNetwork.AttackerV4, "--ipv6", "--json", "--allow", "10.99.0.0/16");
        code.ShouldBe(1, error);
        output.ShouldContain("\"probe.failure\":\"forbidden\"");

        (code, output, error) = await TestNetwork.RunAsync(
            network.Sensor, WhorlProcess.Executable, "probe", TestNetwork.AttackerV4, TestNetwork.DecoyV4, "--icmp", "--ipv6", "--tcp", "--json", "--allow", "10.99.0.0/16", "--timeout", "0:00:04");
        code.ShouldBe(0, error);
        List<JsonElement> found = [];
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            found.Add(document.RootElement.Clone());
        }

        // Linux answers for a closed port and for a protocol it has not; how much it quotes is up to the packet.
        JsonElement errors = found.Single(each => each.Text("kind") == "probe.icmp" && each.Text("target.ip") == TestNetwork.AttackerV4);
        errors.Text("icmp.errors").ShouldNotBeNull(output).ShouldMatch("^closed_port=3/3/60,no_fragment=3/3/[0-9]+,bad_option=[0-9]+/[0-9]+/[0-9]+,next_header=3/2/52$");

        // All seven ports are closed, and say so themselves.
        found.Count(each => each.Text("kind") == "probe.tcp" && each.Text("tcp.state") == "closed" && each.Text("tcp.ttl") == "64").ShouldBe(14, output);

        foreach ((string address, string host, string link) in (List<(string, string, string)>)[(TestNetwork.AttackerV4, network.Attacker, "a0"), (TestNetwork.DecoyV4, network.Decoy, "d0")])
        {
            JsonElement neighbour = found.Where(each => each.Text("kind") == "probe.ipv6" && each.Text("target.ip") == address).ShouldHaveSingleItem(output);
            string about = (await TestNetwork.RunAsync(host, "ip", "addr", "show", "dev", link)).Output;
            about.ShouldContain($"inet6 {neighbour.Text("ipv6.address")}/64 scope link");
            about.ShouldContain($"link/ether {neighbour.Text("ipv6.mac")} ");
        }
    }
}
