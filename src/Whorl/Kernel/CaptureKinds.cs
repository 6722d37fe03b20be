namespace Whorl.Kernel;

/// <summary>Kinds of observations that capture makes; <see cref="CaptureKinds"/> names and describes them.</summary>
internal enum CaptureKind
{
    TcpSyn,
    TcpSynAck,
    TlsClientHello,
    TlsSession,
    TlsCertificate,
    QuicClientHello,
    DtlsClientHello,
    SshBanner,
    SshKex,
    HttpRequest,
    FlowEnd,
    LinkLocal,
    IcmpEchoRequest,
    IcmpEchoReply,
    IcmpUnreachable,
    IcmpTimeExceeded,
    IcmpRedirect,
    IcmpTimestamp,
    IcmpAddressMask,
    IcmpInformation,
    IcmpParameter,
    IcmpTooBig,
    IcmpOther,
}

/// <summary>The kinds that capture makes, in the order of <see cref="CaptureKind"/>.</summary>
internal static class CaptureKinds
{
    public static readonly ObservedField[] Common =
    [
        new("source.ip", FieldType.Address, "Who sent it: for answers, certificates and the server's side of SSH, the server. The subject of the observation."),
        new("source.port", FieldType.Number, "Its port; absent for protocols without."),
        new("destination.ip", FieldType.Address, "Who it was sent to."),
        new("destination.port", FieldType.Number, "Its port."),
        new("capture.interface", FieldType.Text, "Interface it was seen on; absent for a file that names none."),
        new("capture.vlan", FieldType.Number, "Outermost VLAN number; absent without one."),
        new("flow.id", FieldType.Text, "Conversation it belongs to: equal in all observations of one conversation, seen by one process; absent outside of one."),
        new("decoy", FieldType.Text, "Name that the address map gives to the destination, else to the source."),
        new("count", FieldType.Number, "In an observation that tells of repetitions: how many more there were like it, from its source to its destination, after the one that was told when it came. Absent means one."),
        new("first", FieldType.Text, "With `count`: when the one that was told came."),
        new("last", FieldType.Text, "With `count`: when the last repetition came."),
    ];

    public static readonly ObservedField[] Stack =
    [
        new("tcp.signature", FieldType.Text, "The packet as a p0f v3 signature."),
        new("tcp.stack", FieldType.Text, "The same without the path: equal for one stack seen over several paths."),
        new("tcp.label", FieldType.Text, "Label of the p0f signature it fits: class, name and flavour, joined by colons."),
        new("os.name", FieldType.Text, "Operating system, or program with packets of its own, that the label names."),
        new("os.fuzzy", FieldType.Flag, "True where some oddity keeps it from fitting exactly."),
        new("tcp.distance", FieldType.Number, "Hops between the sender and here, as far as can be told."),
        new("tcp.ttl", FieldType.Number, "Time to live as it arrived."),
        new("tcp.window", FieldType.Number, "Receive window, unscaled."),
        new("tcp.mss", FieldType.Number, "Maximum segment size; absent without the option."),
        new("tcp.mtu", FieldType.Number, "Link size that stands for."),
        new("tcp.link", FieldType.Text, "Kind of link that has this size, by the p0f file."),
        new("tcp.options", FieldType.Text, "Names of the options in the order sent."),
        new("tcp.isn", FieldType.Text, "How its initial sequence numbers are made: `constant`, `fixed_step`, `common_divisor`, `time_based`, `random_increments`, `random`; absent until enough were seen."),
        new("tcp.ip_id", FieldType.Text, "How its IP identifications are made: `zero`, `constant`, `incremental`, `incremental_swapped`, `random_increments`, `random`."),
        new("tcp.uptime_s", FieldType.Number, "Seconds since its timestamp clock began, which is often when it was started."),
        new("tcp.uptime_modulo_s", FieldType.Number, "The clock starts again after so many seconds."),
        new("tcp.hertz", FieldType.Number, "Ticks of that clock in a second."),
    ];

    private static readonly ObservedField[] Hello =
    [
        new("tls.transport", FieldType.Text, "`tcp`, `quic` or `dtls`."),
        new("quic.version", FieldType.Text, "Version of QUIC, in hex."),
        new("tls.ja3", FieldType.Text, "JA3 of the hello (MD5)."),
        new("tls.ja3_text", FieldType.Text, "The text it is the MD5 of."),
        new("tls.ja4", FieldType.Text, "JA4 of the hello."),
        new("tls.ja4_r", FieldType.Text, "JA4 in plain; only with the option for all forms, as the next two."),
        new("tls.ja4_o", FieldType.Text, "JA4 in the order sent."),
        new("tls.ja4_ro", FieldType.Text, "JA4 in plain and in the order sent."),
        new("tls.version", FieldType.Text, "Highest version offered: 1.0 to 1.3."),
        new("tls.sni", FieldType.Text, "Server name asked for."),
        new("tls.alpn", FieldType.Text, "Protocols offered, joined by commas."),
        new("tls.ech", FieldType.Flag, "True where an encrypted hello is inside, or something made to look like one."),
        new("tls.post_quantum", FieldType.Text, "First post-quantum group offered."),
        new("tls.grease", FieldType.Flag, "True where the client sends values that mean nothing, as browsers of the Chromium family do."),
        new("tls.resumption", FieldType.Text, "How it goes on with an earlier session: `session_id`, `session_ticket`, `pre_shared_key`, `early_data`; absent for a new one."),
    ];

