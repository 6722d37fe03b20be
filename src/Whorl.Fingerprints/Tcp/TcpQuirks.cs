namespace Whorl.Fingerprints.Tcp;

/// <summary>Oddities of an opening TCP packet, in the order in which p0f 3 prints them.</summary>
[Flags]
public enum TcpQuirks
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary><c>df</c>: IPv4 "don't fragment" is set.</summary>
    DontFragment = 1 << 0,

    /// <summary><c>id+</c>: "don't fragment" is set and the IP id is not zero.</summary>
    IdWithDontFragment = 1 << 1,

    /// <summary><c>id-</c>: "don't fragment" is not set and the IP id is zero.</summary>
    ZeroId = 1 << 2,

    /// <summary><c>ecn</c>: explicit congestion notification in the IP or TCP header.</summary>
    Ecn = 1 << 3,

    /// <summary><c>0+</c>: the reserved bit of the IPv4 flags is set.</summary>
    ReservedIpFlag = 1 << 4,

    /// <summary><c>flow</c>: the IPv6 flow label is not zero.</summary>
    FlowLabel = 1 << 5,

    /// <summary><c>seq-</c>: the sequence number is zero.</summary>
    ZeroSequence = 1 << 6,

    /// <summary><c>ack+</c>: there is an acknowledgement number without the ACK flag.</summary>
    AckWithoutFlag = 1 << 7,

    /// <summary><c>ack-</c>: the ACK flag is set and the acknowledgement number is zero.</summary>
    ZeroAck = 1 << 8,

    /// <summary><c>uptr+</c>: there is an urgent pointer without the URG flag.</summary>
    UrgentPointerWithoutFlag = 1 << 9,

    /// <summary><c>urgf+</c>: the URG flag is set.</summary>
    Urgent = 1 << 10,

    /// <summary><c>pushf+</c>: the PSH flag is set.</summary>
    Push = 1 << 11,

    /// <summary><c>ts1-</c>: the sender's own timestamp is zero.</summary>
    ZeroTimestamp = 1 << 12,

    /// <summary><c>ts2+</c>: a SYN echoes a timestamp that it cannot have seen.</summary>
    TimestampEchoInSyn = 1 << 13,

    /// <summary><c>opt+</c>: bytes other than zero after the end of the options.</summary>
    DataAfterOptions = 1 << 14,

    /// <summary><c>exws</c>: a window scale above 14 (RFC 7323 §2.3).</summary>
    ExcessiveWindowScale = 1 << 15,

    /// <summary><c>bad</c>: the options are malformed.</summary>
    BadOptions = 1 << 16,
}
