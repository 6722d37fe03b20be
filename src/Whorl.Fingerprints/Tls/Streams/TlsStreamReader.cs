using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tls;

/// <summary>
/// Reads one direction of a TLS connection piece by piece, as a capture sees it: joins handshake messages over records
/// and over the pieces, and keeps the hellos and the certificates. It stops where encryption begins. Memory is bounded
/// by the longest message, and grows only with bytes received. Not safe for several threads at once.
/// </summary>
public sealed class TlsStreamReader
{
    private const byte ChangeCipherSpec = 20;
    private const byte Alert = 21;
    private const byte ApplicationData = 23;

    // A record before anything is encrypted holds 2^14 bytes; TLS 1.2 ciphertext may be 2^11 longer.
    private const int MaxRecordPayload = (1 << 14) + (1 << 11);

    // A handshake has about ten plain messages of a direction; this stops one that never ends.
    private const int MaxMessages = 64;

    private readonly byte[] _header = new byte[TlsRecord.HeaderLength];
    private int _headerCount;
    private int _payloadLeft;
    private byte[] _gathered = [];
    private int _gatheredCount;
    private int _messageCount;
    private bool _cipherChanged;
    private ParseStatus _status = ParseStatus.NeedMore;

    /// <summary>What has been read so far.</summary>
    public HandshakeMessages Messages { get; } = new();

    /// <summary>Takes the next bytes of the stream.</summary>
    /// <param name="bytes">The bytes that follow those of the last call.</param>
    /// <returns>
    /// NeedMore while plain messages may follow; Done where encryption, an alert or data began, so that nothing more will
    /// come; Malformed where this is no TLS or breaks it. After the last two, further bytes are ignored.
    /// </returns>
    public ParseStatus Push(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && _status == ParseStatus.NeedMore)
        {
            if (_payloadLeft > 0)
            {
                ReadOnlySpan<byte> part = bytes[..Math.Min(_payloadLeft, bytes.Length)];
                bytes = bytes[part.Length..];
                _payloadLeft -= part.Length;
                _status = TakePayload(part);
                continue;
            }

            _header[_headerCount++] = bytes[0];
            bytes = bytes[1..];
            _status = CheckHeader();
        }

        return _status;
    }

    private ParseStatus CheckHeader()
    {
        byte type = _header[0];
        if (_headerCount == 1 && type is not (ChangeCipherSpec or Alert or TlsRecord.Handshake or ApplicationData))
        {
            return ParseStatus.Malformed;
        }

        // The first record of a direction opens a handshake, or this is the middle of something else.
        if (_messageCount == 0 && type != TlsRecord.Handshake)
        {
            return type == Alert ? ParseStatus.Done : ParseStatus.Malformed;
        }

        if (_headerCount == 2 && _header[1] != 3)
        {
            return ParseStatus.Malformed;
        }

        if (_headerCount < TlsRecord.HeaderLength)
        {
            return ParseStatus.NeedMore;
        }

        _headerCount = 0;
        _payloadLeft = (_header[3] << 8) | _header[4];
        if (_payloadLeft is 0 or > MaxRecordPayload)
        {
            return ParseStatus.Malformed;
        }

        // A message may not be interrupted by a record of another type (RFC 8446 §5.1).
        return type == TlsRecord.Handshake ? ParseStatus.NeedMore
            : _gatheredCount > 0 ? ParseStatus.Malformed
            : type == ChangeCipherSpec ? ParseStatus.NeedMore
            : ParseStatus.Done;
    }

    private ParseStatus TakePayload(ReadOnlySpan<byte> part)
    {
        if (_header[0] == ChangeCipherSpec)
        {
            // In TLS 1.3 a mere pretence, after which a second hello may come in the clear (RFC 8446 §D.4).
            _cipherChanged = true;
            return ParseStatus.NeedMore;
        }

        while (!part.IsEmpty)
        {
            // Most messages lie whole in one piece and need no copy here.
            if (_gatheredCount == 0 && TryLength(part, out int whole) && whole <= part.Length)
            {
                ParseStatus status = TakeMessage(part[..whole]);
                part = part[whole..];
                if (status != ParseStatus.NeedMore)
                {
                    return status;
                }

                continue;
            }

            int wanted = TryLength(_gathered.AsSpan(0, _gatheredCount), out int length) ? length - _gatheredCount : ClientHello.HeaderLength - _gatheredCount;
            ReadOnlySpan<byte> taken = part[..Math.Min(wanted, part.Length)];
            part = part[taken.Length..];
            Gather(taken);
            if (!TryLength(_gathered.AsSpan(0, _gatheredCount), out length))
            {
                continue;
            }

            if (!MayFollow(_gathered[0]))
            {
                return ParseStatus.Done;
            }

            if (length > HandshakeMessages.MaxLengthOf(_gathered[0]))
            {
                return ParseStatus.Malformed;
            }

            if (_gatheredCount == length)
            {
                ParseStatus status = TakeMessage(_gathered.AsSpan(0, length));
                _gatheredCount = 0;
                if (status != ParseStatus.NeedMore)
                {
                    return status;
                }
            }
        }

        return ParseStatus.NeedMore;
    }

    // What follows a change of cipher is encrypted, except for a second hello of TLS 1.3.
    private bool MayFollow(byte type) => !_cipherChanged || type is 1 or 2;

    private ParseStatus TakeMessage(ReadOnlySpan<byte> message)
    {
        if (!MayFollow(message[0]))
        {
            return ParseStatus.Done;
        }

        _messageCount++;
        bool parsed = message.Length <= HandshakeMessages.MaxLengthOf(message[0]) && Messages.Add(message, isDtls: false);
        return parsed ? _messageCount < MaxMessages ? ParseStatus.NeedMore : ParseStatus.Done
            : _cipherChanged ? ParseStatus.Done
            : ParseStatus.Malformed;
    }

    private static bool TryLength(ReadOnlySpan<byte> bytes, out int length)
    {
        length = bytes.Length < ClientHello.HeaderLength ? 0 : ClientHello.HeaderLength + ((bytes[1] << 16) | (bytes[2] << 8) | bytes[3]);
        return length > 0;
    }

    private void Gather(ReadOnlySpan<byte> bytes)
    {
        if (_gatheredCount + bytes.Length > _gathered.Length)
        {
            Array.Resize(ref _gathered, Math.Max(2 * _gathered.Length, _gatheredCount + bytes.Length));
        }

        bytes.CopyTo(_gathered.AsSpan(_gatheredCount));
        _gatheredCount += bytes.Length;
    }
}
