using System.Buffers.Binary;
using System.Text;
using Whorl.Sources.Decoys;
using Whorl.Sources.Decoys.Personas;
using Whorl.Sources.Decoys.Sessions;
using Whorl.Sources.Decoys.Ssh;

namespace Whorl.Tests.Decoys;

/// <summary>Every service survives what its clients say cut off anywhere and with any bit turned over, and ends.</summary>
public sealed class HostileBytesTests : IDisposable
{
    private readonly DecoyTalk _talk = new();

    public static TheoryData<string, byte[]> Conversations => new()
    {
        { "{ service: ftp, accept: any }", "USER a\r\nPASS b\r\nEPSV\r\nCWD /tmp/../..\r\nSIZE x\r\nFEAT\r\nRETR \r\nQUIT\r\n"u8.ToArray() },
        { "{ service: smtp }", Encoding.ASCII.GetBytes($"EHLO a\r\nAUTH PLAIN {Convert.ToBase64String("\0a\0b"u8)}\r\nAUTH LOGIN\r\nYQ==\r\nYg==\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n") },
        { "{ service: telnet, accept: any, shell: true }", [0xFF, 0xFA, 31, 0, 80, 0xFF, 0xF0, .. "root\r\nx\r\necho -ne '\\x41' > /tmp/a; cat <<E | wc\nx\nE\n$(id) `id` \"${HOME}\" && busybox X || ls -la /; exit\n"u8] },
        { "{ service: redis, accept: any }", "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$3\r\nabc\r\nINFO\r\nCONFIG GET dir\r\n*1\r\n$4\r\nQUIT\r\n"u8.ToArray() },
        { "{ service: http, pages: [{ path: /, body: x }] }", "POST /?a=%41 HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YTpi\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\nGET / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab"u8.ToArray() },
        { "{ service: mqtt, accept: any }", [.. ClientBytes.MqttConnect, 0x32, 9, 0, 2, .. "ab"u8, 0, 1, .. "xyz"u8, 0x82, 6, 0, 7, 0, 1, (byte)'#', 0, 0xC0, 0] },
        { "{ service: mysql, accept: any }", [.. ClientBytes.MySqlLogin, 7, 0, 0, 0, 3, .. "SELECT"u8, 1, 0, 0, 0, 1] },
        { "{ service: postgresql }", [0, 0, 0, 8, 4, 0xD2, 0x16, 0x30, .. ClientBytes.PostgresStartup, .. "p\0\0\0\x0Bsecret\0"u8] },
        { "{ service: mssql }", [.. ClientBytes.TdsPrelogin, .. ClientBytes.TdsLogin("sa", "x")] },
        { "{ service: rdp }", ClientBytes.RdpRequest },
        { "{ service: smb }", [.. ClientBytes.SmbNegotiate, .. ClientBytes.SmbSetup(ClientBytes.NtlmNegotiate), .. ClientBytes.SmbSetup(ClientBytes.NtlmAnswer("D", "u"))] },
        { "{ service: vnc }", [.. "RFB 003.008\n"u8, 2, .. new byte[16]] },
        { "{ service: ssh }", [.. "SSH-2.0-x\r\n"u8, .. SshBytes.KexInit("ecdh-sha2-nistp256"), .. SshBytes.Packet([30, 0, 0, 0, 65, 4, .. new byte[64]])] },
        { "{ service: ssh }", [.. "SSH-2.0-x\r\n"u8, .. SshBytes.KexInit("diffie-hellman-group-exchange-sha256"), .. SshBytes.Packet([34, 0, 0, 8, 0, 0, 0, 8, 0, 0, 0, 8, 0]), .. SshBytes.Packet([32, 0, 0, 0, 1, 1])] },
    };

    [Theory]
    [MemberData(nameof(Conversations), DisableDiscoveryEnumeration = true)]
    public async Task A_conversation_that_is_cut_off_or_bent_ends_without_a_fault(string service, byte[] said)
    {
        DecoyPlace place = DecoyTalk.Place(service);
        IDecoyService serves = _talk.Services.Stream(place);
        foreach (byte[] bytes in Bent(said))
        {
            await TalkAsync(place, bytes, serves.ServeAsync);
        }
    }

