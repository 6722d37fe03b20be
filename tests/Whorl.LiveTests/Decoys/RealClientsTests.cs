using Whorl.LiveTests.Capture;
using Whorl.LiveTests.Processes;
using Whorl.Tests.Support;

namespace Whorl.LiveTests.Decoys;

/// <summary>The clients that Debian has, against the decoys: they get through their protocol, and what they said is stored.</summary>
public sealed class RealClientsTests
{
    private const string Everything = """
        services:
          - { service: ssh }
          - { service: ftp, accept: listed }
          - { service: smtp }
          - { service: http, banner: nginx/1.18.0, pages: [{ path: /, body: hello }, { path: /.env, type: text/plain, body: KEY=1 }] }
          - { service: https, pages: [{ path: /, body: hello }] }
          - { service: mysql }
          - { service: postgresql }
          - { service: redis, port: 6380 }
          - { service: redis, accept: any }
          - { service: mqtt, accept: any }
          - { service: snmp, accept: any }
          - { service: dns }
        accounts:
          - { user: admin, passwords: [letmein] }
        files:
          - { path: /srv/backup.sql, content: "dump" }

        """;

    private const string Scanned = """
        services:
          - { service: ssh, port: 20022 }
          - { service: ftp, port: 20021 }
          - { service: smtp, port: 20025 }
          - { service: http, port: 20080, banner: nginx/1.18.0, pages: [{ path: /, body: hello }] }
          - { service: mysql, port: 23306 }
          - { service: redis, accept: any }
          - { service: mssql, port: 21433, version: 15.0.2000 }
          - { service: rdp, port: 23389 }
          - { service: vnc, port: 25900 }

        """;

    [Fact]
    public async Task Curl_reads_pages_files_and_lists_over_http_https_and_ftp_and_sends_mail()
    {
        await using DecoyFleet fleet = await DecoyFleet.StartAsync(Everything);
        (await CurlAsync("-u", "admin:pw", $"http://{fleet.Address}:{DecoyFleet.Port(80)}/.env")).ShouldBe("KEY=1");
        (await CurlAsync("-k", "--http2", $"https://{fleet.Address}:{DecoyFleet.Port(443)}/")).ShouldBe("hello");
        (await CurlAsync("-u", "admin:letmein", $"ftp://{fleet.Address}:{DecoyFleet.Port(21)}//srv/backup.sql")).ShouldBe("dump");
        (await CurlAsync("-u", "admin:letmein", "--ssl-reqd", "-k", $"ftp://{fleet.Address}:{DecoyFleet.Port(21)}//srv/", "--disable-epsv", "-Q", "NOOP", "-l")).ShouldContain("backup.sql");
        using TempFolder folder = new();
        await File.WriteAllTextAsync(folder.File("mail"), "Subject: hi\r\n\r\nhello\r\n");
        await CurlAsync("--ssl-reqd", "-k", "--mail-from", "a@b.example", "--mail-rcpt", "c@d.example", "-T", folder.File("mail"), $"smtp://{fleet.Address}:{DecoyFleet.Port(25)}/x.example");
        (await fleet.WaitAsync("payload"))[0]["payload.type"].ShouldBe("mail");
        IReadOnlyList<Stored> attempts = await fleet.WaitAsync("auth.attempt", 3);
        attempts.ShouldContain(attempt => attempt["service"] == "http" && attempt["auth.method"] == "basic" && attempt["auth.secret"] == "pw");
        attempts.ShouldContain(attempt => attempt["service"] == "ftp" && attempt["auth.accepted"] == "True");
    }

    [Fact]
    public async Task Database_clients_are_refused_as_by_their_servers()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/mariadb") && File.Exists("/usr/bin/redis-cli") && File.Exists("/usr/bin/psql"), "mariadb-client-core, redis-tools or postgresql-client is not installed");
        await using DecoyFleet fleet = await DecoyFleet.StartAsync(Everything);
        (_, _, string error) = await RunningProcess.RunAsync("mariadb", ["-h", fleet.Address, "-P", DecoyFleet.Port(3306), "-u", "root", "-ptoor", "-e", "select 1"]);
        error.ShouldContain("ERROR 1045 (28000): Access denied for user 'root'@");
        (_, _, error) = await RunningProcess.RunAsync("psql", ["-h", fleet.Address, "-p", DecoyFleet.Port(5432), "-U", "postgres", "-c", "select 1", "shop"], new Dictionary<string, string?>(StringComparer.Ordinal) { ["PGPASSWORD"] = "s3cret" });
        error.ShouldContain("password authentication failed for user \"postgres\"");
        (_, string output, _) = await RunningProcess.RunAsync("redis-cli", ["-h", fleet.Address, "-p", DecoyFleet.Port(6380), "-a", "foobared", "info"]);
        output.ShouldContain("NOAUTH Authentication required.");

