namespace Whorl.Fingerprints.Packets;

/// <summary>What became of a frame.</summary>
public enum PacketStatus
{
    /// <summary>An IP packet with its transport header.</summary>
    Done,

    /// <summary>A fragment of an IP packet: give it to <see cref="FragmentTable"/>.</summary>
    Fragment,

    /// <summary>The frame ends before the transport header does.</summary>
    Truncated,

    /// <summary>The frame carries something else than IP (ARP, spanning tree, encrypted radio …).</summary>
    NotIp,

    /// <summary>The headers contradict each other, or are stacked deeper than any network does.</summary>
    Malformed,

    /// <summary>A link type that is not known here.</summary>
    UnknownLink,
}
