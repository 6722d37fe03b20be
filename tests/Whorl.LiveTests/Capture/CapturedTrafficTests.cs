using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Whorl.LiveTests.Processes;
using Whorl.Tests.Support;
using Whorl.Tests.WebConsole;

namespace Whorl.LiveTests.Capture;

/// <summary>What an attacker's tools left on the wire, as observations that went over RabbitMQ into another node's store.</summary>
public sealed partial class CapturedTrafficTests(CapturedTraffic traffic) : IClassFixture<CapturedTraffic>
{
    private static readonly string[] Families = [TestNetwork.DecoyV4, TestNetwork.DecoyV6];

    [Fact]
    public async Task Every_observation_names_its_interface_its_peers_and_the_decoy()
    {
        CapturedTraffic.Seen seen = await traffic.SeenAsync();
        foreach (Stored one in seen.Stored)
        {
            one["capture.interface"].ShouldBe($"{seen.Network.Sensor}:s0");
            one.Subject.ShouldBe($"ip:{one["source.ip"]}");
            one["decoy"].ShouldNotBeEmpty(one.ToString());
        }

        seen.Stored.Select(one => one.Id).ShouldBeUnique();
        seen.Of("http.request").Select(one => one["decoy"]).ShouldAllBe(name => name == "web-decoy");
    }

    [Fact]
    public async Task Stacks_of_both_sides_are_seen_over_IPv4_and_IPv6()
    {
        CapturedTraffic.Seen seen = await traffic.SeenAsync();
        foreach (string decoy in Families)
        {
            seen.Of("tcp.syn").ShouldContain(one => one["destination.ip"] == decoy && one["tcp.signature"].Length > 0 && one["tcp.distance"] == "0");
            seen.Of("tcp.synack").ShouldContain(one => one["source.ip"] == decoy && one["tcp.signature"].Length > 0);
        }
    }

    [Fact]
    public async Task Requests_in_clear_are_seen_over_IPv4_and_IPv6()
    {
        CapturedTraffic.Seen seen = await traffic.SeenAsync();
        foreach (string decoy in Families)
        {
            Stored request = seen.Of("http.request").Where(one => one["destination.ip"] == decoy).ShouldHaveSingleItem();
            (request["http.method"], request["http.path"], request["http.query"], request["http.user_agent"]).ShouldBe(("GET", "/etc/passwd", "x=1", "curl-of-the-attacker/1.0"));
            request["http.header_order"].ShouldBe("Host,User-Agent,Accept");
        }
    }

    [Fact]
    public async Task Hellos_and_answers_are_those_that_tshark_reads()
    {
        CapturedTraffic.Seen seen = await traffic.SeenAsync();
        string[] clients = await TsharkAsync(seen.File, "tls.handshake.type == 1", "tls.handshake.ja3");
        string[] servers = await TsharkAsync(seen.File, "tls.handshake.type == 2", "tls.handshake.ja3s");

        clients.Length.ShouldBe(4);
        seen.Of("tls.client_hello").Select(one => one["tls.ja3"]).Order(StringComparer.Ordinal).ShouldBe(clients.Order(StringComparer.Ordinal));
        seen.Of("tls.session").Select(one => one["tls.ja3s"]).Order(StringComparer.Ordinal).ShouldBe(servers.Order(StringComparer.Ordinal));
        seen.Of("tls.session").Select(one => one["tls.sni"]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ShouldBe(["decoy.test", "old.test"]);
        seen.Of("tls.session").ShouldAllBe(one => one["tls.ja4"].StartsWith('t') && one["source.ip"] != TestNetwork.DecoyV4);
    }

    [Fact]
    public async Task Certificates_of_TLS_1_2_are_seen_with_the_server_as_the_speaker()
    {
        CapturedTraffic.Seen seen = await traffic.SeenAsync();
        foreach (string decoy in Families)
        {
            Stored certificate = seen.Of("tls.certificate").Where(one => one["source.ip"] == decoy).ShouldHaveSingleItem();
            certificate["certificate.subject"].ShouldContain("decoy.test");
            certificate["certificate.self_signed"].ShouldBe("True");
            certificate["tls.sni"].ShouldBe("old.test");
        }
    }

    [Fact]
    public async Task Ssh_shows_banner_and_key_exchange_of_both_sides_with_the_hash_that_tshark_reads()
    {
        CapturedTraffic.Seen seen = await traffic.SeenAsync();
        string[] clients = await TsharkAsync(seen.File, "ssh.message_code == 20 && tcp.dstport == 22", "ssh.kex.hassh");
        string[] servers = await TsharkAsync(seen.File, "ssh.message_code == 20 && tcp.srcport == 22", "ssh.kex.hasshserver");
        clients.Length.ShouldBe(2);
        seen.Of("ssh.kex").Where(one => one["ssh.side"] == "client").Select(one => one["ssh.hassh"]).ShouldBe(clients);
        seen.Of("ssh.kex").Where(one => one["ssh.side"] == "server").Select(one => one["ssh.hassh_server"]).ShouldBe(servers);
        foreach (string decoy in Families)
        {
            seen.Of("ssh.banner").ShouldContain(one => one["source.ip"] == decoy && one["ssh.banner"].StartsWith("SSH-2.0-OpenSSH", StringComparison.Ordinal));
            seen.Of("ssh.banner").ShouldContain(one => one["destination.ip"] == decoy && one["ssh.side"] == "client");
        }
    }

    [Fact]
    public async Task A_port_scan_shows_every_port_and_a_ping_scan_its_echo()
    {
        CapturedTraffic.Seen seen = await traffic.SeenAsync();
        seen.Of("tcp.syn").Where(one => one["destination.ip"] == TestNetwork.SecondDecoyV4).Select(one => int.Parse(one["destination.port"], System.Globalization.CultureInfo.InvariantCulture))
            .Distinct().Order().ShouldBe(Enumerable.Range(20, 11));
        seen.Of("icmp.echo_request").ShouldContain(one => one["source.ip"] == TestNetwork.AttackerV4 && one["destination.ip"] == TestNetwork.DecoyV4);
    }

    [Fact]
    public async Task What_came_with_a_vlan_tag_says_so()
    {
        CapturedTraffic.Seen seen = await traffic.SeenAsync();
        Stored tagged = seen.Of("tcp.syn").Where(one => one["capture.vlan"].Length > 0).ShouldHaveSingleItem();
        (tagged["capture.vlan"], tagged["source.ip"], tagged["destination.port"]).ShouldBe(("42", "192.0.2.7", "7777"));
    }

    [Fact]
    public async Task Every_stored_observation_is_a_line_of_JSON_and_a_line_of_syslog_as_well()
    {
        CapturedTraffic.Seen seen = await traffic.SeenAsync();
        string[] ids = [.. seen.Stored.Select(one => one.Id).Order(StringComparer.Ordinal)];
        await seen.Sensor.UntilAsync(
            async () =>
            {
                // What came later may be there too.
                IEnumerable<string> lines = (await File.ReadAllLinesAsync(seen.JsonLines)).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("id").GetString()!);
                return !ids.Except(lines, StringComparer.Ordinal).Any() && !ids.Except((await SyslogAsync(seen)).Select(message => message["id"]), StringComparer.Ordinal).Any();
            },
            "exporting",
            TimeSpan.FromSeconds(20));

        Dictionary<string, string> request = (await SyslogAsync(seen)).First(message => message["kind"] == "http.request");
        (request["host"], request["app"], request["http.user_agent"]).ShouldBe(("sensor", "whorl", "curl-of-the-attacker/1.0"));
    }

