namespace Whorl.Fingerprints.Packets;

/// <summary>Where the parts of an IP packet are. Offsets count from the IP header.</summary>
internal struct IpLayout
{
    public byte Version;
    public byte Protocol;
    public bool IsFragment;
    public bool MoreFragments;
    public ushort VlanId;
    public PacketLayers Layers;
    public int TransportAt;
    public int PayloadAt;
    public int FragmentOffset;
    public int FragmentHeaderAt;
    public int FragmentNextAt;
    public int MissingBytes;
}
