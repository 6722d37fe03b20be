using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Whorl.Fingerprints.Ssh;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tests.Ssh;

/// <summary>The openings in <c>ssh-exchanges.jsonl</c> are what OpenSSH 9.2 and Dropbear 2022.83 sent on loopback.</summary>
public sealed class SshTests
{
    public static TheoryData<string> Exchanges => [.. Vectors.Own("ssh-exchanges.jsonl").Select(row => row.ToString())];

    [Theory]
    [MemberData(nameof(Exchanges))]
    public void A_real_opening_gives_banner_host_keys_and_hassh(string json)
    {
        JsonElement row = JsonDocument.Parse(json).RootElement;
        byte[] bytes = Convert.FromHexString(row.Text("bytes"));

        SshBanner.TryParse(bytes, out SshBanner? banner).ShouldBe(ParseStatus.Done);
        KexInit.TryParse(bytes.AsSpan(banner!.Length), out KexInit? kexInit).ShouldBe(ParseStatus.Done);

        banner.Text.ShouldBe(row.Text("banner"));
        banner.SpeaksVersion2.ShouldBeTrue();
        kexInit!.HostKeyAlgorithms.ShouldBe(row.Text("host_keys"));
        (banner.Length + kexInit.Length).ShouldBe(bytes.Length);
        bool client = row.Text("side") == "client";
        (client ? Hassh.Text(kexInit) : HasshServer.Text(kexInit)).ShouldBe(row.Text("text"));
        (client ? Hassh.Hash(kexInit) : HasshServer.Hash(kexInit)).ShouldBe(row.Text("md5"));
    }

    [Theory]
    [MemberData(nameof(Exchanges))]
    public void Every_truncation_asks_for_more(string json)
    {
        byte[] bytes = Convert.FromHexString(JsonDocument.Parse(json).RootElement.Text("bytes"));
        SshBanner.TryParse(bytes, out SshBanner? banner);
        for (int n = 0; n < banner!.Length; n++)
        {
            SshBanner.TryParse(bytes.AsSpan(0, n), out _, allowLead: false).ShouldBe(ParseStatus.NeedMore, $"{n} bytes");
        }

        for (int n = banner.Length; n < bytes.Length; n++)
        {
            KexInit.TryParse(bytes.AsSpan(banner.Length..n), out _).ShouldBe(ParseStatus.NeedMore, $"{n} bytes");
        }
    }

