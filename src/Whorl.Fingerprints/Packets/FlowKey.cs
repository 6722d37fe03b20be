using System.Buffers.Binary;
using System.Net;

namespace Whorl.Fingerprints.Packets;

/// <summary>One direction of a conversation: addresses, ports and protocol. IPv4 addresses are kept in IPv6-mapped form.</summary>
/// <param name="Source">Sender.</param>
/// <param name="Destination">Receiver.</param>
/// <param name="SourcePort">Port of the sender; 0 for protocols without ports.</param>
/// <param name="DestinationPort">Port of the receiver; 0 for protocols without ports.</param>
/// <param name="Protocol">IP protocol number.</param>
public readonly record struct FlowKey(UInt128 Source, UInt128 Destination, ushort SourcePort, ushort DestinationPort, byte Protocol)
{
    /// <summary>The other direction.</summary>
    public FlowKey Reverse() => new(Destination, Source, DestinationPort, SourcePort, Protocol);

    /// <summary>The sender's address as an object.</summary>
    public IPAddress SourceAddress => ToAddress(Source);

    /// <summary>The receiver's address as an object.</summary>
    public IPAddress DestinationAddress => ToAddress(Destination);

    /// <summary>Reads an address of 4 or 16 bytes; other lengths give zero.</summary>
    /// <param name="address">The bytes in network order.</param>
    public static UInt128 FromBytes(ReadOnlySpan<byte> address) => address.Length switch
    {
        4 => new UInt128(0, 0xFFFF_0000_0000UL | BinaryPrimitives.ReadUInt32BigEndian(address)),
        16 => BinaryPrimitives.ReadUInt128BigEndian(address),
        _ => UInt128.Zero,
    };

    private static IPAddress ToAddress(UInt128 value)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, value);
        return (ulong)(value >> 32) == 0xFFFF ? new IPAddress(bytes[12..]) : new IPAddress(bytes);
    }
}
