namespace Whorl.Fingerprints.Tcp;

/// <summary>One TCP option as it stood in the packet.</summary>
/// <param name="Kind">The option number (IANA); see <see cref="TcpOptionKind"/>.</param>
/// <param name="Length">The length byte as sent, 1 for a no-operation; for the end-of-options mark the bytes after it.</param>
/// <param name="Value">Segment size, window scale or the sender's timestamp; zero for other kinds.</param>
/// <param name="Echo">The echoed timestamp; zero for other kinds.</param>
public readonly record struct TcpOption(byte Kind, byte Length, uint Value, uint Echo);

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
