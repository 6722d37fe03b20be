using System.Net;
using Whorl.Sources.Probes.Protocols.Packets;

namespace Whorl.Tests.Probes.Protocols;

public sealed class IcmpErrorTests
{
    private static readonly byte[] Us = IPAddress.Parse("192.0.2.1").GetAddressBytes(), Them = IPAddress.Parse("192.0.2.2").GetAddressBytes();
    private static readonly byte[] UsV6 = IPAddress.Parse("2001:db8::1").GetAddressBytes(), ThemV6 = IPAddress.Parse("2001:db8::2").GetAddressBytes();

    // A datagram from our port 61000 (ee48), quoted to its end; the outer header has four bytes of options.
    private static readonly byte[] PortClosed =
        [0x46, 0, 0, 0, 0, 0, 0, 0, 64, 1, 0, 0, .. Them, .. Us, 1, 1, 1, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0x45, 0, 0, 60, 0, 0, 0, 0, 64, 17, 0, 0, .. Us, .. Them, 0xEE, 0x48, 0x82, 0x9B, 0, 40, 0, 0];

    private static readonly byte[] OptionUnknown =
        [4, 2, 0, 0, 0, 0, 0, 42, 0x60, 0, 0, 0, 0, 48, 60, 64, .. UsV6, .. ThemV6, 17, 0, 0x80, 4, 0, 0, 0, 0, 0xEE, 0x48, 0x82, 0x9B, 0, 40, 0, 0];

    [Fact]
    public void An_error_names_the_packet_that_provoked_it()
    {
        IcmpError.TryReadV4(PortClosed, out IcmpError error).ShouldBeTrue();
        (error.Type, error.Code, error.Target.ToString(), error.Protocol, error.Port, error.Quoted).ShouldBe(((byte)3, (byte)3, "192.0.2.2", (byte)17, (ushort)61000, 28));
        IcmpError.TryReadV6(OptionUnknown, out error).ShouldBeTrue();
        (error.Type, error.Code, error.Target.ToString(), error.Protocol, error.Port, error.Quoted).ShouldBe(((byte)4, (byte)2, "2001:db8::2", (byte)17, (ushort)61000, 56));
    }

    [Fact]
    public void What_is_no_error_is_passed_over()
    {
        byte[] echo = [.. PortClosed];
        echo[24] = 8;
        IcmpError.TryReadV4(echo, out _).ShouldBeFalse();
        byte[] reply = [.. OptionUnknown];
        reply[0] = 129;
        IcmpError.TryReadV6(reply, out _).ShouldBeFalse();
    }

    [Fact]
    public void No_truncation_or_flipped_bit_throws()
    {
        foreach (byte[] packet in (byte[][])[PortClosed, OptionUnknown])
        {
            for (int n = 0; n < packet.Length; n++)
            {
                IcmpError.TryReadV4(packet.AsSpan(0, n), out _);
                IcmpError.TryReadV6(packet.AsSpan(0, n), out _);
            }

            for (int bit = 0; bit < packet.Length * 8; bit++)
            {
                packet[bit / 8] ^= (byte)(1 << (bit % 8));
                IcmpError.TryReadV4(packet, out _);
                IcmpError.TryReadV6(packet, out _);
                packet[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }
    }
}
