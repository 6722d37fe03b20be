namespace Whorl.Kernel;

/// <summary>Kinds of observations that probes make: one for each probe that got an answer, and one for those that did not.</summary>
internal static class ProbeKinds
{
    public const string Jarm = "probe.jarm";
    public const string Hassh = "probe.hassh";
    public const string Tcp = "probe.tcp";
    public const string Certificate = "probe.certificate";
    public const string Http = "probe.http";
    public const string Icmp = "probe.icmp";
    public const string Ipv6 = "probe.ipv6";
    public const string Failed = "probe.failed";

    public static readonly ObservedField[] Common =
    [
        new("target.ip", FieldType.Address, "Who was asked. The subject of the observation."),
        new("target.port", FieldType.Number, "Its port; absent for what has none."),
        new("probe.reason", FieldType.Text, "Why it was asked: the id of an observation, `log`, `operator`, or `again` for a later visit."),
        new("probe.elapsed_ms", FieldType.Number, "Milliseconds from the first packet to the result."),
    ];

    public static readonly ObservationKind[] All =
    [
        new(Jarm, "How a TLS server answers ten hellos.",
        [
            new("tls.jarm", FieldType.Text, "JARM: 62 characters."),
            new("tls.jarm_answers", FieldType.Text, "The ten answers it is made of, joined by commas: cipher, version, ALPN and extensions of each."),
        ]),
        new(Hassh, "What an SSH server offers for the key exchange, and its host key.",
        [
            new("ssh.hassh_server", FieldType.Text, "HASSHServer (MD5)."),
            new("ssh.hassh_text", FieldType.Text, "The text it is the MD5 of."),
            new("ssh.banner", FieldType.Text, "Its identification line."),
            new("ssh.software", FieldType.Text, "Software version in it."),
            new("ssh.host_keys", FieldType.Text, "Host key types, joined by commas."),
            new("ssh.host_key_type", FieldType.Text, "Type of the host key it showed; absent where the key exchange could not be carried so far."),
            new("ssh.host_key_sha256", FieldType.Text, "Fingerprint of that key, as OpenSSH writes it: SHA-256 in Base64 without padding."),
        ]),
        new(Tcp, "What the TCP/IP stack looks like that answers a SYN.",
        [
            new("probe.method", FieldType.Text, "`raw` where the answer itself was seen; `connect` where, for want of privilege, only what the kernel tells of the connection is known."),
            new("tcp.state", FieldType.Text, "`open` or `closed`."),
            new("tcp.window_scale", FieldType.Number, "Window scale; by `connect` alone, which sees no `tcp.signature`."),
            new("tcp.stack_hash", FieldType.Text, "Fingerprint of the stack: SHA-256, first 32 hex digits, of initial time to live, window, options in order with their values, and quirks. No part of it depends on the path or the moment."),
        ], CaptureKinds.Stack),
        new(Certificate, "The certificate that a TLS server shows. One observation for each certificate of the chain.",
        [
            new("tls.chosen_version", FieldType.Text, "Version of TLS that was agreed."),
            new("tls.cipher", FieldType.Text, "Cipher suite that was agreed, in hex."),
            new("certificate.signature", FieldType.Text, "Signature algorithm, as an object identifier's usual name."),
            new("certificate.subject_cn", FieldType.Text, "Common name of its subject."),
        ], CaptureKinds.Certificate),
        new(Http, "What an HTTP server says of itself.",
        [
            new("http.scheme", FieldType.Text, "`http` or `https`."),
            new("http.status", FieldType.Number, "Status of the answer to `GET /`."),
            new("http.server", FieldType.Text, "Server header."),
            new("http.location", FieldType.Text, "Where it redirects to; not followed."),
            new("http.title", FieldType.Text, "Title of the page."),
            new("http.title_sha256", FieldType.Text, "SHA-256 of the title."),
            new("http.body_sha256", FieldType.Text, "SHA-256 of the body, as far as it was read."),
            new("http.header_order", FieldType.Text, "Names of the header fields in sent order and case, joined by commas."),
            new("http.favicon_mmh3", FieldType.Text, "Hash of `/favicon.ico` as public search engines write it: MurmurHash3 of its Base64."),
            new("http.favicon_sha256", FieldType.Text, "SHA-256 of it."),
        ]),
        new(Icmp, "Which ICMP errors a host sends, and how.",
        [
            new("icmp.errors", FieldType.Text, "One word for each stimulus that was sent, joined by commas: `closed_port`, `no_fragment`, `bad_option`, `next_header`, with `=` and `type/code/echoed bytes`, or `=none`."),
            new("icmp.errors_hash", FieldType.Text, "SHA-256 of it, first 32 hex digits."),
        ]),
        new(Ipv6, "The IPv6 link-local address of a neighbour on the same link, attributed by its hardware address.",
        [
            new("ipv6.address", FieldType.Address, "The address."),
            new("ipv6.mac", FieldType.Text, "Hardware address of the sender."),
            new("ipv6.vendor_prefix", FieldType.Text, "Its first half, which names the maker."),
            new("ipv6.interface_id", FieldType.Text, "How the address is made: `eui64` (from the hardware address), `opaque`, `manual`."),
        ]),
        new(Failed, "A probe that has no result.",
        [
            new("probe.name", FieldType.Text, "Which: `jarm`, `hassh`, `tcp`, `certificate`, `http`, `icmp`, `ipv6`."),
            new("probe.detail", FieldType.Text, "What more there is to say; for `forbidden`, why the address may not be reached."),
            new("probe.failure", FieldType.Text, "Why: `refused`, `timed_out`, `unreachable`, `closed_early`, `not_this_protocol`, `too_large`, `forbidden` (by the outbound guard), `not_permitted` (this process lacks a privilege), `local` (this machine ran out of descriptors, buffers or ports: nothing is said about the peer)."),
        ]),
    ];
}
