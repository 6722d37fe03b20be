namespace Whorl.Fingerprints.Matching;

/// <summary>Which method made a fingerprint.</summary>
public enum FingerprintKind
{
    /// <summary>JA3 of a TLS client, MD5.</summary>
    Ja3,

    /// <summary>JA3S of a TLS server, MD5.</summary>
    Ja3S,

    /// <summary>JA4 of a TLS client.</summary>
    Ja4,

    /// <summary>HASSH of an SSH client, MD5.</summary>
    Hassh,

    /// <summary>HASSHServer of an SSH server, MD5.</summary>
    HasshServer,

    /// <summary>JARM of a TLS server.</summary>
    Jarm,

    /// <summary>A TCP stack as a raw p0f signature.</summary>
    TcpStack,

    /// <summary>Order of HTTP/1 headers.</summary>
    Http1,

    /// <summary>HTTP/2 settings and order, Akamai form.</summary>
    Http2,

    /// <summary>Favicon hash, a 32-bit number.</summary>
    Favicon,

    /// <summary>ssdeep digest.</summary>
    Ssdeep,

    /// <summary>TLSH digest.</summary>
    Tlsh,

    /// <summary>SHA-256 of a certificate or a file.</summary>
    Sha256,
}
