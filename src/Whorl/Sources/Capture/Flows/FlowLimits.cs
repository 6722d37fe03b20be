namespace Whorl.Sources.Capture.Flows;

/// <summary>
/// How much a flow engine remembers. Tables begin small and grow to these numbers; when one is full, what was quiet for
/// longest goes. With the numbers given here an engine holds at most about 90 MB, whatever comes.
/// </summary>
internal sealed record FlowLimits
{
    /// <summary>Conversations followed at once (about 400 bytes each).</summary>
    public int MaxConversations { get; init; } = 65_536;

    /// <summary>SYNs that wait for an answer (about 130 bytes each).</summary>
    public int MaxSyns { get; init; } = 65_536;

    /// <summary>Hosts whose sequence numbers and clocks are remembered (about 200 bytes each).</summary>
    public int MaxHosts { get; init; } = 16_384;

    /// <summary>Link-local neighbours.</summary>
    public int MaxNeighbours { get; init; } = 4096;

    /// <summary>Bytes of a stream that are held while a message in it is not whole.</summary>
    public int StreamBytes { get; init; } = 64 * 1024;

    /// <summary>Bytes held for all streams together.</summary>
    public int BufferBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Conversations whose opening is remembered until it is over: a hello that waits for its answer, a QUIC or DTLS handshake.</summary>
    public int MaxOpenings { get; init; } = 8192;

    /// <summary>Bytes remembered for all of them together.</summary>
    public int OpeningBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Quiet after which a TCP conversation is over.</summary>
    public TimeSpan TcpIdle { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Quiet after which one of another protocol is over, and a TCP conversation of which only one side was heard.</summary>
    public TimeSpan UdpIdle { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long an answer to a SYN is waited for; Linux sends its fourth SYN after 15 seconds.</summary>
    public TimeSpan SynPatience { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a closed conversation is kept for its last acknowledgements.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromSeconds(5);
}
