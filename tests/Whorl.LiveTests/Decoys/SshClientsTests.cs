using Whorl.LiveTests.Capture;
using Whorl.LiveTests.Processes;
using Whorl.Tests.Support;

namespace Whorl.LiveTests.Decoys;

/// <summary>OpenSSH, dropbear and nmap against the SSH decoy: what they settle on, what is heard of them.</summary>
public sealed class SshClientsTests(OpenSshFleet open) : IClassFixture<OpenSshFleet>
{
    private static readonly string[] Careless = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "GlobalKnownHostsFile=/dev/null", "-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1", "-o", "LogLevel=ERROR"];

    [Theory]
    [InlineData("")]
    [InlineData("-oKexAlgorithms=ecdh-sha2-nistp256 -oHostKeyAlgorithms=ecdsa-sha2-nistp256 -oCiphers=aes128-ctr -oMACs=hmac-sha2-256")]
    [InlineData("-oKexAlgorithms=ecdh-sha2-nistp384 -oHostKeyAlgorithms=rsa-sha2-256 -oCiphers=aes256-gcm@openssh.com")]
    [InlineData("-oKexAlgorithms=ecdh-sha2-nistp521 -oCiphers=aes192-ctr -oMACs=hmac-sha2-512-etm@openssh.com")]
    [InlineData("-oKexAlgorithms=diffie-hellman-group14-sha256 -oCiphers=aes128-gcm@openssh.com")]
    [InlineData("-oKexAlgorithms=diffie-hellman-group-exchange-sha256 -oCiphers=aes256-ctr -oMACs=hmac-sha1")]
    [InlineData("-oKexAlgorithms=diffie-hellman-group16-sha512 -oHostKeyAlgorithms=ssh-ed25519")]
    [InlineData("-oKexAlgorithms=diffie-hellman-group18-sha512")]
    public async Task Openssh_runs_a_command_whatever_it_settles_on(string options)
    {
        string password = $"pw{options.Length}";
        (int code, string output, string error) = await SshAsync(open.Fleet, "22", password, [.. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)], "uname -a; id");
        code.ShouldBe(0, error);
        output.ShouldBe("Linux srv1 5.10.0-28-amd64 #1 SMP Debian 5.10.209-2 (2024-01-31) x86_64 GNU/Linux\nuid=0(root) gid=0(root) groups=0(root)\n");
        Stored attempt = await open.Fleet.WaitAsync("auth.attempt", attempt => attempt["auth.secret"] == password);
        (attempt["auth.user"], attempt["auth.accepted"]).ShouldBe(("root", "True"));
        Stored ended = await open.Fleet.WaitAsync("session.ended", ended => ended["session.id"] == attempt["session.id"]);
        ended["session.commands"].ShouldBe("uname -a; id");
        ended["client.banner"].ShouldStartWith("SSH-2.0-OpenSSH_");
    }

    [Fact]
    public async Task Nobody_is_let_in_where_the_persona_does_not_say_so_and_keys_are_heard_too()
    {
        await using DecoyFleet fleet = await DecoyFleet.StartAsync("services:\n  - { service: ssh }\n");
        using TempFolder folder = new();
        (await RunningProcess.RunAsync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", folder.File("key")])).Code.ShouldBe(0);
        (int code, _, string error) = await SshAsync(fleet, "22", "letmein", ["-o", "PreferredAuthentications=publickey,password", "-i", folder.File("key")], "id");
        code.ShouldBe(255);
        error.ShouldContain("Permission denied");
        IReadOnlyList<Stored> attempts = await fleet.WaitAsync("auth.attempt", 2);
        attempts.ShouldContain(attempt => attempt["auth.method"] == "publickey" && attempt["auth.secret"].StartsWith("ssh-ed25519 AAAA", StringComparison.Ordinal));
        attempts.ShouldContain(attempt => attempt["auth.method"] == "password" && attempt["auth.secret"] == "letmein");
        attempts.ShouldAllBe(attempt => attempt["auth.accepted"] == "False");
    }

    [Fact]
    public async Task What_is_copied_or_piped_in_is_kept()
    {
        await using DecoyFleet fleet = await DecoyFleet.StartAsync(OpenSshFleet.Services);
        using TempFolder folder = new();
        await File.WriteAllTextAsync(folder.File("x.sh"), "#!/bin/sh\necho hello\n");
        (int code, _, string error) = await AskedAsync("hunter2", "scp", [.. Careless, "-O", "-P", DecoyFleet.Port(22), folder.File("x.sh"), $"root@{fleet.Address}:/tmp/x.sh"]);
        code.ShouldBe(0, error);
        Stored copied = (await fleet.WaitAsync("payload"))[0];
        (copied["payload.name"], copied["payload.bytes"], copied["payload.type"]).ShouldBe(("x.sh", "21", "script"));
        File.ReadAllText(Path.Combine(fleet.Whorl.Data, "objects", copied["payload.sha256"][..2], copied["payload.sha256"])).ShouldBe("#!/bin/sh\necho hello\n");

        (code, _, error) = await RunningProcess.RunAsync("sh", ["-c", $"printf 'AAAA' | setsid -w env SSH_ASKPASS={AskPass("hunter2")} SSH_ASKPASS_REQUIRE=force DISPLAY=x ssh {string.Join(' ', Careless)} -p {DecoyFleet.Port(22)} root@{fleet.Address} 'cat > /tmp/y'"]);
        code.ShouldBe(0, error);
        (await fleet.WaitAsync("payload", 2)).ShouldContain(payload => payload["payload.name"] == "/tmp/y" && payload["payload.bytes"] == "4");
    }

    [Theory]
    [InlineData("22")]
    [InlineData("2222")]
    public async Task Dropbear_runs_a_command(string port)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/dbclient"), "dropbear-bin is not installed");
        (int code, string output, string error) = await RunningProcess.RunAsync(
            "dbclient", ["-y", "-y", "-p", DecoyFleet.Port(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture)), $"root@{open.Fleet.Address}", "whoami"], new Dictionary<string, string?>(StringComparer.Ordinal) { ["DROPBEAR_PASSWORD"] = $"dropbear{port}" });
        code.ShouldBe(0, error);
        output.ShouldBe("root\n");
        Stored attempt = await open.Fleet.WaitAsync("auth.attempt", attempt => attempt["auth.secret"] == $"dropbear{port}");
        (await open.Fleet.WaitAsync("session.ended", ended => ended["session.id"] == attempt["session.id"]))["client.banner"].ShouldStartWith("SSH-2.0-dropbear");
    }

    [Fact]
    public async Task Nmap_lists_the_algorithms_of_the_software_that_it_recognises()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/nmap"), "nmap is not installed");
        (int code, string output, string error) = await RunningProcess.RunAsync("nmap", ["-n", "-Pn", "-sV", "--script", "ssh2-enum-algos,ssh-hostkey", "-p", $"{DecoyFleet.Port(22)},{DecoyFleet.Port(2222)}", open.Fleet.Address], limit: TimeSpan.FromMinutes(2));
        code.ShouldBe(0, error);
        output.ShouldContain("OpenSSH 8.4p1 Debian 5+deb11u1 (protocol 2.0)");
        output.ShouldContain("Dropbear sshd 2019.78 (protocol 2.0)");
        output.ShouldContain("kex_algorithms: (9)");
        output.ShouldContain("umac-64-etm@openssh.com");
        output.ShouldContain("3072 ");
        output.ShouldContain("(ED25519)");
    }

    private static Task<(int Code, string Output, string Error)> SshAsync(DecoyFleet fleet, string port, string password, string[] options, string command) =>
        AskedAsync(password, "ssh", [.. options, .. Careless, "-p", DecoyFleet.Port(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture)), $"root@{fleet.Address}", command]);

    // OpenSSH asks a program for the password where it has no terminal.
    private static Task<(int Code, string Output, string Error)> AskedAsync(string password, string program, string[] arguments) => RunningProcess.RunAsync(
        "setsid", ["-w", program, .. arguments], new Dictionary<string, string?>(StringComparer.Ordinal) { ["SSH_ASKPASS"] = AskPass(password), ["SSH_ASKPASS_REQUIRE"] = "force", ["DISPLAY"] = "x" });

    private static string AskPass(string password)
    {
        string path = Path.Combine(Path.GetTempPath(), $"whorl-askpass-{Environment.ProcessId}-{password}");
        if (!File.Exists(path))
        {
            File.WriteAllText(path, $"#!/bin/sh\necho {password}\n");
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }
}

/// <summary>One machine that lets everybody in, for all the clients.</summary>
public sealed class OpenSshFleet : IAsyncLifetime
{
    internal const string Services = "services:\n  - { service: ssh, accept: any, shell: true }\n  - { service: ssh, port: 2222, algorithms: dropbear-2019, accept: any, shell: true }\n";

    internal DecoyFleet Fleet { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Fleet = await DecoyFleet.StartAsync(Services);

    public ValueTask DisposeAsync() => Fleet.DisposeAsync();
}