    /// <summary>Every whole line so far, read strictly, as its parameters and parts of its head.</summary>
    private static async Task<Dictionary<string, string>[]> SyslogAsync(CapturedTraffic.Seen seen) =>
        [.. (await File.ReadAllTextAsync(seen.Syslog)).Split('\n')[..^1].Select(line =>
        {
            SyslogMessage message = SyslogMessage.Read(Encoding.UTF8.GetBytes(line));
            (message.Facility, message.Severity).ShouldBe((16, 6));
            (string id, List<(string Name, string Value)> parameters) = message.Elements.ShouldHaveSingleItem();
            id.ShouldBe("whorl@32473");
            return new Dictionary<string, string>(parameters.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value)), StringComparer.Ordinal)
            {
                ["host"] = message.Host, ["app"] = message.App, ["kind"] = message.Kind,
            };
        })];

    [Fact]
    public async Task The_console_of_the_other_node_shows_the_capture_and_the_attackers_fingerprints()
    {
        CapturedTraffic.Seen seen = await traffic.SeenAsync();
        using HttpClient browser = new() { BaseAddress = new(seen.Analyst.Setting("Console:Listen")) };
        string link = new Uri(SignInLink().Match(seen.Analyst.Output).Value).PathAndQuery;
        const string Password = "a long pass phrase of a test";
        using HttpResponseMessage signedIn = await ConsoleHost.SendAsync(
            browser, link, "/sign-in/link", new(StringComparer.Ordinal) { ["token"] = link[(link.IndexOf('=', StringComparison.Ordinal) + 1)..], ["name"] = "eve", ["password"] = Password, ["again"] = Password });
        signedIn.IsSuccessStatusCode.ShouldBeTrue(await signedIn.Content.ReadAsStringAsync());

        string capture = await browser.GetStringAsync("/capture"), address = await browser.GetStringAsync($"/addresses/{TestNetwork.AttackerV4}");
        capture.ShouldContain($"{seen.Network.Sensor}:s0");
        foreach (Stored one in seen.Of("tls.client_hello").Where(one => one["source.ip"] == TestNetwork.AttackerV4))
        {
            address.ShouldContain(one["tls.ja4"]);
        }

        address.ShouldContain(seen.Of("ssh.kex").First(one => one["ssh.side"] == "client")["ssh.hassh"]);
        address.ShouldContain("curl-of-the-attacker/1.0");
    }

    [Fact]
    public async Task Conversations_end_with_their_figures()
    {
        CapturedTraffic.Seen seen = await traffic.SeenAsync();
        seen.Of("flow.end").ShouldContain(one => one["destination.port"] == "80" && one["flow.close"] == "finished" && one["destination.ip"] == TestNetwork.DecoyV6);
        seen.Of("flow.end").ShouldContain(one => one["destination.ip"] == TestNetwork.SecondDecoyV4 && one["flow.close"] == "reset");
    }

    [GeneratedRegex("http://[^ ]+/sign-in/link[?]token=[^ \\r\\n]+", RegexOptions.NonBacktracking)]
    private static partial Regex SignInLink();

    /// <summary>The values of a field in every packet that a display filter takes, in their order.</summary>
    private static async Task<string[]> TsharkAsync(string file, string filter, string field)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/tshark"), "tshark is not installed");
        (int code, string output, string error) = await RunningProcess.RunAsync("tshark", ["-r", file, "-Y", filter, "-T", "fields", "-E", "occurrence=f", "-e", field]);
        code.ShouldBe(0, error);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
