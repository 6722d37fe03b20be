using Whorl.Fingerprints.Packets;

namespace Whorl.Fingerprints.Tests.Packets;

public sealed class PacketTests
{
    private const string Ends = "10.0.0.1:4660 > 10.0.0.2:80";

    // 10.0.0.1:4660 > 10.0.0.2:80, SYN, no options.
    private const string Ip = "450000280001400040060000" + "0a0000010a000002" + "1234005000000007000000005002200000000000";
    private const string Macs = "020000000001020000000002";

    private const string Zeros60 = "000000000000000000000000000000000000000000000000000000000000" + "000000000000000000000000000000000000000000000000000000000000";

    [Fact]
    public void Every_link_and_tunnel_gives_the_innermost_packet()
    {
        PacketVectors.All.Count.ShouldBeGreaterThan(50);
        foreach ((string note, LinkType link, byte[] frame, string ends) in PacketVectors.All)
        {
            Packet.TryDecode(link, frame, out Packet packet).ShouldBe(PacketStatus.Done, note);
            Describe(packet).ShouldBe(ends, note);
        }
    }

    [Theory]
    [InlineData(LinkType.Ethernet, Macs + "0800" + Ip, PacketLayers.None)]
    [InlineData(LinkType.Ethernet, Macs + "0030aaaa030000000800" + Ip, PacketLayers.None)]
    [InlineData(LinkType.Ethernet, Macs + "88e700000064" + Macs + "0800" + Ip, PacketLayers.Vlan)]
    [InlineData(LinkType.Ethernet, Macs + "89034020" + Macs + "81000007" + "0800" + Ip, PacketLayers.Vlan)]
    [InlineData(LinkType.Ethernet, Macs + "8847" + "00010140" + "00000000" + Macs + "0800" + Ip, PacketLayers.Mpls)]
    [InlineData(LinkType.Fddi, "57" + Macs + "aaaa030000000800" + Ip, PacketLayers.None)]
    [InlineData(LinkType.Ppp, "ff0321" + Ip, PacketLayers.Ppp)]
    [InlineData(LinkType.Ppp, "0f000800" + Ip, PacketLayers.Ppp)]
    [InlineData(LinkType.CiscoHdlc, "0f000800" + Ip, PacketLayers.None)]
    [InlineData(LinkType.PppOverEthernet, "11000001002a0021" + Ip, PacketLayers.Ppp)]
    [InlineData(LinkType.Null, "00000002" + Ip, PacketLayers.None)]
    [InlineData(LinkType.NetfilterLog, "02000001" + "08000100" + "08000301" + "0c000a0041424344" + "00000000" + "2c000900" + Ip, PacketLayers.None)]
    [InlineData(LinkType.PacketFilterLog, "3d020000" + Zeros60 + Ip, PacketLayers.None)]
    [InlineData(LinkType.Ieee80211, "8841" + "0000" + Macs + "020000000003" + "0000" + "0000" + "aaaa030000000800" + Ip, PacketLayers.None, PacketStatus.NotIp)]
    [InlineData(LinkType.Ieee80211, "8801" + "0000" + Macs + "020000000003" + "0000" + "0000" + "aaaa030000000800" + Ip, PacketLayers.None)]
    public void Rarer_links_are_read(LinkType link, string frame, PacketLayers layers, PacketStatus expected = PacketStatus.Done)
    {
        Packet.TryDecode(link, Convert.FromHexString(frame), out Packet packet).ShouldBe(expected);
        if (expected == PacketStatus.Done)
        {
            Describe(packet).ShouldBe(Ends);
            packet.Layers.ShouldBe(layers);
        }
    }

    [Theory]
    [InlineData("12b5", "0800000000000100" + Macs + "0800" + Ip, PacketLayers.Vxlan)]
    [InlineData("12b6", "0c00000100000100" + Ip, PacketLayers.Vxlan)]
    [InlineData("17c1", "0140655800000100" + "01020304" + Macs + "0800" + Ip, PacketLayers.Geneve)]
    [InlineData("0868", "34ff003000000001" + "00000085" + "00100000" + Ip, PacketLayers.None)]
    [InlineData("0868", "34ff003000000001" + "00000085" + "01100000" + Ip, PacketLayers.GtpU)]
    public void Udp_tunnels_are_entered_only_when_they_hold_a_packet(string port, string payload, PacketLayers layers)
    {
        int length = 28 + (payload.Length / 2);
        string outer = $"4500{length:x4}00000000401100000b0000010b000002" + $"c000{port}{length - 20:x4}0000" + payload;

        Packet.TryDecode(LinkType.Raw, Convert.FromHexString(outer), out Packet packet).ShouldBe(PacketStatus.Done);

        packet.Layers.ShouldBe(layers);
        packet.IsTcp.ShouldBe(layers != PacketLayers.None);
    }

    [Theory]
    [InlineData("100088be00000001" + "1000000000000000" + Macs + "0800" + Ip)]
    [InlineData("000088be" + Macs + "0800" + Ip)]
    [InlineData("100022eb00000001" + "200000000000000000000000" + Macs + "0800" + Ip)]
    [InlineData("3081880b002a00010000000000000000ff030021" + Ip)]
    public void Gre_kinds_are_entered(string gre)
    {
        int length = 20 + (gre.Length / 2);
        string outer = $"4500{length:x4}00000000402f00000b0000010b000002" + gre;

        Packet.TryDecode(LinkType.Raw, Convert.FromHexString(outer), out Packet packet).ShouldBe(PacketStatus.Done);

        Describe(packet).ShouldBe(Ends);
        (packet.Layers & PacketLayers.Gre).ShouldBe(PacketLayers.Gre);
    }

