using System.Buffers.Binary;

namespace Whorl.Fingerprints.Packets;

/// <summary>
/// The innermost IP packet of a frame: where its headers are and what they say. It points into the caller's bytes
/// and allocates nothing. Made by <see cref="TryDecode"/>.
/// </summary>
public readonly ref struct Packet
{
    private readonly IpLayout _ip;

    internal Packet(ReadOnlySpan<byte> ip, scoped in IpLayout layout)
    {
        Ip = ip;
        _ip = layout;
    }

    /// <summary>From the IP header to the end of the packet, without padding of the link.</summary>
    public ReadOnlySpan<byte> Ip { get; }

    /// <summary>4 or 6; 0 where there is no packet.</summary>
    public byte IpVersion => _ip.Version;

    /// <summary>Transport protocol, after IPv6 extension headers; see <see cref="IpProtocol"/>.</summary>
    public byte Protocol => _ip.Protocol;

    /// <summary>Bytes of the IP header with options or extension headers.</summary>
    public int IpHeaderLength => _ip.TransportAt;

    /// <summary>Time to live (IPv4) or hop limit (IPv6).</summary>
    public byte TimeToLive => IpVersion switch
    {
        4 => Ip[8],
        6 => Ip[7],
        _ => 0,
    };

    /// <summary>IPv4 identification; for IPv6 that of the fragment header, else 0.</summary>
    public uint Id => IpVersion == 4 ? BinaryPrimitives.ReadUInt16BigEndian(Ip[4..])
        : IsFragment ? BinaryPrimitives.ReadUInt32BigEndian(Ip[(_ip.FragmentHeaderAt + 4)..]) : 0;

    /// <summary>The packet is a part of a larger one.</summary>
    public bool IsFragment => _ip.IsFragment;

    /// <summary>Where this fragment's bytes belong, in bytes from the end of the IP header.</summary>
    public int FragmentOffset => _ip.FragmentOffset;

    /// <summary>More fragments follow this one.</summary>
    public bool MoreFragments => _ip.MoreFragments;

    /// <summary>Bytes that the IP header announces and the frame does not hold (short capture).</summary>
    public int MissingBytes => _ip.MissingBytes;

    /// <summary>Layers that were taken off.</summary>
    public PacketLayers Layers => _ip.Layers;

    /// <summary>Number of the outermost VLAN tag; 0 without one.</summary>
    public ushort VlanId => _ip.VlanId;

    /// <summary>Sender, 4 or 16 bytes.</summary>
    public ReadOnlySpan<byte> SourceAddress => IpVersion switch
    {
        4 => Ip.Slice(12, 4),
        6 => Ip.Slice(8, 16),
        _ => default,
    };

    /// <summary>Receiver, 4 or 16 bytes.</summary>
    public ReadOnlySpan<byte> DestinationAddress => IpVersion switch
    {
        4 => Ip.Slice(16, 4),
        6 => Ip.Slice(24, 16),
        _ => default,
    };

    /// <summary>Transport header and payload; for a fragment its bytes.</summary>
    public ReadOnlySpan<byte> Transport => Ip[_ip.TransportAt..];

    /// <summary>What TCP, UDP or ICMP carries; for other protocols the same as <see cref="Transport"/>.</summary>
    public ReadOnlySpan<byte> Payload => Ip[_ip.PayloadAt..];

    /// <summary>True for TCP with a whole header.</summary>
    public bool IsTcp => Protocol == IpProtocol.Tcp && !IsFragment && _ip.Version != 0;

    /// <summary>True for UDP with a whole header.</summary>
    public bool IsUdp => Protocol == IpProtocol.Udp && !IsFragment && _ip.Version != 0;

    /// <summary>True for ICMP of either version with a whole header.</summary>
    public bool IsIcmp => Protocol is IpProtocol.Icmp or IpProtocol.IcmpV6 && !IsFragment && _ip.Version != 0;

    /// <summary>Port of the sender; 0 for protocols without ports.</summary>
    public ushort SourcePort => IsTcp || IsUdp ? BinaryPrimitives.ReadUInt16BigEndian(Transport) : (ushort)0;

    /// <summary>Port of the receiver; 0 for protocols without ports.</summary>
    public ushort DestinationPort => IsTcp || IsUdp ? BinaryPrimitives.ReadUInt16BigEndian(Transport[2..]) : (ushort)0;

    /// <summary>TCP flags; none for other protocols.</summary>
    public TcpFlags TcpFlags => IsTcp ? (TcpFlags)Transport[13] : TcpFlags.None;

    /// <summary>TCP sequence number; 0 for other protocols.</summary>
    public uint Sequence => IsTcp ? BinaryPrimitives.ReadUInt32BigEndian(Transport[4..]) : 0;

    /// <summary>TCP acknowledgement number; 0 for other protocols.</summary>
    public uint Acknowledgement => IsTcp ? BinaryPrimitives.ReadUInt32BigEndian(Transport[8..]) : 0;

    /// <summary>ICMP type; 0 for other protocols.</summary>
    public byte IcmpType => IsIcmp ? Transport[0] : (byte)0;

    /// <summary>ICMP code; 0 for other protocols.</summary>
    public byte IcmpCode => IsIcmp ? Transport[1] : (byte)0;

    /// <summary>Addresses, ports and protocol.</summary>
    public FlowKey Flow => new(FlowKey.FromBytes(SourceAddress), FlowKey.FromBytes(DestinationAddress), SourcePort, DestinationPort, Protocol);

    internal int FragmentHeaderAt => _ip.FragmentHeaderAt;

    internal int FragmentNextAt => _ip.FragmentNextAt;

    /// <summary>Finds the innermost IP packet of a frame.</summary>
    /// <param name="link">What the frame begins with.</param>
    /// <param name="frame">The captured bytes; the packet points into them.</param>
    /// <param name="packet">The packet; empty (version 0) unless the status is <see cref="PacketStatus.Done"/> or <see cref="PacketStatus.Fragment"/>.</param>
    public static PacketStatus TryDecode(LinkType link, ReadOnlySpan<byte> frame, out Packet packet) => PacketDecoder.Decode(link, frame, out packet);
}
