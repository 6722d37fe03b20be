using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Whorl.Kernel;

namespace Whorl.Tests.Decoys;

/// <summary>Databases, desktops, MQTT and datagrams, with the bytes that real clients send (written by hand after their specifications).</summary>
public sealed class BinaryServiceTests
{
    [Fact]
    public async Task Mysql_tells_the_answer_with_its_challenge_and_refuses()
    {
        await using TestDecoy decoy = new("{ service: mysql, version: 5.7.33-0ubuntu0.18.04.1 }");
        using DecoyClient client = await decoy.ConnectAsync();
        (await client.HearAsync("mysql_native_password\0")).ShouldContain("\n5.7.33-0ubuntu0.18.04.1\0");
        await client.SayAsync(ClientBytes.MySqlLogin);
        (await client.HearAllAsync()).ShouldContain("\xFF\x15\x04#28000Access denied for user 'root'@'127.0.0.1' (using password: YES)");
        JsonElement attempt = decoy.Sink.Of(DecoyKinds.Auth).ShouldHaveSingleItem().Attributes;
        attempt.GetProperty("auth.user").GetString().ShouldBe("root");
        attempt.GetProperty("auth.secret").GetString()!.Length.ShouldBe(40);
        attempt.GetProperty("auth.challenge").GetString()!.Length.ShouldBe(40);
    }

    [Fact]
    public async Task Postgresql_asks_for_the_password_in_clear()
    {
        await using TestDecoy decoy = new("{ service: postgresql }");
        using DecoyClient client = await decoy.ConnectAsync();
        await client.SayAsync([0, 0, 0, 8, 4, 0xD2, 0x16, 0x30]);
        (await client.HearAsync("N")).ShouldBe("N");
        await client.SayAsync(ClientBytes.PostgresStartup);
        await client.HearAsync("R\0\0\0\b\0\0\0\x03");
        await client.SayAsync("p\0\0\0\x0Bsecret\0");
        (await client.HearAllAsync()).ShouldContain("password authentication failed for user \"admin\"");
        decoy.Sink.Of(DecoyKinds.Auth).ShouldHaveSingleItem().Attributes.GetProperty("auth.secret").GetString().ShouldBe("secret");
    }

    [Fact]
    public async Task Mssql_reads_the_hidden_password_of_login7()
    {
        await using TestDecoy decoy = new("{ service: mssql }");
        using DecoyClient client = await decoy.ConnectAsync();
        await client.SayAsync(ClientBytes.TdsPrelogin);
        await client.HearAsync("\xFF");
        await client.SayAsync(ClientBytes.TdsLogin("sa", "P@ss1"));
        (await client.HearAllAsync()).ShouldContain(string.Join('\0', "Login failed for user 'sa'.".ToCharArray()));
        JsonElement attempt = decoy.Sink.Of(DecoyKinds.Auth).ShouldHaveSingleItem().Attributes;
        attempt.GetProperty("auth.user").GetString().ShouldBe("sa");
        attempt.GetProperty("auth.secret").GetString().ShouldBe("P@ss1");
    }

    [Theory]
    [InlineData(false, "\x04\x01\0\x25\0\0\x01\0\0\0\x15\0\x06\x01\0\x1b\0\x01\x02\0\x1c\0\x01\x03\0\x1d\0\0\xFF\x0F\0\x07\xD0\0\0\x02\0")]
    [InlineData(true, "\x04\x01\0\x2B\0\0\x01\0\0\0\x1A\0\x06\x01\0\x20\0\x01\x02\0\x21\0\x01\x03\0\x22\0\0\x04\0\x22\0\x01\xFF\x0F\0\x07\xD0\0\0\x02\0\0")]
    public async Task Mssql_answers_about_several_results_at_once_only_where_it_was_asked(bool asked, string answer)
    {
        await using TestDecoy decoy = new("{ service: mssql }");
        using DecoyClient client = await decoy.ConnectAsync();
        await client.SayAsync(asked ? [0x12, 1, 0, 15, 0, 0, 1, 0, 4, 0, 6, 0, 1, 0xFF, 0] : ClientBytes.TdsPrelogin);
        (await client.HearAsync(answer)).ShouldBe(answer);
    }

    [Theory]
    [InlineData(new byte[] { 4, 0, 0, 0x74 }, 4, 8)]
    [InlineData(new byte[] { 0x71, 0, 0, 1 }, 2, 4)]
    public async Task Mssql_refuses_with_numbers_as_wide_as_the_clients_version_has_them(byte[] version, int line, int rows)
    {
        await using TestDecoy decoy = new("{ service: mssql }");
        using DecoyClient client = await decoy.ConnectAsync();
        byte[] login = ClientBytes.TdsLogin("sa", "x");
        version.CopyTo(login, 8 + 4);
        await client.SayAsync(login);
        string done = "\xFD\x02\0\0\0" + new string('\0', rows);
        (await client.HearAllAsync()).ShouldEndWith("\0" + "\x01" + new string('\0', line - 1) + done);
    }

    [Fact]
    public async Task Rdp_tells_the_cookie_and_offers_network_level_authentication()
    {
        await using TestDecoy decoy = new("{ service: rdp }");
        using DecoyClient client = await decoy.ConnectAsync();
        await client.SayAsync(ClientBytes.RdpRequest);
        (await client.HearAsync("\x02\0\0\0")).ShouldStartWith("\x03\0\0\x13\x0E\xD0");
        (await decoy.Sink.WaitAsync(DecoyKinds.Command))[0].Attributes.GetProperty("command.text").GetString().ShouldBe("mstshash=Administr");
    }