    [Fact]
    public async Task What_is_said_inside_of_ssh_may_be_cut_off_or_bent_too()
    {
        // After the exchange the same readers work on what was decrypted; here they read it in clear.
        DecoyPlace place = DecoyTalk.Place("{ service: ssh, accept: any, shell: true }");
        byte[] said =
        [
            .. SshBytes.Packet([5, .. Text("ssh-userauth")]),
            .. SshBytes.Packet([50, .. Text("root"), .. Text("ssh-connection"), .. Text("publickey"), 0, .. Text("ssh-rsa"), .. Text("key")]),
            .. SshBytes.Packet([50, .. Text("root"), .. Text("ssh-connection"), .. Text("password"), 0, .. Text("pw")]),
            .. SshBytes.Packet([80, .. Text("tcpip-forward"), 1]),
            .. SshBytes.Packet([90, .. Text("direct-tcpip"), 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 9, .. Text("host"), 0, 0, 0, 80]),
            .. SshBytes.Packet([90, .. Text("session"), 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 255, 255]),
            .. SshBytes.Packet([98, 0, 0, 0, 0, .. Text("pty-req"), 1]),
            .. SshBytes.Packet([98, 0, 0, 0, 0, .. Text("exec"), 1, .. Text("scp -t /tmp")]),
            .. SshBytes.Packet([94, 0, 0, 0, 0, .. Text("C0644 3 a\n")]),
            .. SshBytes.Packet([94, 0, 0, 0, 0, .. Text("abc\0")]),
            .. SshBytes.Packet([93, 0, 0, 0, 0, 0, 0, 0, 9]),
            .. SshBytes.Packet([96, 0, 0, 0, 0]),
        ];
        foreach (byte[] bytes in Bent(said))
        {
            await TalkAsync(place, bytes, async session =>
            {
                using SshPackets packets = new(session);
                if (await new SshAuth(session, packets).RunAsync() is not null)
                {
                    SshChannel channel = new(session, packets);
                    if (await channel.OpenAsync() is { Command: not null })
                    {
                        await new ScpSink(channel, session.Report).RunAsync();
                        await channel.CloseAsync(0);
                    }
                }
            });
        }
    }

    [Theory]
    [InlineData("{ service: dns }")]
    [InlineData("{ service: snmp, accept: any }")]
    public void A_datagram_that_is_cut_off_or_bent_is_answered_with_no_more_bytes_than_it_brought(string service)
    {
        DecoyPlace place = DecoyTalk.Place(service);
        IDatagramService answers = ServiceTable.Datagram(place);
        foreach (byte[] bytes in Bent(place.Service.Kind == ServiceKind.Dns ? ClientBytes.DnsQuestion : ClientBytes.SnmpGet))
        {
            answers.Answer(bytes, new(_talk.Teller, place, default)).Length.ShouldBeLessThanOrEqualTo(bytes.Length);
        }
    }

    public void Dispose() => _talk.Dispose();

    private static byte[] Text(string text) => [0, 0, (byte)(text.Length >> 8), (byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    private static IEnumerable<byte[]> Bent(byte[] said)
    {
        for (int length = 0; length <= said.Length; length++)
        {
            yield return said[..length];
        }

        for (int bit = 0; bit < 8 * said.Length; bit++)
        {
            byte[] bent = [.. said];
            bent[bit / 8] ^= (byte)(1 << (bit % 8));
            yield return bent;
        }
    }

    private async Task TalkAsync(DecoyPlace place, byte[] bytes, Func<DecoySession, Task> serve)
    {
        await using DecoySession session = _talk.Session(place, bytes);
        await serve(session);
        session.Report.End(session);
    }
}

/// <summary>Packets of SSH in clear.</summary>
internal static class SshBytes
{
    public static byte[] Packet(byte[] payload)
    {
        int padding = 16 - ((payload.Length + 5) % 8);
        byte[] packet = new byte[5 + payload.Length + padding];
        BinaryPrimitives.WriteInt32BigEndian(packet, 1 + payload.Length + padding);
        packet[4] = (byte)padding;
        payload.CopyTo(packet, 5);
        return packet;
    }

    public static byte[] KexInit(string kex)
    {
        SshWriter message = new SshWriter().Byte(20).Raw(new byte[16]).String(kex).String("ecdsa-sha2-nistp256"u8).String("aes128-ctr"u8).String("aes128-ctr"u8);
        message.String("hmac-sha2-256"u8).String("hmac-sha2-256"u8).String("none"u8).String("none"u8).String("").String("").Flag(false).Number(0);
        return Packet(message.ToArray());
    }
}