    [Fact]
    public void No_flipped_bit_makes_a_parser_throw()
    {
        byte[] bytes = Convert.FromHexString(Vectors.Own("ssh-exchanges.jsonl").First().Text("bytes"));
        SshBanner.TryParse(bytes, out SshBanner? whole);
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            SshBanner.TryParse(bytes, out SshBanner? banner);
            if (KexInit.TryParse(bytes.AsSpan(whole!.Length), out KexInit? kexInit) == ParseStatus.Done)
            {
                Hassh.Hash(kexInit!).Length.ShouldBe(32);
            }

            (banner?.Length ?? 0).ShouldBeLessThanOrEqualTo(bytes.Length);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u5\r\n", "2.0", "OpenSSH_9.2p1", "Debian-2+deb12u5")]
    [InlineData("SSH-1.99-Cisco-1.25\n", "1.99", "Cisco-1.25", "")]
    [InlineData("SSH-2.0-\r\n", "2.0", "", "")]
    [InlineData("SSH-2.0-a  b \n", "2.0", "a", " b ")]
    [InlineData("SSH-1.5-old\n", "1.5", "old", "")]
    public void An_identification_line_is_taken_apart(string line, string protocol, string software, string comments)
    {
        SshBanner.TryParse(Encoding.Latin1.GetBytes(line), out SshBanner? banner).ShouldBe(ParseStatus.Done);

        banner!.Protocol.ShouldBe(protocol);
        banner.Software.ShouldBe(software);
        banner.Comments.ShouldBe(comments);
        banner.Length.ShouldBe(line.Length);
    }

    [Fact]
    public void A_server_may_send_lines_first()
    {
        SshBanner.TryParse("Go away\r\nSSH is not for you\nSSH-2.0-x\r\nrest"u8, out SshBanner? banner).ShouldBe(ParseStatus.Done);

        banner!.LeadLines.ShouldBe(2);
        banner.LeadLength.ShouldBe(28);
        banner.Text.ShouldBe("SSH-2.0-x");
        banner.Length.ShouldBe(39);
    }

    [Theory]
    [InlineData("SSH-2.0\r\n", true)]
    [InlineData("SSH-2.0-a\0b\r\n", true)]
    [InlineData("\u0016\u0003\u0001\0", true)]
    [InlineData("GET / HTTP/1.1\r\n", false)]
    [InlineData("GE", false)]
    public void What_cannot_become_a_banner_is_malformed(string text, bool allowLead) =>
        SshBanner.TryParse(Encoding.Latin1.GetBytes(text), out _, allowLead).ShouldBe(ParseStatus.Malformed);

    [Fact]
    public void Endless_lines_are_given_up()
    {
        byte[] oneLine = [.. Enumerable.Repeat((byte)'x', SshBanner.MaxLineLength)];
        byte[] manyLines = [.. Enumerable.Repeat((byte)'\n', SshBanner.MaxLeadLength + 1)];

        SshBanner.TryParse(oneLine.AsSpan(1), out _).ShouldBe(ParseStatus.NeedMore);
        SshBanner.TryParse(oneLine, out _).ShouldBe(ParseStatus.Malformed);
        SshBanner.TryParse(manyLines.AsSpan(1), out _).ShouldBe(ParseStatus.NeedMore);
        SshBanner.TryParse(manyLines, out _).ShouldBe(ParseStatus.Malformed);
    }

    [Fact]
    public void Ignored_packets_before_the_key_exchange_are_stepped_over()
    {
        byte[] bytes = Convert.FromHexString(Vectors.Own("ssh-exchanges.jsonl").First().Text("bytes"));
        SshBanner.TryParse(bytes, out SshBanner? banner);
        byte[] ignored = [0, 0, 0, 12, 4, 2, 0, 0, 0, 2, 1, 2, 9, 9, 9, 9];
        byte[] stream = [.. ignored, .. ignored, .. bytes.AsSpan(banner!.Length)];

        KexInit.TryParse(stream, out KexInit? kexInit).ShouldBe(ParseStatus.Done);
        kexInit!.Length.ShouldBe(stream.Length);
        KexInit.TryParse([.. Enumerable.Repeat(ignored, 20).SelectMany(b => b)], out _).ShouldBe(ParseStatus.Malformed);
    }

    [Theory]
    [InlineData("FFFFFFFF")]
    [InlineData("00040001")]
    [InlineData("000000010014")]
    [InlineData("000000140514")]
    [InlineData("000000081E14")]
    [InlineData("00000014041F")]
    public void Impossible_packets_are_malformed_as_soon_as_they_are_seen(string hex)
    {
        byte[] bytes = Convert.FromHexString(hex);
        bool possible = bytes.Length > 4 && bytes[3] == 0x14 && bytes[5] == 0x14;

        KexInit.TryParse(bytes, out _).ShouldBe(possible ? ParseStatus.NeedMore : ParseStatus.Malformed);
    }

    [Fact]
    public void A_name_list_that_runs_over_the_padding_is_malformed()
    {
        byte[] packet = new byte[4 + 1 + 1 + 16 + (10 * 4) + 5 + 6];
        BinaryPrimitives.WriteInt32BigEndian(packet, packet.Length - 4);
        packet[4] = 6;
        packet[5] = 20;
        KexInit.TryParse(packet, out _).ShouldBe(ParseStatus.Done);

        packet[25] = 6;
        KexInit.TryParse(packet, out _).ShouldBe(ParseStatus.Malformed);
    }

    [Theory]
    [InlineData("a,b,c", "c,b", "b")]
    [InlineData("a", "b", null)]
    [InlineData("", "", null)]
    public void Both_sides_settle_on_the_clients_first_name_that_the_server_has(string client, string server, string? agreed) =>
        KexInit.Agreed(client, server).ShouldBe(agreed);
}