    private static readonly ObservedField[] Answer =
    [
        new("tls.ja3s", FieldType.Text, "JA3S of the answer."),
        new("tls.ja3s_text", FieldType.Text, "The text it is the MD5 of."),
        new("tls.cipher", FieldType.Text, "Cipher suite chosen, in hex."),
        new("tls.chosen_version", FieldType.Text, "Version chosen."),
        new("tls.chosen_alpn", FieldType.Text, "Protocol chosen, where it is told in clear."),
        new("tls.group", FieldType.Text, "Group chosen for the key exchange: its name, or its number in hex."),
        new("tls.retry", FieldType.Flag, "True for a HelloRetryRequest."),
    ];

    public static readonly ObservedField[] Certificate =
    [
        new("tls.sni", FieldType.Text, "Server name that the client had asked for."),
        new("certificate.index", FieldType.Number, "Place in the chain; 0 is the server's own."),
        new("certificate.chain", FieldType.Number, "Certificates in the chain."),
        new("certificate.sha256", FieldType.Text, "SHA-256 of the certificate."),
        new("certificate.spki_sha256", FieldType.Text, "SHA-256 of its public key, with algorithm."),
        new("certificate.subject", FieldType.Text, "Its subject."),
        new("certificate.issuer", FieldType.Text, "Its issuer."),
        new("certificate.sans", FieldType.Text, "Names it is for, joined by commas."),
        new("certificate.not_before", FieldType.Text, "When it begins to hold."),
        new("certificate.not_after", FieldType.Text, "When it ends to hold."),
        new("certificate.serial", FieldType.Text, "Its serial number, in hex as openssl prints it."),
        new("certificate.key", FieldType.Text, "Kind of its key: `rsa`, `ec`, `ed25519`, … or an object identifier."),
        new("certificate.key_bits", FieldType.Number, "Size of an RSA key."),
        new("certificate.self_signed", FieldType.Flag, "True where issuer and subject are equal and its own key made the signature."),
        new("certificate.fault", FieldType.Text, "Why it cannot be read; then there are only place and hash."),
    ];

    private static readonly ObservedField[] SshSide = [new("ssh.side", FieldType.Text, "Who speaks: `client` or `server`.")];

    public static readonly ObservedField[] Banner =
    [
        new("ssh.banner", FieldType.Text, "The identification line."),
        new("ssh.protocol", FieldType.Text, "Protocol version in it."),
        new("ssh.software", FieldType.Text, "Software version in it."),
        new("ssh.comments", FieldType.Text, "What follows the software."),
    ];

    public static readonly ObservedField[] Kex =
    [
        new("ssh.hassh", FieldType.Text, "HASSH of a client (MD5)."),
        new("ssh.hassh_server", FieldType.Text, "HASSHServer of a server (MD5)."),
        new("ssh.hassh_text", FieldType.Text, "The text it is the MD5 of."),
        new("ssh.host_keys", FieldType.Text, "Host key types, joined by commas."),
        new("ssh.banner", FieldType.Text, "The side's identification line, where it was seen."),
    ];

    public static readonly ObservedField[] Http =
    [
        new("client.ip", FieldType.Address, "Equal to `source.ip`: requests seen here and at the edge are found by one name."),
        new("http.method", FieldType.Text, "Request method as sent."),
        new("http.scheme", FieldType.Text, "Always `http`: only requests in clear are seen."),
        new("http.host", FieldType.Text, "Host without port, lower case."),
        new("http.path", FieldType.Text, "Path, percent-decoded once, without query."),
        new("http.query", FieldType.Text, "Query as sent."),
        new("http.version", FieldType.Text, "1.0 or 1.1."),
        new("http.user_agent", FieldType.Text, "User-Agent header."),
        new("http.referer", FieldType.Text, "Referer header."),
        new("http.content_type", FieldType.Text, "Content-Type header."),
        new("http.header_count", FieldType.Number, "Number of header fields."),
        new("http.header_order", FieldType.Text, "Names of the header fields in sent order and case, joined by commas."),
        new("http.header_hash", FieldType.Text, "Fingerprint of that order (`ho1_…`), without fields that speak of one request."),
    ];

