using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Whorl.Kernel;
using Whorl.Sources.Decoys.Sessions;

namespace Whorl.Tests.Decoys;

/// <summary>FTP, SMTP, Telnet and Redis, said by hand.</summary>
public sealed class TextServiceTests
{
    private const string Accounts = "accounts:\n  - { user: admin, passwords: [letmein] }\nfiles:\n  - { path: /srv/backup.sql, content: \"dump\\n\" }";

    [Fact]
    public async Task Ftp_refuses_what_is_not_listed_and_says_so_as_vsftpd_does()
    {
        await using TestDecoy decoy = new("{ service: ftp, accept: listed }", Accounts);
        using DecoyClient client = await decoy.ConnectAsync();
        (await client.HearAsync("\r\n")).ShouldBe("220 (vsFTPd 3.0.3)\r\n");
        (await client.AskAsync("LIST\r\n", "\r\n")).ShouldBe("530 Please login with USER and PASS.\r\n");
        foreach (string early in new[] { "SYST", "HELP", "NOOP" })
        {
            (await client.AskAsync(early + "\r\n", "\r\n")).ShouldBe("530 Please login with USER and PASS.\r\n");
        }

        (await client.AskAsync("FEAT\r\n", "211 End\r\n")).ShouldContain(" AUTH TLS\r\n EPRT\r\n");
        (await client.AskAsync("PROT P\r\n", "\r\n")).ShouldBe("503 PROT needs a secure connection.\r\n");
        (await client.AskAsync("USER admin\r\n", "\r\n")).ShouldBe("331 Please specify the password.\r\n");
        (await client.AskAsync("PASS wrong\r\n", "\r\n")).ShouldBe("530 Login incorrect.\r\n");
        JsonElement attempt = decoy.Sink.Of(DecoyKinds.Auth).ShouldHaveSingleItem().Attributes;
        attempt.GetProperty("auth.user").GetString().ShouldBe("admin");
        attempt.GetProperty("auth.secret").GetString().ShouldBe("wrong");
        attempt.GetProperty("auth.accepted").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task Ftp_keeps_an_upload_and_shows_the_personas_files()
    {
        await using TestDecoy decoy = new("{ service: ftp, accept: listed }", Accounts);
        using DecoyClient client = await decoy.ConnectAsync();
        await client.AskAsync("USER admin\r\nPASS letmein\r\n", "230 Login successful.\r\n");
        using (DecoyClient data = await PassiveAsync(client))
        {
            await client.AskAsync("RETR /srv/backup.sql\r\n", "150 ");
            (await data.HearAllAsync()).ShouldBe("dump\n");
        }

        await client.HearAsync("226");
        using (DecoyClient data = await PassiveAsync(client))
        {
            await client.AskAsync("STOR x.sh\r\n", "150 ");
            await data.SayAsync("#!/bin/sh\n");
            data.EndSaying();
            await client.HearAsync("226");
        }

        JsonElement payload = (await decoy.Sink.WaitAsync(DecoyKinds.Payload))[0].Attributes;
        payload.GetProperty("payload.name").GetString().ShouldBe("x.sh");
        payload.GetProperty("payload.type").GetString().ShouldBe("script");
        await using Stream kept = decoy.Objects.Open(payload.GetProperty("payload.sha256").GetString()!)!;
        using StreamReader reader = new(kept);
        (await reader.ReadToEndAsync()).ShouldBe("#!/bin/sh\n");
    }

    [Fact]
    public async Task Smtp_hears_passwords_and_keeps_mails_without_sending_them()
    {
        await using TestDecoy decoy = new("{ service: smtp }");
        using DecoyClient client = await decoy.ConnectAsync();
        (await client.HearAsync("\r\n")).ShouldBe("220 srv1.test.example ESMTP Postfix (Debian/GNU)\r\n");
        (await client.AskAsync("EHLO spammer.example\r\n", "250 CHUNKING\r\n")).ShouldContain("250-AUTH PLAIN LOGIN");
        await client.AskAsync($"AUTH PLAIN {Convert.ToBase64String("\0bob\0s3cret"u8)}\r\n", "535 ");
        await client.AskAsync("AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n");
        await client.AskAsync(Convert.ToBase64String("eve"u8) + "\r\n", "334 UGFzc3dvcmQ6\r\n");
        await client.AskAsync(Convert.ToBase64String("pw"u8) + "\r\n", "535 ");
        await client.AskAsync("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n", "354 ");
        await client.AskAsync("Subject: hi\r\n\r\n..dot\r\n.\r\n", "250 2.0.0 Ok: queued as ");
        decoy.Sink.Of(DecoyKinds.Auth).Select(attempt => $"{attempt.Attributes.GetProperty("auth.user")}:{attempt.Attributes.GetProperty("auth.secret")}").ShouldBe(["bob:s3cret", "eve:pw"]);
        JsonElement payload = decoy.Sink.Of(DecoyKinds.Payload).ShouldHaveSingleItem().Attributes;
        payload.GetProperty("payload.type").GetString().ShouldBe("mail");
        await using Stream kept = decoy.Objects.Open(payload.GetProperty("payload.sha256").GetString()!)!;
        using StreamReader reader = new(kept);
        (await reader.ReadToEndAsync()).ShouldBe("Subject: hi\r\n\r\n.dot\r\n");
    }

    [Fact]
    public async Task Telnet_asks_three_times_and_hears_what_is_typed_among_its_commands()
    {
        await using TestDecoy decoy = new("{ service: telnet }");
        using DecoyClient client = await decoy.ConnectAsync();
        await client.HearAsync("srv1 login: ");
        await client.SayAsync([0xFF, 0xFB, 31, 0xFF, 0xFA, 31, 0, 80, 0, 24, 0xFF, 0xF0, .. "rooz\x7Ft\r\0"u8]);
        await client.HearAsync("Password: ");
        (await client.AskAsync("xc3511\r\n", "login: ")).ShouldNotContain("xc3511");
        await client.AskAsync("root\n", "Password: ");
        await client.AskAsync("admin\n", "login: ");
        await client.AskAsync("root\n", "Password: ");
        await client.SayAsync("1234\n");
        (await client.HearAllAsync()).ShouldContain("Login incorrect");
        decoy.Sink.Of(DecoyKinds.Auth).Select(attempt => $"{attempt.Attributes.GetProperty("auth.user")}:{attempt.Attributes.GetProperty("auth.secret")}").ShouldBe(["root:xc3511", "root:admin", "root:1234"]);
    }

    [Fact]
    public async Task Telnet_gives_a_shell_that_executes_nothing_and_keeps_what_is_written_in_it()
    {
        await using TestDecoy decoy = new("{ service: telnet, accept: any, shell: true }");
        using (DecoyClient client = await decoy.ConnectAsync())
        {
            await client.AskAsync("root\nroot\n", "root@srv1:~# ");
            (await client.AskAsync("/bin/busybox ECCHI\n", "root@srv1:~# ")).ShouldContain("ECCHI: applet not found");
            await client.AskAsync("cd /tmp && echo -ne '\\x7fELF\\x01' > .d; chmod 777 .d; ./.d\n", "root@srv1:/tmp# ");
            await client.SayAsync("exit\n");
            await client.HearAllAsync();
        }

        await decoy.Sink.WaitAsync(DecoyKinds.SessionEnded);
        decoy.Sink.Of(DecoyKinds.Command).Count.ShouldBe(3);
        JsonElement payload = decoy.Sink.Of(DecoyKinds.Payload).ShouldHaveSingleItem().Attributes;
        payload.GetProperty("payload.name").GetString().ShouldBe("/tmp/.d");
        payload.GetProperty("payload.type").GetString().ShouldBe("elf");
        payload.GetProperty("payload.bytes").GetInt32().ShouldBe(5);
    }

    [Fact]
    public async Task Redis_without_a_password_takes_what_attackers_write_and_keeps_it()
    {
        await using TestDecoy decoy = new("{ service: redis, accept: any, version: 5.0.7 }");
        using DecoyClient client = await decoy.ConnectAsync();
        (await client.AskAsync("PING\r\n", "\r\n")).ShouldBe("+PONG\r\n");
        (await client.AskAsync("*1\r\n$4\r\ninfo\r\n", "# Keyspace")).ShouldContain("redis_version:5.0.7\r\n");
        string key = $"\n\nssh-rsa {new string('A', 200)}\n\n";
        await client.AskAsync($"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n${key.Length}\r\n{key}\r\n", "+OK");
        await client.AskAsync("CONFIG SET dir /root/.ssh/\r\n", "+OK");
        JsonElement payload = (await decoy.Sink.WaitAsync(DecoyKinds.Payload))[0].Attributes;
        payload.GetProperty("payload.bytes").GetInt32().ShouldBe(key.Length);
        decoy.Sink.Of(DecoyKinds.Command)[^1].Attributes.GetProperty("command.text").GetString().ShouldBe("CONFIG SET dir /root/.ssh/");
    }

    [Fact]
    public async Task Smtp_takes_a_mail_in_chunks_as_it_offers()
    {
        await using TestDecoy decoy = new("{ service: smtp }");
        using DecoyClient client = await decoy.ConnectAsync();
        (await client.AskAsync("EHLO a\r\nBDAT 2 LAST\r\nhi", "recipients\r\n")).ShouldEndWith("554 5.5.1 Error: no valid recipients\r\n");
        await client.AskAsync("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nBDAT x\r\n", "501 5.5.4 Syntax: BDAT count [LAST]\r\n");
        await client.AskAsync("BDAT 5\r\nSub\r\n", "250 2.0.0 Ok: 5 bytes\r\n");
        await client.AskAsync("BDAT 3 LAST\r\n.\r\n", "250 2.0.0 Ok: queued as ");
        await client.AskAsync("BDAT 0 LAST\r\n", "554 ");
        JsonElement payload = decoy.Sink.Of(DecoyKinds.Payload).ShouldHaveSingleItem().Attributes;
        payload.GetProperty("payload.type").GetString().ShouldBe("mail");
        await using Stream kept = decoy.Objects.Open(payload.GetProperty("payload.sha256").GetString()!)!;
        using StreamReader reader = new(kept);
        (await reader.ReadToEndAsync()).ShouldBe("Sub\r\n.\r\n");
    }

    [Fact]
    public async Task Redis_says_hello_and_hears_the_password_in_it()
    {
        await using TestDecoy decoy = new("{ service: redis, accept: listed }", "accounts:\n  - { user: default, passwords: [letmein] }");
        using DecoyClient client = await decoy.ConnectAsync();
        (await client.AskAsync("HELLO 3\r\n", "\r\n")).ShouldStartWith("-NOAUTH HELLO must be called");
        (await client.AskAsync("HELLO 4\r\n", "\r\n")).ShouldStartWith("-NOPROTO");
        await client.AskAsync("HELLO 3 AUTH default wrong SETNAME x\r\n", "-WRONGPASS");
        await client.HearAsync("\r\n");
        (await client.AskAsync("HELLO 3 AUTH default letmein\r\n", "*0\r\n")).ShouldStartWith("%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n");
        (await client.AskAsync("GET x\r\n", "\r\n")).ShouldBe("_\r\n");
        decoy.Sink.Of(DecoyKinds.Auth).Select(attempt => attempt.Attributes.GetProperty("auth.secret").GetString()).ShouldBe(["wrong", "letmein"]);
    }

    [Fact]
    public async Task A_command_of_redis_that_comes_byte_by_byte_is_read_once()
    {
        using DecoyTalk talk = new();
        string said = "*1000\r\n" + string.Concat(Enumerable.Repeat("$1\r\nx\r\n", 1000)) + new string('y', 15_000) + "\r\n";
        DecoyPlace place = DecoyTalk.Place("{ service: redis, accept: any }");
        IDecoyService redis = talk.Services.Stream(place);
        await using DecoySession session = talk.Session(place, Encoding.Latin1.GetBytes(said), piece: 1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        await redis.ServeAsync(session);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(64 * 1024 * 1024);
        session.BytesIn.ShouldBe(said.Length);
    }

    internal static async Task<DecoyClient> PassiveAsync(DecoyClient client)
    {
        string answer = await client.AskAsync("EPSV\r\n", ")\r\n");
        int port = int.Parse(answer.Split('|')[3], System.Globalization.CultureInfo.InvariantCulture);
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        return new DecoyClient(socket);
    }
}
