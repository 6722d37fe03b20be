using System.Text.RegularExpressions;
using Whorl.LiveTests.Capture;
using Whorl.LiveTests.Processes;
using Whorl.Tests.Support;
using Whorl.Tests.WebConsole;

namespace Whorl.LiveTests.Probes;

/// <summary>The whole way: an attacker touches a decoy, is captured, asked back and recognised; its server is rebuilt, and rebuilt back.</summary>
public sealed partial class AskedBackTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TempFolder _folder = new();

    [Fact]
    public async Task An_attacker_is_asked_back_labelled_and_every_change_of_its_server_told_once_even_over_kill_9()
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/sshd"), "openssh-server is not installed");
        await using TestNetwork network = await TestNetwork.CreateAsync();
        await using RunningProcess web = await StartWebAsync(network);
        string first = await KeyAsync("first"), second = await KeyAsync("second");
        RunningProcess shell = StartShell(network, first, "aes256-ctr,aes128-ctr");
        await using WhorlProcess whorl = await WhorlProcess.StartUnderAsync(TestNetwork.Inside(network.Decoy), Settings(), null, "run", "--roles", "capture,decoy,prober,analyst,console");
        await whorl.UntilHealthSaysAsync("d0: listening", Patience);

        // Touched, seen from beside and from within, and asked back.
        await TouchAsync(network);
        await UntilStoredAsync(whorl, "the decoy's request", one => one.Kind == "http.request" && one["http.path"] == "/.env" && one["service"] == "http");
        await UntilStoredAsync(whorl, "the client's HASSH", one => one.Kind == "ssh.kex" && one["source.ip"] == TestNetwork.AttackerV4 && one["ssh.side"] == "client");
        await UntilStoredAsync(whorl, "the certificate", one => one.Kind == "probe.certificate" && one["target.ip"] == TestNetwork.AttackerV4 && one["certificate.subject_cn"] == "c2.example");
        string hassh = (await UntilStoredAsync(whorl, "the host key", one => one.Kind == "probe.hassh" && one["ssh.host_key_sha256"].Length > 0))["ssh.hassh_server"];
        Stored jarm = await UntilStoredAsync(whorl, "the JARM", one => one.Kind == "probe.jarm");

        // What is known of it from now on.
        Directory.CreateDirectory(Path.Combine(whorl.Data, "signatures"));
        await File.WriteAllTextAsync(Path.Combine(whorl.Data, "signatures", "jarm.csv"), $"{jarm["tls.jarm"]},test-framework\n");
        await UntilStoredAsync(whorl, "the label", one => one.Kind == "signature.matched" && one["signature.label"] == "test-framework" && one.Subject == "ip:" + TestNetwork.AttackerV4);

        // Rebuilt while the node is killed and started again.
        await shell.DisposeAsync();
        shell = StartShell(network, second, "aes128-ctr");
        await UntilStoredAsync(whorl, "the new host key", one => one.Kind == "probe.hassh" && one["ssh.hassh_server"] != hassh);
        await whorl.KillAsync();
        await whorl.StartAgainAsync();
        await UntilStoredAsync(whorl, "the rotation", one => IsChange(one, "hassh", "rotated"));
        await UntilStoredAsync(whorl, "the rotation of the key", one => IsChange(one, "host_key", "rotated"));

        await shell.DisposeAsync();
        shell = StartShell(network, first, "aes256-ctr,aes128-ctr");
        await UntilStoredAsync(whorl, "the return", one => IsChange(one, "hassh", "returned"));
        await UntilStoredAsync(whorl, "the return of the key", one => IsChange(one, "host_key", "returned"));
        string page = await PageAsync(whorl);
        (await whorl.StopAsync()).ShouldBe(0);
        await shell.DisposeAsync();

        List<Stored> told = [.. (await StoredObservations.ReadAsync(whorl.Data)).Where(one => one.Kind == "fingerprint.rotated" && one["target.port"] == "22")];
        told.Select(one => $"{one["probe.name"]} {one["rotation.kind"]} {one["rotation.count"]}").Order(StringComparer.Ordinal).ShouldBe(
            ["hassh returned 2", "hassh rotated 1", "host_key returned 2", "host_key rotated 1"]);
        foreach (string shown in (string[])["test-framework", "rotated</strong> hassh on port 22", "returned</strong> host_key on port 22", jarm["tls.jarm"], "bastion"])
        {
            page.ShouldContain(shown);
        }
    }

    public void Dispose() => _folder.Dispose();

    private static Dictionary<string, string?> Settings() => new(StringComparer.Ordinal)
    {
        ["Capture:Interfaces:0"] = "d0",
        ["Capture:Map:0"] = TestNetwork.DecoyV4 + " bastion",
        ["Capture:Window"] = "0:00:01",
        ["Decoys:Fleet:0:Name"] = "bastion",
        ["Decoys:Fleet:0:Addresses:0"] = TestNetwork.DecoyV4,
        ["Decoys:Fleet:0:Persona"] = "web-server",
        ["Outbound:Allow:0"] = "10.99.0.0/24",
        ["Probes:Interval"] = "0:00:03",
        ["Probes:RotatingInterval"] = "0:00:03",
        ["Probes:Timeout"] = "0:00:04",
        ["Probes:JarmPorts:0"] = "443",
        ["Probes:HasshPorts:0"] = "22",
        ["Probes:TcpPorts:0"] = "22",
        ["Probes:HttpPorts:0"] = "443",
        ["Probes:Without:0"] = "icmp",
        ["Probes:Without:1"] = "ipv6",
        ["Signatures:Window"] = "0:00:00",
    };

    private static bool IsChange(Stored one, string probe, string kind) => one.Kind == "fingerprint.rotated" && one["probe.name"] == probe && one["rotation.kind"] == kind;

    private static async Task<Stored> UntilStoredAsync(WhorlProcess whorl, string what, Func<Stored, bool> wanted)
    {
        Stored? found = null;
        await whorl.UntilAsync(async () => (found = (await StoredObservations.ReadAsync(whorl.Data)).FirstOrDefault(wanted)) is not null, "storing " + what, Patience);
        return found!;
    }

    private static async Task TouchAsync(TestNetwork network)
    {
        (await TestNetwork.RunAsync(network.Attacker, "curl", "-sS", "-m", "20", $"http://{TestNetwork.DecoyV4}/.env")).Output.ShouldContain("DB_PASSWORD");
        await TestNetwork.RunAsync(
            network.Attacker, "ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=20", $"root@{TestNetwork.DecoyV4}", "id");
    }

    private async Task<RunningProcess> StartWebAsync(TestNetwork network)
    {
        string key = _folder.File("key.pem"), certificate = _folder.File("certificate.pem");
        (int code, _, string error) = await RunningProcess.RunAsync(
            "openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=c2.example", "-keyout", key, "-out", certificate]);
        code.ShouldBe(0, error);
        return TestNetwork.Start(network.Attacker, "openssl", "s_server", "-accept", "443", "-cert", certificate, "-key", key, "-www", "-quiet");
    }

    private async Task<string> KeyAsync(string name)
    {
        string key = _folder.File(name);
        (int code, _, string error) = await RunningProcess.RunAsync("ssh-keygen", ["-q", "-t", "ecdsa", "-b", "256", "-N", "", "-f", key]);
        code.ShouldBe(0, error);
        return key;
    }

    private static RunningProcess StartShell(TestNetwork network, string key, string ciphers)
    {
        Directory.CreateDirectory("/run/sshd"); // OpenSSH wants it for privilege separation
        return TestNetwork.Start(
            network.Attacker, "/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-h", key, "-o", $"ListenAddress={TestNetwork.AttackerV4}:22", "-o", "PidFile=none", "-o", "Ciphers=" + ciphers,
            "-o", "MaxStartups=100:30:200", "-o", "PerSourceMaxStartups=none");
    }

    // The console listens inside the decoy's namespace; its pages are served on the node's own socket, too.
    private static async Task<string> PageAsync(WhorlProcess whorl)
    {
        string link = new Uri(SignInLink().Match(whorl.Output).Value).PathAndQuery;
        const string Password = "a long pass phrase of a test";
        using HttpResponseMessage signedIn = await ConsoleHost.SendAsync(
            whorl.Local, link, "/sign-in/link", new(StringComparer.Ordinal) { ["token"] = link[(link.IndexOf('=', StringComparison.Ordinal) + 1)..], ["name"] = "eve", ["password"] = Password, ["again"] = Password });
        signedIn.IsSuccessStatusCode.ShouldBeTrue(await signedIn.Content.ReadAsStringAsync());
        return await whorl.Local.GetStringAsync($"/addresses/{TestNetwork.AttackerV4}");
    }

    [GeneratedRegex("http://[^ ]+/sign-in/link[?]token=[^ \\r\\n]+", RegexOptions.NonBacktracking)]
    private static partial Regex SignInLink();
}
