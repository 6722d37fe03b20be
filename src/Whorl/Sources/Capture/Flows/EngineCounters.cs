namespace Whorl.Sources.Capture.Flows;

/// <summary>What a flow engine has seen and done since it was made.</summary>
internal sealed record EngineCounters
{
    public long Frames;
    public long Bytes;

    /// <summary>Frames with something else than IP.</summary>
    public long NotIp;

    /// <summary>Frames whose headers contradict each other.</summary>
    public long Malformed;

    /// <summary>Frames that end before the transport header does.</summary>
    public long Truncated;

    /// <summary>Frames of a link type that is not known.</summary>
    public long UnknownLink;

    /// <summary>Fragments of IP packets.</summary>
    public long Fragments;

    /// <summary>Packets put together from fragments.</summary>
    public long Reassembled;

    /// <summary>Fragmented packets given up.</summary>
    public long FragmentsDropped;

    /// <summary>IP packets of other protocols than TCP, UDP and ICMP.</summary>
    public long OtherProtocol;

    /// <summary>SYNs remembered.</summary>
    public long SynsOpened;

    /// <summary>SYNs that were forgotten before their time because others came.</summary>
    public long SynsEvicted;

    /// <summary>SYNs nobody answered.</summary>
    public long SynsUnanswered;

    public long FlowsOpened;

    /// <summary>Conversations that ended, by <see cref="FlowClose"/>.</summary>
    public long FlowsFinished, FlowsReset, FlowsIdle, FlowsEvicted, FlowsAtEnd;

    /// <summary>Segments that began a buffer or grew one, for want of what comes before or after them.</summary>
    public long SegmentsHeld;

    /// <summary>Buffers taken away from the stream that was quiet for longest.</summary>
    public long BuffersReclaimed;

    /// <summary>Messages longer than a stream may hold, and segments too far ahead.</summary>
    public long BuffersRefused;

    /// <summary>Gaps in a stream that were passed over because the receiver had the bytes.</summary>
    public long GapsPassed;

    /// <summary>Messages that began like a known protocol and broke its rules.</summary>
    public long BrokenMessages;

    public long OpeningsEvicted;
    public long HostsEvicted;

    public long ClientHellos, TlsSessions, CertificateChains, SshBanners, SshKexInits, HttpRequests;

    /// <summary>Now: conversations, waiting SYNs, hosts, buffered bytes, QUIC and DTLS openings.</summary>
    public int Flows, Syns, Hosts, BufferedBytes, Openings;
}
