namespace Whorl.Fingerprints.Packets;

/// <summary>What the next bytes are.</summary>
internal enum Layer : byte
{
    None,
    Truncated,
    UnknownLink,
    Ipv4,
    Ipv6,
    IpByVersion,
    Ethernet,
    EtherTypeNext,
    Llc,
    Vlan,
    ServiceInstance,
    FabricPath,
    Mpls,
    PppOverEthernet,
    Ppp,
    Ieee80211,
    ErspanTwo,
    ErspanThree,
}