        // psql tries with TLS, and then without.
        IReadOnlyList<Stored> attempts = await fleet.WaitAsync("auth.attempt", 4);
        attempts.Select(attempt => (attempt["service"], attempt["auth.user"])).Distinct().Order().ShouldBe([("mysql", "root"), ("postgresql", "postgres"), ("redis", "default")]);
        attempts.ShouldContain(attempt => attempt["auth.secret"] == "s3cret");
        attempts.ShouldContain(attempt => attempt["auth.secret"] == "foobared");
    }

    [Fact]
    public async Task Brokers_and_datagrams_are_asked()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/mosquitto_pub") && File.Exists("/usr/bin/snmpget"), "mosquitto-clients or snmp is not installed");
        await using DecoyFleet fleet = await DecoyFleet.StartAsync(Everything);
        foreach (string version in (string[])["mqttv311", "mqttv5"])
        {
            (int code, _, string error) = await RunningProcess.RunAsync("mosquitto_pub", ["-V", version, "-h", fleet.Address, "-p", DecoyFleet.Port(1883), "-u", "user", "-P", "pass", "-q", "1", "-t", "home/door", "-m", "open"]);
            code.ShouldBe(0, error);
        }

        (_, string output, string told) = await RunningProcess.RunAsync("snmpget", ["-v2c", "-c", "public", "-On", "-r", "0", $"{fleet.Address}:{DecoyFleet.Port(161)}", "1.3.6.1.2.1.1.1.0"]);
        (output + told).ShouldContain("No Such Instance currently exists");
        (await fleet.WaitAsync("payload", 2)).ShouldAllBe(payload => payload["payload.name"] == "home/door" && payload["payload.bytes"] == "4");
        (await fleet.WaitAsync("query"))[0]["query.name"].ShouldBe("1.3.6.1.2.1.1.1.0");
        (await fleet.WaitAsync("auth.attempt", 3)).ShouldContain(attempt => attempt["auth.method"] == "community" && attempt["auth.secret"] == "public");
    }

    [Fact]
    public async Task Nmap_recognises_what_each_service_pretends_to_be_and_its_operating_system_scan_harms_nothing()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/nmap"), "nmap is not installed");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "nmap -O needs root");

        // Redis on its usual port: elsewhere nmap does not ask for it.
        await using DecoyFleet fleet = await DecoyFleet.StartAsync(Scanned, ("Decoys:Fleet:0:PortOffset", "0"));
        (int code, string output, string error) = await RunningProcess.RunAsync("nmap", ["-n", "-Pn", "-T4", "-sV", "-O", "--max-os-tries", "1", "-p", "20022,20080,20021,20025,23306,6379,21433,23389,25900", fleet.Address], limit: TimeSpan.FromMinutes(3));
        code.ShouldBe(0, error);
        string[] lines = [.. output.Split('\n').Where(line => line.Contains("/tcp", StringComparison.Ordinal))];
        string Of(int port) => lines.Single(line => line.StartsWith($"{port}/", StringComparison.Ordinal));
        Of(20022).ShouldContain("OpenSSH 8.4p1 Debian");
        Of(20080).ShouldContain("nginx 1.18.0");
        Of(20021).ShouldContain("vsftpd 3.0.3");
        Of(20025).ShouldContain("Postfix smtpd");
        Of(23306).ShouldContain("MariaDB");
        Of(6379).ShouldContain("Redis key-value store 6.0.16");
        Of(21433).ShouldContain("Microsoft SQL Server 2019 15.00.2000");
        Of(23389).ShouldContain("Microsoft Terminal Services");
        Of(25900).ShouldContain("VNC (protocol 3.8)");
        (await fleet.Whorl.Local.GetStringAsync("/metrics")).ShouldNotContain("whorl_decoys_faults_total{");
    }

    private static async Task<string> CurlAsync(params string[] arguments)
    {
        (int code, string output, string error) = await RunningProcess.RunAsync("curl", ["-sS", "--max-time", "30", .. arguments]);
        code.ShouldBe(0, error);
        return output;
    }
}
