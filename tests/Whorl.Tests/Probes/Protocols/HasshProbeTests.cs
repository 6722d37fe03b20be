using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Whorl.Fingerprints.Ssh;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Probes.Asking;
using Whorl.Sources.Probes.Protocols.Ssh;

namespace Whorl.Tests.Probes.Protocols;

public sealed class HasshProbeTests
{
    private static readonly string[] Lists =
    [
        "sntrup761x25519-sha512,curve25519-sha256,ecdh-sha2-nistp256,diffie-hellman-group14-sha256", "ssh-ed25519-cert-v01@openssh.com,ssh-ed25519,rsa-sha2-512", "aes128-ctr", "aes256-ctr", "hmac-sha1",
        "hmac-sha2-256", "none", "none,zlib@openssh.com", "", "",
    ];

    private static readonly byte[] KeyBlob = [.. Str("ssh-ed25519"), .. Str(new string('k', 32))];

    [Theory]
    [InlineData("", false, "curve25519-sha256", 32, "3ab2a2f17d3f389b8b6c77c057b84b1b")]
    [InlineData("Authorised use only\r\nGo away\r\n", true, "ecdh-sha2-nistp256", 65, "26153abb562bc0e5b73923e8a68b24b2")]
    [InlineData("", false, "diffie-hellman-group14-sha256", 256, "0a7028467aa2c22de94008486722cbc7")]
    public async Task A_server_tells_its_offer_and_shows_its_key(string lead, bool dribble, string method, int length, string hash)
    {
        KexInit? offered = null;
        int sent = 0;
        await using FakePeer peer = Server(lead, dribble, [method, .. Lists[1..]], (kex, value) => (offered, sent) = (kex, value));
        Attributes found = (await FakePeer.AskAsync(new HasshProbe("SSH-2.0-Test"), peer.Target)).Result.Findings.ShouldHaveSingleItem().Attributes;
        found.Get("ssh.hassh_server").ShouldBe(hash);
        found.Get("ssh.banner").ShouldBe("SSH-2.0-Fake_1.0 with words");
        found.Get("ssh.software").ShouldBe("Fake_1.0");
        found.Get("ssh.host_key_type").ShouldBe("ssh-ed25519");
        found.Get("ssh.host_key_sha256").ShouldBe("SHA256:" + Convert.ToBase64String(SHA256.HashData(KeyBlob)).TrimEnd('='));

        // We offer what it has, and plain keys before certificates.
        offered!.KexAlgorithms.ShouldBe(method);
        offered.HostKeyAlgorithms.ShouldBe("ssh-ed25519,rsa-sha2-512,ssh-ed25519-cert-v01@openssh.com");
        offered.EncryptionServerToClient.ShouldBe("aes256-ctr");
        sent.ShouldBe(length);
    }

    [Fact]
    public async Task A_server_that_leaves_after_its_offer_is_known_without_its_key()
    {
        await using FakePeer peer = new(async (stream, _, stop) => await stream.WriteAsync((byte[])[.. "SSH-2.0-Fake\r\n"u8, .. Packet(KexInitOf(Lists))], stop));
        Attributes found = (await FakePeer.AskAsync(new HasshProbe("SSH-2.0-Test"), peer.Target)).Result.Findings.ShouldHaveSingleItem().Attributes;
        found.Get("ssh.hassh_server").ShouldBe("0ec0956f82a61ad8b26a0419b5f9e742");
        found.Get("ssh.host_key_type").ShouldBeNull();
    }

    [Fact]
    public async Task A_server_with_methods_of_its_own_alone_is_known_without_its_key()
    {
        await using FakePeer peer = Server("", false, ["kex-of-the-future", .. Lists[1..]], (_, _) => { });
        Attributes found = (await FakePeer.AskAsync(new HasshProbe("SSH-2.0-Test"), peer.Target)).Result.Findings.ShouldHaveSingleItem().Attributes;
        found.Get("ssh.hassh_server").ShouldNotBeNull();
        found.Get("ssh.host_key_sha256").ShouldBeNull();
    }

    [Fact]
    public async Task Silence_tarpits_and_other_protocols_are_told_apart()
    {
        TimeSpan time = TimeSpan.FromMilliseconds(300);
        HasshProbe probe = new("SSH-2.0-Test");
        await using FakePeer silent = FakePeer.Silent(), tarpit = FakePeer.Tarpit((byte)'a'), closing = FakePeer.Closing(), binary = FakePeer.Answering(_ => [0, 1, 2]);
        await using FakePeer endless = FakePeer.Answering(_ => Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("a line of a notice without end\r\n", 10_000))));
        (await FakePeer.AskAsync(probe, silent.Target, time)).Result.Failure.ShouldBe(ProbeFailure.TimedOut);
        (await FakePeer.AskAsync(probe, tarpit.Target, time)).Result.Failure.ShouldBe(ProbeFailure.TimedOut);
        (await FakePeer.AskAsync(probe, closing.Target)).Result.Failure.ShouldBe(ProbeFailure.ClosedEarly);
        (await FakePeer.AskAsync(probe, binary.Target)).Result.Failure.ShouldBe(ProbeFailure.NotThisProtocol);
        (await FakePeer.AskAsync(probe, endless.Target)).Result.Failure.ShouldBe(ProbeFailure.NotThisProtocol);
        (await FakePeer.AskAsync(probe, endless.Target, maxBytes: 2000)).Result.Failure.ShouldBe(ProbeFailure.TooLarge);
        (await FakePeer.AskAsync(probe, FakePeer.Nobody())).Result.Failure.ShouldBe(ProbeFailure.Refused);
    }

    private static FakePeer Server(string lead, bool dribble, string[] lists, Action<KexInit, int> heard) => new(async (stream, _, stop) =>
    {
        await FakePeer.SendAsync(stream, [.. Encoding.ASCII.GetBytes(lead + "SSH-2.0-Fake_1.0 with words\r\n"), .. Packet([2, 0, 0, 0, 0]), .. Packet(KexInitOf(lists))], dribble, stop);
        byte[] bytes = new byte[8192];
        int count = 0;
        KexInit? client = null;
        while (true)
        {
            count += await stream.ReadAsync(bytes.AsMemory(count), stop) is > 0 and int read ? read : throw new IOException("the probe has left");
            if (SshBanner.TryParse(bytes.AsSpan(0, count), out SshBanner? banner) == ParseStatus.Done
                && KexInit.TryParse(bytes.AsSpan(banner!.Length..count), out client) == ParseStatus.Done
                && count - banner.Length - client!.Length is var rest and > 10
                && rest >= 4 + BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(banner.Length + client.Length)))
            {
                int at = banner.Length + client.Length;
                bytes[at + 5].ShouldBe((byte)30);
                heard(client, BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at + 6)));
                break;
            }
        }

        await FakePeer.SendAsync(stream, Packet([31, .. Block(KeyBlob), .. Str("their share"), .. Str("signature")]), dribble, stop);
        _ = await stream.ReadAsync(bytes, stop);
    });

    private static byte[] KexInitOf(string[] lists) => [20, .. new byte[16], .. lists.SelectMany(Str), 0, 0, 0, 0, 0];

    private static byte[] Str(string text) => Block(Encoding.ASCII.GetBytes(text));

    private static byte[] Block(byte[] bytes)
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        return [.. length, .. bytes];
    }

    private static byte[] Packet(byte[] payload)
    {
        byte[] padding = new byte[16 - ((payload.Length + 5) % 8)];
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, payload.Length + padding.Length + 1);
        return [.. length, (byte)padding.Length, .. payload, .. padding];
    }
}
