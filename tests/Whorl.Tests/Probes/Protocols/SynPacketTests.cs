using System.Buffers.Binary;
using System.Net;
using Whorl.Sources.Probes.Protocols.Packets;

namespace Whorl.Tests.Probes.Protocols;

public sealed class SynPacketTests
{
    private static readonly IPAddress Us = IPAddress.Parse("192.0.2.1"), Them = IPAddress.Parse("192.0.2.2");

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2")]
    [InlineData("2001:db8::1", "2001:db8::2")]
    public void The_checksum_over_the_whole_is_right(string source, string target)
    {
        byte[] segment = SynPacket.Make(IPAddress.Parse(source), 61000, IPAddress.Parse(target), 443, 0xDEADBEEF);
        byte[] all = [.. IPAddress.Parse(source).GetAddressBytes(), .. IPAddress.Parse(target).GetAddressBytes(), 0, 6, 0, (byte)segment.Length, .. segment];
        uint sum = 0;
        for (int i = 0; i < all.Length; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(all.AsSpan(i));
        }

        ((sum & 0xFFFF) + (sum >> 16)).ShouldBe(0xFFFFu);
    }

    [Fact]
    public void An_answer_that_accepts_tells_the_stack()
    {
        SynPacket.TryRead(SynAck(), out SynAnswer answer).ShouldBeTrue();
        answer.Source.ToString().ShouldBe("192.0.2.2");
        (answer.SourcePort, answer.Port, answer.Acknowledged, answer.Ttl).ShouldBe(((ushort)443, (ushort)61000, 0xDEADBEF0u, (byte)57));
        answer.Stack.ShouldNotBeNull().StackSignature.ShouldBe("4:64:0:1460:mss*45,7:mss,sok,ts,nop,ws:df:0");
    }

    [Fact]
    public void The_hash_of_a_stack_does_not_depend_on_path_and_moment()
    {
        SynPacket.TryRead(SynAck(), out SynAnswer near);
        byte[] packet = SynAck();
        packet[8] = 49; // hops
        packet[27] = 99; // sequence number
        packet[51] = 7; // timestamp
        SynPacket.TryRead(packet, out SynAnswer far);
        TcpProbe.HashOf(far.Stack!).ShouldBe(TcpProbe.HashOf(near.Stack!));
        TcpProbe.HashOf(near.Stack!).Length.ShouldBe(32);

        packet[14 + 20] ^= 1; // window
        SynPacket.TryRead(packet, out SynAnswer other);
        TcpProbe.HashOf(other.Stack!).ShouldNotBe(TcpProbe.HashOf(near.Stack!));
    }

    [Fact]
    public void An_answer_that_refuses_has_no_stack()
    {
        byte[] packet = SynAck();
        packet[33] = 0x14;
        SynPacket.TryRead(packet, out SynAnswer answer).ShouldBeTrue();
        answer.Stack.ShouldBeNull();
    }

    [Fact]
    public void What_is_no_answer_to_a_syn_is_passed_over()
    {
        byte[] packet = SynAck();
        packet[33] = 0x10;
        SynPacket.TryRead(packet, out _).ShouldBeFalse();
        packet[33] = 0x02;
        SynPacket.TryRead(packet, out _).ShouldBeFalse();
        packet = SynAck();
        packet[9] = 17;
        SynPacket.TryRead(packet, out _).ShouldBeFalse();
    }

    [Fact]
    public void No_truncation_or_flipped_bit_throws()
    {
        byte[] packet = SynAck();
        for (int n = 0; n < packet.Length; n++)
        {
            SynPacket.TryRead(packet.AsSpan(0, n), out _).ShouldBeFalse();
        }

        for (int bit = 0; bit < packet.Length * 8; bit++)
        {
            packet[bit / 8] ^= (byte)(1 << (bit % 8));
            SynPacket.TryRead(packet, out _);
            packet[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    // What Linux answers: an IPv4 header of 20 bytes, then our own segment turned round with SYN and ACK.
    private static byte[] SynAck()
    {
        byte[] segment = SynPacket.Make(Them, 443, Us, 61000, 0x01020304);
        segment[13] = 0x12;
        BinaryPrimitives.WriteUInt32BigEndian(segment.AsSpan(8), 0xDEADBEF0);
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(14), 65_160);
        BinaryPrimitives.WriteUInt32BigEndian(segment.AsSpan(32), 1);
        return [0x45, 0, 0, 60, 0, 0, 0x40, 0, 57, 6, 0, 0, .. Them.GetAddressBytes(), .. Us.GetAddressBytes(), .. segment];
    }
}
