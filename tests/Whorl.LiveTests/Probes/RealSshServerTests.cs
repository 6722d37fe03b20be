using System.Security.Cryptography;
using System.Text.Json;
using Whorl.LiveTests.Processes;
using Whorl.Tests.Support;

namespace Whorl.LiveTests.Probes;

/// <summary>HASSHServer and host keys of real servers, beside what tshark read in a capture of the very same conversation and what ssh-keygen says.</summary>
public sealed class RealSshServerTests
{
    // The published rule: four of the ten lists of the server's KEXINIT, after its first line.
    private const string Python = """
        import hashlib, struct, sys
        data = bytes.fromhex(sys.argv[1])
        at = data.index(b"\r\n") + 2 + 4 + 1
        assert data[at] == 20
        at, lists = at + 17, []
        for _ in range(10):
            (length,) = struct.unpack(">I", data[at:at + 4])
            lists.append(data[at + 4:at + 4 + length].decode())
            at += 4 + length
        print(hashlib.md5(";".join((lists[0], lists[3], lists[5], lists[7])).encode()).hexdigest())
        """;

    [Theory]
    [InlineData("ed25519", "")]
    [InlineData("rsa", "")]
    [InlineData("ecdsa", "KexAlgorithms=ecdh-sha2-nistp256")]
    [InlineData("ed25519", "KexAlgorithms=diffie-hellman-group14-sha256")]
    [InlineData("ed25519", "KexAlgorithms=sntrup761x25519-sha512@openssh.com")]
    public async Task OpenSsh_is_known_by_its_offer_and_its_key(string type, string option)
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/sshd"), "openssh-server is not installed");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "sshd needs root");
        using TempFolder folder = new();
        int port = RunningProcess.FreePort();
        string key = folder.File("key");
        (await RunningProcess.RunAsync("ssh-keygen", ["-q", "-t", type, "-N", "", "-f", key])).Code.ShouldBe(0);
        Directory.CreateDirectory("/run/sshd");
        string[] more = option.Length == 0 ? [] : ["-o", option];
        await using RunningProcess server = RunningProcess.Start("/usr/sbin/sshd", ["-D", "-e", "-f", "/dev/null", "-h", key, "-o", $"ListenAddress=127.0.0.1:{port}", "-o", "PidFile=none", .. more]);
        await server.UntilListeningAsync(port);

        JsonElement found = await AskAsync(port);
        found.Text("ssh.software").ShouldStartWith("OpenSSH_");
        if (option.Contains("sntrup", StringComparison.Ordinal))
        {
            // A method that we have not: the offer is known all the same.
            found.Text("ssh.host_key_sha256").ShouldBeNull();
            return;
        }

        found.Text("ssh.host_key_type").ShouldBe(type == "ed25519" ? "ssh-ed25519" : type == "rsa" ? "ssh-rsa" : "ecdsa-sha2-nistp256");
        (int code, string output, string error) = await RunningProcess.RunAsync("ssh-keygen", ["-lf", key + ".pub"]);
        code.ShouldBe(0, error);
        found.Text("ssh.host_key_sha256").ShouldBe(output.Split(' ')[1]);
    }

    [Fact]
    public async Task Dropbear_is_known_by_its_offer_and_its_key()
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/dropbear"), "dropbear is not installed");
        using TempFolder folder = new();
        int port = RunningProcess.FreePort();
        string key = folder.File("key");
        (int code, string output, string error) = await RunningProcess.RunAsync("dropbearkey", ["-t", "ed25519", "-f", key]);
        code.ShouldBe(0, error);
        await using RunningProcess server = RunningProcess.Start("/usr/sbin/dropbear", ["-F", "-E", "-s", "-P", folder.File("pid"), "-p", $"127.0.0.1:{port}", "-r", key]);
        await server.UntilListeningAsync(port);

        // Dropbear sends its offer with its first line, which tshark takes for something encrypted: the bytes are tshark's, the rest is python's.
        await using Tshark tshark = await Tshark.StartAsync(port, "ssh");
        (int asked, IReadOnlyList<JsonElement> all, string fault) = await WhorlProbe.RunAsync($"127.0.0.1:{port}", "--hassh");
        asked.ShouldBe(0, fault);
        JsonElement found = all.ShouldHaveSingleItem();
        await tshark.UntilQuietAsync();
        string bytes = string.Concat((await tshark.FieldsAsync($"tcp.srcport == {port} && tcp.len > 0", "tcp.payload")).SelectMany(packet => packet["tcp.payload"])).Replace(":", "", StringComparison.Ordinal);
        (int computed, string hassh, string wrong) = await RunningProcess.RunAsync("python3", ["-c", Python, bytes]);
        computed.ShouldBe(0, wrong);
        found.Text("ssh.hassh_server").ShouldBe(hassh.Trim());
        found.Text("ssh.software").ShouldStartWith("dropbear_");
        found.Text("ssh.host_key_type").ShouldBe("ssh-ed25519");
        string blob = output.Split('\n').Single(line => line.StartsWith("ssh-ed25519 ", StringComparison.Ordinal)).Split(' ')[1];
        found.Text("ssh.host_key_sha256").ShouldBe("SHA256:" + Convert.ToBase64String(SHA256.HashData(Convert.FromBase64String(blob))).TrimEnd('='));
    }

    /// <summary>Asks under the eyes of tshark, and compares.</summary>
    private static async Task<JsonElement> AskAsync(int port)
    {
        await using Tshark tshark = await Tshark.StartAsync(port, "ssh");
        (int code, IReadOnlyList<JsonElement> all, string error) = await WhorlProbe.RunAsync($"127.0.0.1:{port}", "--hassh");
        code.ShouldBe(0, error);
        JsonElement found = all.ShouldHaveSingleItem();
        await tshark.UntilQuietAsync();
        IReadOnlyList<IReadOnlyDictionary<string, string[]>> seen = await tshark.FieldsAsync($"ssh.kex.hasshserver && tcp.srcport == {port}", "ssh.kex.hasshserver", "ssh.kex.hasshserver_algorithms");
        IReadOnlyDictionary<string, string[]> kex = seen.ShouldHaveSingleItem();
        found.Text("ssh.hassh_server").ShouldBe(kex["ssh.kex.hasshserver"].ShouldHaveSingleItem());
        found.Text("ssh.hassh_text").ShouldBe(kex["ssh.kex.hasshserver_algorithms"].ShouldHaveSingleItem());
        return found;
    }
}
