namespace Whorl.Fingerprints.Tls;

/// <summary>How a hello asks to resume an earlier session.</summary>
public enum TlsResumption
{
    /// <summary>It does not: a new session.</summary>
    None = 0,

    /// <summary>By a session id (RFC 5246); a TLS 1.3 client's random compatibility id does not count.</summary>
    SessionId = 1,

    /// <summary>By a non-empty session ticket (RFC 5077).</summary>
    SessionTicket = 2,

    /// <summary>By a pre-shared key of TLS 1.3 (RFC 8446 §4.2.11).</summary>
    PreSharedKey = 3,

    /// <summary>By a pre-shared key, with data sent before the server answers (RFC 8446 §4.2.10).</summary>
    EarlyData = 4,
}
