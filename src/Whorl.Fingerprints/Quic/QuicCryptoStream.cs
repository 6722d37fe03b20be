using System.Buffers.Binary;
using Whorl.Fingerprints.Packets;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Quic;

/// <summary>The handshake bytes that one side sends in CRYPTO frames of Initial packets.</summary>
internal sealed class QuicCryptoStream
{
    // Post-quantum hellos are under 4 KiB; a second hello after a retry request follows on the same stream.
    private const int MaxLength = 64 * 1024;

    // Chrome cuts a hello into about a dozen pieces on purpose.
    private const int MaxPieces = 256;

    // An acknowledgement of Initial packets has a handful of ranges.
    private const int MaxAckRanges = 256;

    private const int MessageHeaderLength = 4;

    private readonly PieceList _pieces = new(MaxPieces);
    private readonly List<ReadOnlyMemory<byte>> _messages = [];
    private int _messageAt;

    /// <summary>Whole handshake messages in order.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Messages => _messages;

    /// <summary>Bytes held, the messages included.</summary>
    public int HeldBytes => _pieces.Cost + _messageAt;

    /// <summary>Takes the frames of an opened packet; stops at the first that cannot be in an Initial packet (RFC 9000 §12.4).</summary>
    public void Add(ReadOnlySpan<byte> frames, uint version)
    {
        ulong crypto = version == QuicVersions.GoogleT050 ? 0x08UL : 0x06UL;
        WireReader reader = new(frames);
        while (reader.Ok && reader.Left > 0)
        {
            ulong type = QuicPacket.ReadVariable(ref reader);
            bool read = type switch
            {
                0x00 or 0x01 => true, // PADDING, PING
                0x02 or 0x03 => SkipAck(ref reader, withCounts: type == 0x03),
                _ => type == crypto && ReadCrypto(ref reader),
            };
            if (!read)
            {
                break;
            }
        }

        ReadMessages();
    }

    private bool ReadCrypto(ref WireReader reader)
    {
        ulong offset = QuicPacket.ReadVariable(ref reader);
        ReadOnlySpan<byte> data = QuicPacket.TakeLong(ref reader, QuicPacket.ReadVariable(ref reader));
        return reader.Ok && offset <= MaxLength && (int)offset + data.Length <= MaxLength && _pieces.TryInsert((int)offset, data, refuseOverlap: false);
    }

    private static bool SkipAck(ref WireReader reader, bool withCounts)
    {
        QuicPacket.ReadVariable(ref reader);
        QuicPacket.ReadVariable(ref reader);
        ulong ranges = QuicPacket.ReadVariable(ref reader);
        if (ranges > MaxAckRanges)
        {
            return false;
        }

        int numbers = 1 + (2 * (int)ranges) + (withCounts ? 3 : 0);
        for (int i = 0; i < numbers && reader.Ok; i++)
        {
            QuicPacket.ReadVariable(ref reader);
        }

        return reader.Ok;
    }

    private void ReadMessages()
    {
        int available = _pieces.ContiguousLength;
        if (available < _messageAt + MessageHeaderLength)
        {
            return;
        }

        byte[] stream = new byte[available];
        _pieces.CopyTo(stream);
        while (available >= _messageAt + MessageHeaderLength)
        {
            int length = MessageHeaderLength + (int)(BinaryPrimitives.ReadUInt32BigEndian(stream.AsSpan(_messageAt)) & 0x00FF_FFFF);
            if (available < _messageAt + length)
            {
                return;
            }

            _messages.Add(stream.AsMemory(_messageAt, length));
            _messageAt += length;
        }
    }
}
