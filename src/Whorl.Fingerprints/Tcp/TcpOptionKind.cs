namespace Whorl.Fingerprints.Tcp;

/// <summary>The TCP option numbers that have a name in signatures.</summary>
public static class TcpOptionKind
{
    /// <summary><c>eol</c>: end of the options (RFC 9293 §3.1).</summary>
    public const byte EndOfOptions = 0;

    /// <summary><c>nop</c>: padding between options (RFC 9293 §3.1).</summary>
    public const byte NoOperation = 1;

    /// <summary><c>mss</c>: maximum segment size (RFC 9293 §3.7.1).</summary>
    public const byte MaximumSegmentSize = 2;

    /// <summary><c>ws</c>: window scale (RFC 7323 §2).</summary>
    public const byte WindowScale = 3;

    /// <summary><c>sok</c>: selective acknowledgement permitted (RFC 2018 §2).</summary>
    public const byte SackPermitted = 4;

    /// <summary><c>sack</c>: selective acknowledgement blocks (RFC 2018 §3).</summary>
    public const byte Sack = 5;

    /// <summary><c>ts</c>: timestamps (RFC 7323 §3).</summary>
    public const byte Timestamps = 8;
}
