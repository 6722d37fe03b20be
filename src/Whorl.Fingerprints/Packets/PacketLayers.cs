namespace Whorl.Fingerprints.Packets;

/// <summary>Layers that stood around the innermost IP header.</summary>
[Flags]
public enum PacketLayers
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>IEEE 802.1Q, 802.1ad or 802.1ah tags.</summary>
    Vlan = 1 << 0,

    /// <summary>MPLS labels.</summary>
    Mpls = 1 << 1,

    /// <summary>PPP or PPPoE.</summary>
    Ppp = 1 << 2,

    /// <summary>IP directly inside IP.</summary>
    IpInIp = 1 << 3,

    /// <summary>GRE, ERSPAN included.</summary>
    Gre = 1 << 4,

    /// <summary>VXLAN.</summary>
    Vxlan = 1 << 5,

    /// <summary>Geneve.</summary>
    Geneve = 1 << 6,

    /// <summary>GTP-U, the tunnel of mobile networks.</summary>
    GtpU = 1 << 7,
}