    [Fact]
    public void Fields_are_those_of_the_headers()
    {
        byte[] frame = Convert.FromHexString(Macs + "81000064" + "0800" + Ip + "ffff");

        Packet.TryDecode(LinkType.Ethernet, frame, out Packet packet).ShouldBe(PacketStatus.Done);
        packet.VlanId.ShouldBe((ushort)100);
        packet.IpVersion.ShouldBe((byte)4);
        packet.Ip.Length.ShouldBe(40);
        packet.IpHeaderLength.ShouldBe(20);
        packet.TimeToLive.ShouldBe((byte)64);
        packet.Id.ShouldBe(1u);
        packet.IsTcp.ShouldBeTrue();
        packet.TcpFlags.ShouldBe(TcpFlags.Syn);
        packet.Sequence.ShouldBe(7u);
        packet.Payload.IsEmpty.ShouldBeTrue();
        packet.MissingBytes.ShouldBe(0);
        packet.Flow.Reverse().Reverse().ShouldBe(packet.Flow);
        packet.Flow.SourceAddress.ToString().ShouldBe("10.0.0.1");
    }

    [Fact]
    public void Extension_headers_are_stepped_over()
    {
        // Hop-by-hop, routing, authentication, then ICMPv6 echo.
        string packetText = "60000000002c0040" + new string('0', 31) + "1" + new string('0', 31) + "2"
            + "2b00000000000000" + "3300000000000000" + "3a04000000000000" + "000000000000000000000000" + "00000000" + "8001000000010002";
        byte[] bytes = Convert.FromHexString(packetText);
        bytes[5] = (byte)(bytes.Length - 40);

        Packet.TryDecode(LinkType.Ipv6, bytes, out Packet packet).ShouldBe(PacketStatus.Done);
        packet.Protocol.ShouldBe(IpProtocol.IcmpV6);
        packet.IcmpType.ShouldBe((byte)0x80);
        packet.IcmpCode.ShouldBe((byte)1);
        packet.IpHeaderLength.ShouldBe(80);
    }

    [Fact]
    public void Other_frames_have_their_own_status()
    {
        Decode(LinkType.Ethernet, Macs + "0806" + "0001").ShouldBe(PacketStatus.NotIp);
        Decode((LinkType)9999, Ip).ShouldBe(PacketStatus.UnknownLink);
        Decode(LinkType.Raw, "").ShouldBe(PacketStatus.Truncated);
        Decode(LinkType.Raw, "44" + Ip[2..]).ShouldBe(PacketStatus.Malformed);
        Decode(LinkType.Ethernet, Macs + string.Concat(Enumerable.Repeat("81000001", 40)) + "0800" + Ip).ShouldBe(PacketStatus.Malformed);
    }

    [Fact]
    public void No_truncation_of_any_vector_throws_or_invents_bytes()
    {
        foreach ((string note, LinkType link, byte[] frame, string _) in PacketVectors.All)
        {
            for (int length = 0; length < frame.Length; length++)
            {
                PacketStatus status = Packet.TryDecode(link, frame.AsSpan(0, length), out Packet packet);
                status.ShouldBeOneOf([PacketStatus.Done, PacketStatus.Truncated, PacketStatus.NotIp], note);
                Touch(status, packet);
            }
        }
    }

    [Fact]
    public void No_flipped_bit_of_any_vector_throws()
    {
        foreach ((string _, LinkType link, byte[] frame, string _) in PacketVectors.All)
        {
            for (int bit = 0; bit < frame.Length * 8; bit++)
            {
                frame[bit / 8] ^= (byte)(1 << (bit % 8));
                PacketStatus status = Packet.TryDecode(link, frame, out Packet packet);
                Touch(status, packet);
                frame[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }
    }

    [Fact]
    public void Random_bytes_never_throw_on_any_link()
    {
        Random random = new(11);
        byte[] bytes = new byte[120];
        foreach (LinkType link in Enum.GetValues<LinkType>())
        {
            for (int i = 0; i < 5000; i++)
            {
                random.NextBytes(bytes);
                bytes[i % 40] = (byte)(i % 2 == 0 ? 0x45 : 0x60);
                PacketStatus status = Packet.TryDecode(link, bytes.AsSpan(0, random.Next(120)), out Packet packet);
                Touch(status, packet);
            }
        }
    }

    internal static void Touch(PacketStatus status, Packet packet)
    {
        bool has = status is PacketStatus.Done or PacketStatus.Fragment;
        Assert.Equal(has, packet.IpVersion != 0);
        _ = packet.Flow;
        _ = packet.TimeToLive + packet.Id + packet.Sequence + packet.Acknowledgement + packet.IcmpType + packet.IcmpCode + (uint)packet.TcpFlags;
        Assert.True(packet.Payload.Length <= packet.Transport.Length);
    }

    private static PacketStatus Decode(LinkType link, string hex) => Packet.TryDecode(link, Convert.FromHexString(hex), out _);

    private static string Describe(Packet packet) =>
        $"{packet.Flow.SourceAddress}:{packet.SourcePort} > {packet.Flow.DestinationAddress}:{packet.DestinationPort}";
}
