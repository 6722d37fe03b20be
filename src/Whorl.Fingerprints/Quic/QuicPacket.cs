using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Quic;

/// <summary>
/// A QUIC packet with a long header (RFC 9000 §17.2), its fields pointing into the caller's bytes.
/// <code>
/// 1ttt rrpp | version 4 | length, destination id | length, source id | [length, token] | length | number, payload
/// </code>
/// </summary>
public readonly ref struct QuicPacket
{
    // RFC 9000 §17.2. Version negotiation alone may carry longer ids, those of versions yet unknown.
    private const int MaxIdLength = 20;

    private QuicPacket(QuicPacketType type, uint version, ReadOnlySpan<byte> destinationId, ReadOnlySpan<byte> sourceId)
    {
        Type = type;
        Version = version;
        DestinationId = destinationId;
        SourceId = sourceId;
    }

    /// <summary>What kind it is.</summary>
    public QuicPacketType Type { get; }

    /// <summary>The version field; 0 for version negotiation.</summary>
    public uint Version { get; }

    /// <summary>Connection id chosen by the receiver; in a client's first packet a random one, which the keys come from.</summary>
    public ReadOnlySpan<byte> DestinationId { get; }

    /// <summary>Connection id chosen by the sender.</summary>
    public ReadOnlySpan<byte> SourceId { get; }

    /// <summary>Token of an Initial or Retry packet; empty for others.</summary>
    public ReadOnlySpan<byte> Token { get; private init; }

    /// <summary>For version negotiation the offered versions, four bytes each; else empty.</summary>
    public ReadOnlySpan<byte> OfferedVersions { get; private init; }

    /// <summary>The whole packet, without what follows it in the datagram.</summary>
    public ReadOnlySpan<byte> Bytes { get; private init; }

    /// <summary>Where the protected packet number begins; 0 for kinds without one.</summary>
    internal int NumberAt { get; private init; }

    /// <summary>Reads the first packet of a datagram; several may follow each other.</summary>
    /// <param name="datagram">The rest of a UDP payload.</param>
    /// <param name="packet">The packet; empty unless the status is <see cref="ParseStatus.Done"/>.</param>
    /// <param name="rest">What follows it.</param>
    /// <returns><see cref="ParseStatus.Malformed"/> also for a packet with a short header; <see cref="ParseStatus.NeedMore"/> when the capture cut it.</returns>
    public static ParseStatus TryParse(ReadOnlySpan<byte> datagram, out QuicPacket packet, out ReadOnlySpan<byte> rest)
    {
        packet = default;
        rest = default;
        WireReader reader = new(datagram);
        byte first = reader.U8();
        if (reader.Ok && (first & 0x80) == 0)
        {
            return ParseStatus.Malformed;
        }

        uint version = reader.U32();
        ReadOnlySpan<byte> destination = reader.Block8();
        ReadOnlySpan<byte> source = reader.Block8();
        if (!reader.Ok)
        {
            return ParseStatus.NeedMore;
        }

        if (version == 0)
        {
            int whole = reader.Left & ~3;
            packet = new QuicPacket(QuicPacketType.VersionNegotiation, 0, destination, source) { OfferedVersions = reader.Take(whole), Bytes = datagram };
            return whole == 0 ? ParseStatus.NeedMore : ParseStatus.Done;
        }

        if (destination.Length > MaxIdLength || source.Length > MaxIdLength)
        {
            return ParseStatus.Malformed;
        }

        QuicPacketType type = TypeOf(version, (first >> 4) & 3);
        if (type == QuicPacketType.Retry)
        {
            // The token runs to the integrity tag of 16 bytes at the end (RFC 9000 §17.2.5).
            ReadOnlySpan<byte> all = reader.Rest;
            packet = new QuicPacket(type, version, destination, source) { Token = all[..Math.Max(0, all.Length - 16)], Bytes = datagram };
            return all.Length < 16 ? ParseStatus.NeedMore : ParseStatus.Done;
        }

        ReadOnlySpan<byte> token = type == QuicPacketType.Initial ? TakeLong(ref reader, ReadVariable(ref reader)) : default;
        ulong length = ReadVariable(ref reader);
        int numberAt = datagram.Length - reader.Left;
        TakeLong(ref reader, length);
        if (!reader.Ok)
        {
            return ParseStatus.NeedMore;
        }

        int end = datagram.Length - reader.Left;
        packet = new QuicPacket(type, version, destination, source) { Token = token, NumberAt = numberAt, Bytes = datagram[..end] };
        rest = datagram[end..];
        return ParseStatus.Done;
    }

    /// <summary>A number of 1, 2, 4 or 8 bytes, the length in its top bits (RFC 9000 §16).</summary>
    internal static ulong ReadVariable(scoped ref WireReader reader)
    {
        ulong first = reader.U8();
        int more = (1 << (int)(first >> 6)) - 1;
        ReadOnlySpan<byte> bytes = reader.Take(more);
        ulong value = first & 0x3F;
        foreach (byte part in bytes)
        {
            value = (value << 8) | part;
        }

        return value;
    }

    internal static ReadOnlySpan<byte> TakeLong(scoped ref WireReader reader, ulong count) => reader.Take(count > int.MaxValue ? -1 : (int)count);

    // Version 2 turned the two bits by one (RFC 9369 §3.2).
    private static QuicPacketType TypeOf(uint version, int bits) => (QuicPacketType)(version == QuicVersions.Version2 ? (bits + 3) & 3 : bits);
}
