using System.Buffers.Binary;
using Whorl.Fingerprints.Packets;

namespace Whorl.Sources.Capture.Flows.Tables;

/// <summary>
/// Hosts of the same link, by MAC address. Their IPv4 address comes from ARP and from packets that no router passes on;
/// any other packet may carry the MAC address of a router.
/// </summary>
internal sealed class NeighbourTable(int capacity, IFlowEvents events)
{
    // A neighbour that stays is told again after this.
    private const long Again = 300 * 1_000_000_000L;

    private const int EthernetHeader = 14;
    private const int ArpLength = 28;

    private readonly LruTable<MacKey, Neighbour> _neighbours = new(capacity, 1);

    /// <summary>A frame that holds no IP: perhaps ARP for IPv4 over Ethernet.</summary>
    public void TakeOther(in CapturedFrame frame)
    {
        if (frame.Link != LinkType.Ethernet)
        {
            return;
        }

        ReadOnlySpan<byte> rest = frame.Bytes;
        while (rest.Length >= EthernetHeader + 4 && BinaryPrimitives.ReadUInt16BigEndian(rest[12..]) is 0x8100 or 0x88A8)
        {
            rest = rest[4..];
        }

        // hardware type 1, protocol type IPv4, lengths 6 and 4, operation; then the sender's addresses
        if (rest.Length >= EthernetHeader + ArpLength && rest[12] == 8 && rest[13] == 6
            && rest.Slice(EthernetHeader, 6).SequenceEqual((ReadOnlySpan<byte>)[0, 1, 8, 0, 6, 4]))
        {
            Learn(Mac(rest[(EthernetHeader + 8)..]), FlowKey.FromBytes(rest.Slice(EthernetHeader + 14, 4)));
        }
    }

    /// <summary>A packet that stays on its link.</summary>
    public void TakeLocal(in CapturedFrame frame, in Packet packet)
    {
        if (frame.Link == LinkType.Ethernet && frame.Bytes.Length >= EthernetHeader)
        {
            Learn(Mac(frame.Bytes[6..]), FlowKey.FromBytes(packet.SourceAddress));
        }
    }

    /// <summary>A packet whose sender has an address of fe80::/10.</summary>
    public void TakeLinkLocal(in CapturedFrame frame, in Packet packet, in Sighting at)
    {
        if (frame.Link != LinkType.Ethernet || frame.Bytes.Length < EthernetHeader)
        {
            return;
        }

        ulong mac = Mac(frame.Bytes[6..]);
        int index = Place(mac);
        ref Neighbour neighbour = ref _neighbours[index];
        bool known = neighbour.Told && neighbour.V6 == at.Source && neighbour.V4 == neighbour.ToldV4;
        if (known && at.Time - neighbour.ToldTime is >= 0 and < Again)
        {
            return;
        }

        neighbour.Told = true;
        neighbour.V6 = at.Source;
        neighbour.ToldV4 = neighbour.V4;
        neighbour.ToldTime = at.Time;
        LinkLocalSighting sighting = new(mac, KindOf((ulong)at.Source), neighbour.V4);
        events.LinkLocal(at, sighting);
    }

    /// <summary>What the last 64 bits of an address look like.</summary>
    public static InterfaceIdKind KindOf(ulong interfaceId) =>
        (interfaceId & 0x0000_00FF_FF00_0000) == 0x0000_00FF_FE00_0000 ? InterfaceIdKind.Eui64
        : interfaceId <= 0xFFFF ? InterfaceIdKind.Manual
        : InterfaceIdKind.Opaque;

    private void Learn(ulong mac, UInt128 v4)
    {
        const ulong Nobody = 0xFFFF_0000_0000;
        if (v4 != Nobody && (ulong)(v4 >> 32) == 0xFFFF)
        {
            _neighbours[Place(mac)].V4 = v4;
        }
    }

    private int Place(ulong mac)
    {
        MacKey key = new(mac);
        uint hash = key.Hash();
        int index = _neighbours.Find(key, hash);
        if (index >= 0)
        {
            _neighbours.Touch(index);
            return index;
        }

        if (_neighbours.IsFull)
        {
            _neighbours.Remove(_neighbours.Oldest(0));
        }

        return _neighbours.Add(key, hash, 0);
    }

    private static ulong Mac(ReadOnlySpan<byte> bytes) =>
        ((ulong)BinaryPrimitives.ReadUInt16BigEndian(bytes) << 32) | BinaryPrimitives.ReadUInt32BigEndian(bytes[2..]);

    private readonly struct MacKey(ulong mac) : ITableKey<MacKey>
    {
        private readonly ulong _mac = mac;

        public uint Hash() => SecretHash.Finish(_mac, 0);

        public bool Equals(MacKey other) => _mac == other._mac;

        public override bool Equals(object? obj) => obj is MacKey other && Equals(other);

        public override int GetHashCode() => (int)Hash();
    }

    private struct Neighbour
    {
        public bool Told;
        public UInt128 V4;
        public UInt128 V6;
        public UInt128 ToldV4;
        public long ToldTime;
    }
}
