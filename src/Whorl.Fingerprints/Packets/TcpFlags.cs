using System.Diagnostics.CodeAnalysis;

namespace Whorl.Fingerprints.Packets;

/// <summary>Flags of a TCP header (RFC 9293 §3.1).</summary>
[Flags]
[SuppressMessage("Naming", "CA1711", Justification = "The RFC's own word.")]
public enum TcpFlags
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>No more data from the sender.</summary>
    Fin = 0x01,

    /// <summary>Synchronize sequence numbers.</summary>
    Syn = 0x02,

    /// <summary>Reset the connection.</summary>
    Rst = 0x04,

    /// <summary>Push function.</summary>
    Psh = 0x08,

    /// <summary>The acknowledgement number counts.</summary>
    Ack = 0x10,

    /// <summary>The urgent pointer counts.</summary>
    Urg = 0x20,

    /// <summary>Congestion echo.</summary>
    Ece = 0x40,

    /// <summary>Congestion window reduced.</summary>
    Cwr = 0x80,
}
