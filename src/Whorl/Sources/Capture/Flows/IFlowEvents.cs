using Whorl.Fingerprints.Http;
using Whorl.Fingerprints.Ssh;
using Whorl.Fingerprints.Tcp;
using Whorl.Fingerprints.Tls;

namespace Whorl.Sources.Capture.Flows;

/// <summary>What a flow engine tells, in the order of the packets, on the thread that feeds it. Spans are valid during the call only.</summary>
internal interface IFlowEvents
{
    void TcpSyn(in Sighting at, in StackSighting stack);

    void TcpSynAck(in Sighting at, in StackSighting stack);

    /// <summary>A client's first flight, as soon as it is whole; it goes from client to server.</summary>
    void ClientHello(in Sighting at, HelloTransport transport, uint quicVersion, ClientHello hello);

    /// <summary>
    /// Hello and answer, as soon as the answer is whole; from client to server. A HelloRetryRequest is an answer as well.
    /// The hello is null where it was not seen (a capture that began too late, a hello of SSL 2).
    /// </summary>
    void TlsSession(in Sighting at, HelloTransport transport, ClientHello? hello, ServerHello answer, TlsResumption resumption);

    /// <summary>Certificates in clear (TLS 1.2 and older), from who shows them: the server, seldom a client.</summary>
    void Certificates(in Sighting at, CertificateChain chain, string? serverName);

    void SshBanner(in Sighting at, bool fromServer, SshBanner banner);

    void SshKex(in Sighting at, bool fromServer, KexInit kex, string? banner);

    /// <summary>A request in clear. <paramref name="bytes"/> hold the head that <paramref name="head"/> points into.</summary>
    void HttpRequest(in Sighting at, Http1Head head, ReadOnlySpan<byte> bytes);

    /// <summary>A conversation is over, or was given up; from its initiator to its responder.</summary>
    void FlowEnd(in Sighting at, in FlowSummary flow);

    /// <summary>An address of fe80::/10 spoke.</summary>
    void LinkLocal(in Sighting at, in LinkLocalSighting neighbour);

    /// <summary>An ICMP message that a scan or a traceroute makes, or that answers one.</summary>
    void Icmp(in Sighting at, in IcmpSighting message);
}

/// <summary>Who, to whom, when and where.</summary>
/// <param name="Source">Sender, IPv4 in mapped form.</param>
/// <param name="SourcePort">0 for protocols without ports.</param>
/// <param name="Destination">Receiver, IPv4 in mapped form.</param>
/// <param name="DestinationPort">0 for protocols without ports.</param>
/// <param name="Time">Nanoseconds since 1970.</param>
/// <param name="Interface">Index into the source's interfaces.</param>
/// <param name="Vlan">Outermost VLAN number; 0 without one.</param>
/// <param name="Flow">Number of the conversation, counted from 1 since the engine was made; 0 outside of one.</param>
internal readonly record struct Sighting(
    UInt128 Source, ushort SourcePort, UInt128 Destination, ushort DestinationPort, long Time, int Interface, ushort Vlan, long Flow);

/// <summary>A TCP stack, with what its earlier packets told.</summary>
internal readonly record struct StackSighting(TcpStack Stack, P0fMatch? Match, IsnClass? Isn, IpIdClass? IpId, TcpClock? Clock);

internal enum HelloTransport
{
    Tcp,
    Quic,
    Dtls,
}

internal enum FlowClose
{
    /// <summary>Both sides said FIN.</summary>
    Finished,

    /// <summary>One side reset it.</summary>
    Reset,

    /// <summary>A SYN that nobody answered.</summary>
    Unanswered,

    /// <summary>Quiet for too long.</summary>
    Idle,

    /// <summary>Its place was needed.</summary>
    Evicted,

    /// <summary>The capture ended.</summary>
    CaptureEnd,
}

/// <summary>What went over a conversation; "forward" is from initiator to responder, bytes are those of the IP packets.</summary>
internal struct FlowSummary
{
    public byte Protocol;
    public FlowClose Close;
    public long Start;
    public long End;
    public long ForwardPackets;
    public long ForwardBytes;
    public long BackwardPackets;
    public long BackwardBytes;

    /// <summary>TCP segments whose bytes had been seen before.</summary>
    public int Retransmits;

    /// <summary>Time between packets of the initiator, in nanoseconds.</summary>
    public long GapMin, GapMax;
    public double GapMean, GapDeviation;
}

internal enum InterfaceIdKind
{
    /// <summary>Made from the MAC address (RFC 4291 appendix A).</summary>
    Eui64,

    /// <summary>Random or hashed (RFC 7217, RFC 8981).</summary>
    Opaque,

    /// <summary>Small number, set by hand.</summary>
    Manual,
}

/// <param name="Mac">The sender's MAC address, 48 bits.</param>
/// <param name="Kind">What the interface id looks like.</param>
/// <param name="V4">The IPv4 address (mapped form) last seen from the same MAC; zero where none was.</param>
internal readonly record struct LinkLocalSighting(ulong Mac, InterfaceIdKind Kind, UInt128 V4);

/// <param name="Version">4 or 6.</param>
/// <param name="Type">ICMP type.</param>
/// <param name="Code">ICMP code.</param>
/// <param name="PayloadLength">Bytes after the ICMP header.</param>
internal readonly record struct IcmpSighting(byte Version, byte Type, byte Code, int PayloadLength);
