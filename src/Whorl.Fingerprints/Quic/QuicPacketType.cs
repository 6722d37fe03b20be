namespace Whorl.Fingerprints.Quic;

/// <summary>Kind of a QUIC packet with a long header.</summary>
public enum QuicPacketType
{
    /// <summary>Initial: carries the TLS hellos.</summary>
    Initial,

    /// <summary>Early data.</summary>
    ZeroRtt,

    /// <summary>The rest of the handshake.</summary>
    Handshake,

    /// <summary>The server asks the client to come again with a token.</summary>
    Retry,

    /// <summary>The server lists the versions it speaks.</summary>
    VersionNegotiation,
}