    private static readonly ObservedField[] Flow =
    [
        new("flow.protocol", FieldType.Text, "`tcp`, `udp`, or the number of the IP protocol."),
        new("flow.close", FieldType.Text, "How it ended: `finished`, `reset`, `unanswered`, `idle`, `evicted` (its place was needed), `capture_end`."),
        new("flow.start", FieldType.Text, "When its first packet came."),
        new("flow.duration_us", FieldType.Number, "Microseconds from the first packet to the last."),
        new("flow.packets", FieldType.Number, "Packets of who began it."),
        new("flow.bytes", FieldType.Number, "Their bytes."),
        new("flow.packets_back", FieldType.Number, "Packets of the other side."),
        new("flow.bytes_back", FieldType.Number, "Their bytes."),
        new("flow.retransmits", FieldType.Number, "TCP segments whose bytes had been seen before."),
        new("flow.gap_min_us", FieldType.Number, "Shortest time between two packets of who began it; absent with fewer than two."),
        new("flow.gap_max_us", FieldType.Number, "Longest."),
        new("flow.gap_mean_us", FieldType.Number, "Mean."),
        new("flow.gap_deviation_us", FieldType.Number, "Standard deviation."),
    ];

    private static readonly ObservedField[] Neighbour =
    [
        new("ipv6.mac", FieldType.Text, "Hardware address of the sender."),
        new("ipv6.vendor_prefix", FieldType.Text, "Its first half, which names the maker."),
        new("ipv6.interface_id", FieldType.Text, "How the address is made: `eui64` (from the hardware address), `opaque`, `manual`."),
        new("ipv6.neighbour", FieldType.Address, "IPv4 address last seen from the same hardware address."),
    ];

    private static readonly ObservedField[] Icmp =
    [
        new("icmp.version", FieldType.Number, "4 or 6."),
        new("icmp.type", FieldType.Number, "Type."),
        new("icmp.code", FieldType.Number, "Code."),
        new("icmp.payload_bytes", FieldType.Number, "Bytes after its header."),
    ];

    public static readonly ObservationKind[] All =
    [
        new("tcp.syn", "A client's first packet: what its TCP/IP stack looks like.", Stack),
        new("tcp.synack", "A server's answer to it.", Stack),
        new("tls.client_hello", "A TLS client's hello over TCP.", Hello),
        new("tls.session", "A server's answer to a hello, with the hello where it was seen; over TCP, QUIC or DTLS. The source is the client.", Hello, Answer),
        new("tls.certificate", "One certificate that a server showed in clear (TLS 1.2 and older).", Certificate),
        new("quic.client_hello", "A QUIC client's hello.", Hello),
        new("dtls.client_hello", "A DTLS client's hello.", Hello),
        new("ssh.banner", "The first line of one side of an SSH connection.", SshSide, Banner),
        new("ssh.kex", "What one side of an SSH connection offers for the key exchange.", SshSide, Kex),
        new("http.request", "A request in clear. The edge makes observations of this kind, too.", Http),
        new("flow.end", "A conversation is over, or was given up. The source is who began it.", Flow),
        new("ipv6.link_local", "A neighbour spoke from a link-local address.", Neighbour),
        new("icmp.echo_request", "A ping.", Icmp),
        new("icmp.echo_reply", "Its answer.", Icmp),
        new("icmp.unreachable", "A host, port or network cannot be reached.", Icmp),
        new("icmp.time_exceeded", "A packet lived too long: what a traceroute provokes.", Icmp),
        new("icmp.redirect", "A router names a better way.", Icmp),
        new("icmp.timestamp", "A question for the time, or its answer.", Icmp),
        new("icmp.address_mask", "A question for the address mask, or its answer.", Icmp),
        new("icmp.information", "A question for information about a node, or its answer.", Icmp),
        new("icmp.parameter_problem", "A header that somebody did not understand.", Icmp),
        new("icmp.too_big", "A packet larger than a link takes.", Icmp),
        new("icmp.other", "Any other ICMP message.", Icmp),
    ];

    public static ObservationKind Of(CaptureKind kind) => All[(int)kind];

    public static CaptureKind OfIcmp(byte version, byte type) => (version, type) switch
    {
        (4, 8) or (6, 128) => CaptureKind.IcmpEchoRequest,
        (4, 0) or (6, 129) => CaptureKind.IcmpEchoReply,
        (4, 3) or (6, 1) => CaptureKind.IcmpUnreachable,
        (4, 11) or (6, 3) => CaptureKind.IcmpTimeExceeded,
        (4, 5) or (6, 137) => CaptureKind.IcmpRedirect,
        (4, 13 or 14) => CaptureKind.IcmpTimestamp,
        (4, 17 or 18) => CaptureKind.IcmpAddressMask,
        (4, 15 or 16) or (6, 139 or 140) => CaptureKind.IcmpInformation,
        (4, 12) or (6, 4) => CaptureKind.IcmpParameter,
        (6, 2) => CaptureKind.IcmpTooBig,
        _ => CaptureKind.IcmpOther,
    };
}