    [Fact]
    public async Task Smb_tells_who_answers_its_challenge()
    {
        await using TestDecoy decoy = new("{ service: smb }");
        using DecoyClient client = await decoy.ConnectAsync();
        await client.SayAsync(ClientBytes.SmbNegotiate);
        string negotiated = await client.HearAsync("\x2B\x06\x01\x04\x01\x82\x37\x02\x02\x0A");
        long time = BinaryPrimitives.ReadInt64LittleEndian(Encoding.Latin1.GetBytes(negotiated).AsSpan(4 + 64 + 40));
        (TimeProvider.System.GetUtcNow() - DateTimeOffset.FromFileTime(time)).Duration().ShouldBeLessThan(TimeSpan.FromDays(1));
        await client.SayAsync(ClientBytes.SmbSetup(ClientBytes.NtlmNegotiate));
        await client.HearAsync("NTLMSSP\0\x02");
        await client.SayAsync(ClientBytes.SmbSetup(ClientBytes.NtlmAnswer("CORP", "alice")));
        JsonElement attempt = (await decoy.Sink.WaitAsync(DecoyKinds.Auth))[0].Attributes;
        attempt.GetProperty("auth.method").GetString().ShouldBe("ntlm");
        attempt.GetProperty("auth.user").GetString().ShouldBe("CORP\\alice");
        attempt.GetProperty("auth.secret").GetString().ShouldBe(string.Concat(Enumerable.Repeat("ab", 24)));
    }

    [Fact]
    public async Task Vnc_tells_the_answer_to_its_challenge()
    {
        await using TestDecoy decoy = new("{ service: vnc }");
        using DecoyClient client = await decoy.ConnectAsync();
        await client.AskAsync("RFB 003.008\n", "\x01\x02");
        await client.SayAsync("\x02");
        await client.SayAsync(new string('r', 16));
        (await client.HearAllAsync()).ShouldEndWith("Authentication failed");
        JsonElement attempt = decoy.Sink.Of(DecoyKinds.Auth).ShouldHaveSingleItem().Attributes;
        attempt.GetProperty("auth.secret").GetString().ShouldBe(string.Concat(Enumerable.Repeat("72", 16)));
        attempt.GetProperty("auth.challenge").GetString()!.Length.ShouldBe(32);
    }

    [Fact]
    public async Task Mqtt_tells_password_topic_and_message()
    {
        await using TestDecoy decoy = new("{ service: mqtt, accept: any }");
        using DecoyClient client = await decoy.ConnectAsync();
        await client.SayAsync(ClientBytes.MqttConnect);
        await client.HearAsync("\x20\x02\0\0");
        await client.SayAsync("\x30\x0A\0\x04home" + "open");
        await client.SayAsync("\x82\x06\0\x07\0\x01#\0");
        await client.HearAsync("\x90\x03\0\x07\0");
        JsonElement attempt = decoy.Sink.Of(DecoyKinds.Auth).ShouldHaveSingleItem().Attributes;
        attempt.GetProperty("auth.user").GetString().ShouldBe("user");
        attempt.GetProperty("auth.secret").GetString().ShouldBe("pass");
        decoy.Sink.Of(DecoyKinds.Command).Select(command => command.Attributes.GetProperty("command.text").GetString()).ShouldBe(["PUBLISH home", "SUBSCRIBE #"]);
        decoy.Sink.Of(DecoyKinds.Payload).ShouldHaveSingleItem().Attributes.GetProperty("payload.bytes").GetInt32().ShouldBe(4);
    }

    [Fact]
    public async Task Dns_tells_the_question_and_never_answers_with_more_bytes_than_it_brought()
    {
        await using TestDecoy decoy = new("{ service: dns }");
        byte[] answer = await AskAsync(decoy, ClientBytes.DnsQuestion);
        answer.Length.ShouldBeLessThanOrEqualTo(ClientBytes.DnsQuestion.Length);
        (answer[2] & 0x80).ShouldBe(0x80);
        (answer[3] & 15).ShouldBe(5);
        JsonElement query = decoy.Sink.Of(DecoyKinds.Query).ShouldHaveSingleItem().Attributes;
        query.GetProperty("query.name").GetString().ShouldBe("isc.example");
        query.GetProperty("query.type").GetString().ShouldBe("ANY");
        query.TryGetProperty("session.id", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Snmp_tells_the_community_and_what_was_asked()
    {
        await using TestDecoy decoy = new("{ service: snmp, accept: any }");
        byte[] answer = await AskAsync(decoy, ClientBytes.SnmpGet);
        answer.Length.ShouldBe(ClientBytes.SnmpGet.Length);
        decoy.Sink.Of(DecoyKinds.Auth).ShouldHaveSingleItem().Attributes.GetProperty("auth.secret").GetString().ShouldBe("public");
        decoy.Sink.Of(DecoyKinds.Query).ShouldHaveSingleItem().Attributes.GetProperty("query.name").GetString().ShouldBe("1.3.6.1.2.1.1.1.0");
    }

    private static async Task<byte[]> AskAsync(TestDecoy decoy, byte[] question)
    {
        using UdpClient client = new();
        client.Connect(decoy.EndPoint);
        await client.SendAsync(question);
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(30));
        return (await client.ReceiveAsync(late.Token)).Buffer;
    }
}
