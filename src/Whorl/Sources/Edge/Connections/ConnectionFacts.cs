using Whorl.Kernel;

namespace Whorl.Sources.Edge.Connections;

/// <summary>
/// What is known of one client connection; a connection feature, filled by the connection middlewares before the first request is served
/// and read by rules and observations. Strings are made once a connection.
/// </summary>
internal sealed class ConnectionFacts
{
    /// <summary>The other end of the connection: of the socket, or what a trusted proxy said in the PROXY protocol.</summary>
    public required PeerAddress Peer { get; set; }

    public int PeerPort { get; set; }

    /// <summary>True where the socket's other end is a trusted proxy: TLS, TCP and HTTP/2 then speak for the proxy, not the client.</summary>
    public bool FromTrustedProxy { get; set; }

    public string? Ja3 { get; set; }

    public string? Ja4 { get; set; }

    /// <summary>Server name offered in the ClientHello.</summary>
    public string? Sni { get; set; }

    /// <summary>ALPN values offered, joined by commas.</summary>
    public string? Alpn { get; set; }

    /// <summary>Highest TLS version offered, 1.0 to 1.3; null on a clear-text connection.</summary>
    public string? TlsVersion { get; set; }

    /// <summary>The peer's SYN as a p0f v3 signature, where the kernel kept it.</summary>
    public string? TcpSignature { get; set; }

    /// <summary>HTTP/2 fingerprint; null on HTTP/1.</summary>
    public string? Http2Fingerprint { get; set; }

    /// <summary>Header names of the connection's first request in sent order and case, joined by commas; null on HTTP/2.</summary>
    public string? HeaderOrder { get; set; }
}
