using System.Buffers.Binary;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Quic;

/// <summary>
/// Follows the opening of one QUIC connection and puts the TLS hellos together, however they are cut over packets and
/// datagrams. Holds at most about 64 KiB a side. One thread at a time.
/// </summary>
public sealed class QuicHandshake
{
    // Initial, 0-RTT and Handshake may share a datagram, and some stacks repeat Initial; more is an attack or a bug.
    private const int MaxPacketsPerDatagram = 16;

    // The three of a post-quantum hello, resent a few times, for either side.
    private const int MaxInitialPackets = 64;

    // A server lists a dozen at most.
    private const int MaxOfferedVersions = 64;

    private QuicCryptoStream _client = new();
    private readonly QuicCryptoStream _server = new();
    private byte[] _firstId = [];
    private uint _keyVersion;
    private QuicInitialKeys? _clientKeys;
    private QuicInitialKeys? _serverKeys;
    private int _initialPackets;

    /// <summary>Version of the client's latest Initial packet; 0 before there was one.</summary>
    public uint Version { get; private set; }

    /// <summary>The first client packet that could be opened carried a token: the client was here before, or was sent away once.</summary>
    public bool HasToken { get; private set; }

    /// <summary>A Retry packet was seen.</summary>
    public bool RetrySeen { get; private set; }

    /// <summary>Versions of a version negotiation packet, in order; empty without one.</summary>
    public IReadOnlyList<uint> OfferedVersions { get; private set; } = [];

    /// <summary>Bytes held, for those who bound many of these together.</summary>
    public int HeldBytes => _client.HeldBytes + _server.HeldBytes;

    /// <summary>The client's first TLS message (type, length, body); empty until it is whole.</summary>
    public ReadOnlyMemory<byte> ClientHello => _client.Messages.Count > 0 ? _client.Messages[0] : default;

    /// <summary>The server's first TLS message (type, length, body); empty until it is whole.</summary>
    public ReadOnlyMemory<byte> ServerHello => _server.Messages.Count > 0 ? _server.Messages[0] : default;

    /// <summary>All whole TLS messages of the client's Initial packets: two hellos after a HelloRetryRequest.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> ClientMessages => _client.Messages;

    /// <summary>All whole TLS messages of the server's Initial packets.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> ServerMessages => _server.Messages;

    /// <summary>Takes a UDP payload that the client sent.</summary>
    /// <param name="datagram">The payload.</param>
    /// <returns>Done when <see cref="ClientHello"/> is whole; NeedMore when parts of it are missing; Malformed when nothing in the datagram could be read.</returns>
    public ParseStatus AddFromClient(ReadOnlySpan<byte> datagram) => Add(datagram, fromClient: true);

    /// <summary>Takes a UDP payload that the server sent; needs the client's first packet before it.</summary>
    /// <param name="datagram">The payload.</param>
    /// <returns>Done when <see cref="ServerHello"/> is whole; NeedMore when parts of it are missing; Malformed when nothing in the datagram could be read.</returns>
    public ParseStatus AddFromServer(ReadOnlySpan<byte> datagram) => Add(datagram, fromClient: false);

    private ParseStatus Add(ReadOnlySpan<byte> datagram, bool fromClient)
    {
        bool understood = false;
        for (int i = 0; i < MaxPacketsPerDatagram && !datagram.IsEmpty; i++)
        {
            if (QuicPacket.TryParse(datagram, out QuicPacket packet, out ReadOnlySpan<byte> rest) != ParseStatus.Done)
            {
                break;
            }

            understood |= packet.Type switch
            {
                QuicPacketType.Initial => fromClient ? OpenFromClient(packet) : OpenFromServer(packet),
                QuicPacketType.Retry => !fromClient && NoteRetry(packet),
                QuicPacketType.VersionNegotiation => !fromClient && NoteVersions(packet.OfferedVersions),
                _ => _clientKeys is not null,
            };
            datagram = rest;
        }

        bool whole = (fromClient ? _client : _server).Messages.Count > 0;
        return whole ? ParseStatus.Done : understood ? ParseStatus.NeedMore : ParseStatus.Malformed;
    }

    private bool OpenFromClient(in QuicPacket packet)
    {
        if (_initialPackets >= MaxInitialPackets)
        {
            return false;
        }

        _initialPackets++;
        bool sameKeys = _clientKeys is not null && packet.Version == _keyVersion;
        ReadOnlyMemory<byte> frames = default;
        if (!sameKeys || !QuicInitial.TryOpen(packet, _clientKeys!, out frames))
        {
            // The first packet, or the first after a Retry or a change of version; some stacks change ids between packets.
            if (sameKeys && packet.DestinationId.SequenceEqual(_firstId))
            {
                return false;
            }

            QuicInitialKeys? keys = QuicInitialKeys.Derive(packet.Version, packet.DestinationId, ofClient: true);
            if (keys is null || !QuicInitial.TryOpen(packet, keys, out frames))
            {
                return false;
            }

            if (_clientKeys is not null && OfferedVersions.Count > 0 && packet.Version != _keyVersion)
            {
                _client = new QuicCryptoStream(); // turned away with a list of versions, the client begins anew
            }

            HasToken = _clientKeys is null ? !packet.Token.IsEmpty : HasToken;
            _clientKeys = keys;
            _serverKeys = null;
            _firstId = packet.DestinationId.ToArray();
            _keyVersion = packet.Version;
        }

        Version = packet.Version;
        _client.Add(frames.Span, packet.Version);
        return true;
    }

    private bool OpenFromServer(in QuicPacket packet)
    {
        if (_clientKeys is null || _initialPackets >= MaxInitialPackets)
        {
            return false;
        }

        _initialPackets++;

        // A server may answer in another version that both speak (RFC 9368); the client's first id still counts.
        QuicInitialKeys? keys = packet.Version == _keyVersion
            ? _serverKeys ??= QuicInitialKeys.Derive(_keyVersion, _firstId, ofClient: false)
            : QuicInitialKeys.Derive(packet.Version, _firstId, ofClient: false);
        if (keys is null || !QuicInitial.TryOpen(packet, keys, out ReadOnlyMemory<byte> frames))
        {
            return false;
        }

        _server.Add(frames.Span, packet.Version);
        return true;
    }

    private bool NoteRetry(in QuicPacket packet)
    {
        RetrySeen |= !packet.Token.IsEmpty;
        return !packet.Token.IsEmpty;
    }

    private bool NoteVersions(ReadOnlySpan<byte> offered)
    {
        uint[] versions = new uint[Math.Min(offered.Length / 4, MaxOfferedVersions)];
        for (int i = 0; i < versions.Length; i++)
        {
            versions[i] = BinaryPrimitives.ReadUInt32BigEndian(offered[(i * 4)..]);
        }

        OfferedVersions = versions;
        return true;
    }
}
