namespace Whorl.Fingerprints.Packets;

/// <summary>What stands at the beginning of a captured frame. The numbers are those of capture files (LINKTYPE).</summary>
public enum LinkType
{
    /// <summary>BSD loopback: the address family in the byte order of the capturing host.</summary>
    Null = 0,

    /// <summary>Ethernet.</summary>
    Ethernet = 1,

    /// <summary>FDDI.</summary>
    Fddi = 10,

    /// <summary>PPP, with or without address and control bytes; also Cisco HDLC recorded under this number.</summary>
    Ppp = 9,

    /// <summary>Raw IP, number used inside programs on most systems.</summary>
    RawOfDlt = 12,

    /// <summary>Raw IP, number used inside programs on OpenBSD.</summary>
    RawOfOpenBsd = 14,

    /// <summary>PPP in HDLC-like framing.</summary>
    PppHdlc = 50,

    /// <summary>PPPoE session header.</summary>
    PppOverEthernet = 51,

    /// <summary>IPv4 or IPv6 without any link header.</summary>
    Raw = 101,

    /// <summary>Cisco HDLC.</summary>
    CiscoHdlc = 104,

    /// <summary>IEEE 802.11 without radio information.</summary>
    Ieee80211 = 105,

    /// <summary>OpenBSD loopback: the address family in network order.</summary>
    Loop = 108,

    /// <summary>Linux "any" device, version 1.</summary>
    LinuxCooked = 113,

    /// <summary>OpenBSD packet filter log.</summary>
    PacketFilterLog = 117,

    /// <summary>IEEE 802.11 behind a radiotap header.</summary>
    Radiotap = 127,

    /// <summary>IPv4 without any link header.</summary>
    Ipv4 = 228,

    /// <summary>IPv6 without any link header.</summary>
    Ipv6 = 229,

    /// <summary>Linux netfilter log.</summary>
    NetfilterLog = 239,

    /// <summary>Linux "any" device, version 2.</summary>
    LinuxCooked2 = 276,
}
