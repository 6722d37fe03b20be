using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tcp;

/// <summary>
/// What the headers of a SYN or SYN-ACK tell about the TCP/IP stack that sent it. Two stacks are equal when their
/// <see cref="Signature"/> is.
/// </summary>
[SuppressMessage("Naming", "CA1711", Justification = "A TCP/IP stack is what it is called; no collection is meant.")]
public sealed record TcpStack
{
    /// <summary>Hops beyond which a distance is not believed (p0f 3.09b).</summary>
    public const int MaxDistance = 35;

    internal TcpStack()
    {
    }

    /// <summary>True for the answer of a server (SYN and ACK), false for the SYN of a client.</summary>
    public bool IsSynAck { get; internal init; }

    /// <summary>4 or 6.</summary>
    public byte IpVersion { get; internal init; }

    /// <summary>Time to live (IPv4) or hop limit (IPv6) as it arrived.</summary>
    public byte ObservedTtl { get; internal init; }

    /// <summary>The value the sender most likely started with: the next of 32, 64, 128, 255.</summary>
    public byte InitialTtl => ObservedTtl switch
    {
        <= 32 => 32,
        <= 64 => 64,
        <= 128 => 128,
        _ => 255,
    };

    /// <summary>Hops between the sender and the observer, if <see cref="InitialTtl"/> is right.</summary>
    public int Distance => InitialTtl - ObservedTtl;

    /// <summary>Bytes of IPv4 options or of IPv6 extension headers.</summary>
    public int IpOptionLength { get; internal init; }

    /// <summary>Bytes of the IP and TCP headers together, options included.</summary>
    public int HeaderLength { get; internal init; }

    /// <summary>Receive window in bytes, unscaled.</summary>
    public ushort Window { get; internal init; }

    /// <summary>Maximum segment size in bytes; 0 when the option is absent.</summary>
    public ushort Mss { get; internal init; }

    /// <summary>Window scale exponent; 0 when the option is absent.</summary>
    public byte WindowScale { get; internal init; }

    /// <summary>The sender's own timestamp in ticks; 0 when the option is absent.</summary>
    public uint Timestamp { get; internal init; }

    /// <summary>Segment size the client offered, for a SYN-ACK whose SYN was seen; else 0.</summary>
    public ushort PeerMss { get; internal init; }

    /// <summary>The packet carries data behind the TCP header, by the length in the IP header.</summary>
    public bool HasPayload { get; internal init; }

    /// <summary>TCP options in the order sent, with their values.</summary>
    public ImmutableArray<TcpOption> Options { get; internal init; } = [];

    /// <summary>Oddities of the headers.</summary>
    public TcpQuirks Quirks { get; internal init; }

    /// <summary>IPv4 "don't fragment" is set.</summary>
    public bool DontFragment => (Quirks & TcpQuirks.DontFragment) != TcpQuirks.None;

    /// <summary>The sender speaks explicit congestion notification.</summary>
    public bool Ecn => (Quirks & TcpQuirks.Ecn) != TcpQuirks.None;

    /// <summary>Link size in bytes that <see cref="Mss"/> stands for; 0 when the option is absent.</summary>
    public int Mtu => Mss == 0 ? 0 : Mss + (IpVersion == 4 ? 40 : 60);

    /// <summary>Option names in the order sent, such as <c>mss,sok,ts,nop,ws</c>.</summary>
    public string OptionLayout => TcpSignatureText.Layout(this);

    /// <summary>The raw signature exactly as p0f 3.09b prints it, such as <c>4:54+10:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0</c>.</summary>
    public string Signature => TcpSignatureText.Raw(this);

    /// <summary>
    /// The signature without the path: the guessed initial time to live in place of observed value and distance.
    /// It can stand in a p0f 3 signature file, and groups the packets of one stack seen over several paths.
    /// </summary>
    public string StackSignature => TcpSignatureText.WithoutPath(this);

    /// <summary>Reads the SYN of a client (without ACK) from an IP packet; bytes after the TCP header are not needed.</summary>
    /// <param name="ipPacket">IPv4 or IPv6 header, then the TCP header (for example what Linux gives for TCP_SAVED_SYN).</param>
    /// <param name="stack">The record; null unless the status is <see cref="ParseStatus.Done"/>.</param>
    /// <returns><see cref="ParseStatus.Malformed"/> also for any packet that is no SYN.</returns>
    public static ParseStatus TryParseSyn(ReadOnlySpan<byte> ipPacket, out TcpStack? stack) =>
        TcpStackReader.TryParse(ipPacket, synAck: false, peerMss: 0, out stack);

    /// <summary>Reads the SYN-ACK of a server from an IP packet; bytes after the TCP header are not needed.</summary>
    /// <param name="ipPacket">IPv4 or IPv6 header, then the TCP header.</param>
    /// <param name="peerMss">Segment size in the client's SYN, 0 if it was not seen; some stacks derive their window from it.</param>
    /// <param name="stack">The record; null unless the status is <see cref="ParseStatus.Done"/>.</param>
    /// <returns><see cref="ParseStatus.Malformed"/> also for any packet that is no SYN-ACK.</returns>
    public static ParseStatus TryParseSynAck(ReadOnlySpan<byte> ipPacket, ushort peerMss, out TcpStack? stack) =>
        TcpStackReader.TryParse(ipPacket, synAck: true, peerMss, out stack);

    /// <summary>Compares by kind and <see cref="Signature"/>.</summary>
    /// <param name="other">The other stack.</param>
    public bool Equals(TcpStack? other) => other is not null && IsSynAck == other.IsSynAck && Signature == other.Signature;

    /// <inheritdoc/>
    public override int GetHashCode() => Signature.GetHashCode(StringComparison.Ordinal);

    /// <summary>Gives <see cref="Signature"/>.</summary>
    public override string ToString() => Signature;
}
