using System.Buffers.Binary;
using System.Net;
using Whorl.Kernel;

namespace Whorl.Sources.Probes.Protocols.Packets;

/// <summary>An ICMP error (RFC 792, RFC 4443 §3): what is wrong, and how much of which packet it quotes.</summary>
/// <param name="Target">Whom the quoted packet was sent to.</param>
/// <param name="Protocol">The quoted packet's protocol, behind an option header of IPv6.</param>
/// <param name="Port">Its source port; 0 where its protocol has none.</param>
/// <param name="Quoted">Bytes of it that are quoted.</param>
internal readonly record struct IcmpError(byte Type, byte Code, PeerAddress Target, byte Protocol, ushort Port, int Quoted)
{
    private const byte Icmp = 1;
    private const byte Udp = 17;
    private const byte DestinationOptions = 60;

    /// <summary>Reads an IPv4 packet, header and all, as a raw socket gives it.</summary>
    public static bool TryReadV4(ReadOnlySpan<byte> packet, out IcmpError error)
    {
        error = default;
        int header = packet.IsEmpty ? 0 : (packet[0] & 0x0F) * 4;
        if (header < 20 || packet[0] >> 4 != 4 || packet.Length < header + 28 || packet[9] != Icmp || packet[header] is not (3 or 11 or 12))
        {
            return false;
        }

        ReadOnlySpan<byte> message = packet[header..], quoted = message[8..];
        int inner = (quoted[0] & 0x0F) * 4;
        if (quoted[0] >> 4 != 4 || inner < 20)
        {
            return false;
        }

        error = new(message[0], message[1], PeerAddress.From(new IPAddress(quoted.Slice(16, 4))), quoted[9], quoted[9] == Udp ? PortAt(quoted, inner) : (ushort)0, quoted.Length);
        return true;
    }

    /// <summary>Reads an ICMPv6 message, without the header of IPv6, as a raw socket gives it.</summary>
    public static bool TryReadV6(ReadOnlySpan<byte> message, out IcmpError error)
    {
        error = default;
        if (message.Length < 48 || message[0] is 0 or > 4 || message[8] >> 4 != 6)
        {
            return false;
        }

        ReadOnlySpan<byte> quoted = message[8..];
        byte protocol = quoted[6];
        int inner = 40;
        if (protocol == DestinationOptions && quoted.Length >= 42)
        {
            (protocol, inner) = (quoted[40], 40 + 8 + (quoted[41] * 8));
        }

        error = new(message[0], message[1], PeerAddress.From(new IPAddress(quoted.Slice(24, 16))), protocol, protocol == Udp ? PortAt(quoted, inner) : (ushort)0, quoted.Length);
        return true;
    }

    private static ushort PortAt(ReadOnlySpan<byte> bytes, int at) => bytes.Length >= at + 2 ? BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]) : (ushort)0;
}
