using Whorl.Fingerprints.Tls;
using Whorl.Sources.Capture.Flows.Streams;

namespace Whorl.Sources.Capture.Flows.Protocols;

internal enum TlsStep
{
    /// <summary>The message is not whole.</summary>
    More,

    /// <summary>There is a message.</summary>
    Message,

    /// <summary>Encryption, data or a fatal alert: nothing more to read.</summary>
    End,

    /// <summary>This breaks the rules of TLS records.</summary>
    Broken,
}

/// <summary>
/// Finds handshake messages in a stream of TLS records. It goes on where it stopped, so that a hello in a thousand pieces
/// costs no more than one; joining is done only for messages that lie over several records.
/// </summary>
internal sealed class TlsMessages
{
    private const int RecordHeader = 5;
    private const int MessageHeader = 4;
    private const byte ChangeCipherSpec = 20;
    private const byte Alert = 21;
    private const byte Handshake = 22;
    private const byte Warning = 1;

    // 2^14 bytes, and in TLS 1.2 2^11 more once encrypted.
    private const int MaxRecord = (1 << 14) + (1 << 11);

    private readonly byte[] _joined = new byte[CertificateChain.MaxMessageLength];

    /// <summary>Looks for the next message.</summary>
    /// <param name="bytes">The stream from where the cursor counts.</param>
    /// <param name="cursor">Where the last call stopped.</param>
    /// <param name="afterHello">The sender is a client whose hello was read: another one or its certificates may follow.</param>
    /// <param name="message">The message with its header, valid until the next call.</param>
    /// <param name="consumed">Bytes that need not be shown again.</param>
    /// <param name="need">Bytes, from behind those consumed, without which the next call finds nothing.</param>
    public TlsStep Next(ReadOnlySpan<byte> bytes, ref MessageCursor cursor, bool afterHello, out ReadOnlySpan<byte> message, out int consumed, out int need)
    {
        message = default;
        consumed = 0;
        need = 0;
        while (true)
        {
            if (cursor.RecordLeft == 0)
            {
                TlsStep step = ReadHeader(bytes, ref cursor, out int skip, out need);
                if (step != TlsStep.Message)
                {
                    return step;
                }

                bytes = bytes[skip..];
                consumed += skip;
                if (skip > 0)
                {
                    continue;
                }
            }

            int take = Math.Min(cursor.RecordLeft, bytes.Length - cursor.At);
            cursor.Gathered += take;
            cursor.At += take;
            cursor.RecordLeft -= take;
            if (cursor.Length == 0 && cursor.Gathered > 0 && !MayBe(bytes[cursor.FirstRecord > 0 ? 0 : RecordHeader], cursor.CipherChanged, afterHello))
            {
                return TlsStep.End;
            }

            if (cursor.Length == 0 && cursor.Gathered >= MessageHeader)
            {
                ReadOnlySpan<byte> header = Join(bytes, cursor.FirstRecord, MessageHeader);
                cursor.Length = MessageHeader + ((header[1] << 16) | (header[2] << 8) | header[3]);
                if (cursor.Length > (header[0] == 11 ? CertificateChain.MaxMessageLength : ClientHello.MaxMessageLength))
                {
                    return TlsStep.Broken;
                }
            }

            if (cursor.Length > 0 && cursor.Gathered >= cursor.Length)
            {
                int surplus = cursor.Gathered - cursor.Length;
                message = Join(bytes, cursor.FirstRecord, cursor.Length);
                consumed += cursor.At - surplus;
                int left = cursor.RecordLeft + surplus;
                cursor = new MessageCursor { RecordLeft = left, FirstRecord = left, CipherChanged = cursor.CipherChanged };
                return TlsStep.Message;
            }

            if (cursor.At == bytes.Length)
            {
                int wanted = (cursor.Length == 0 ? MessageHeader : cursor.Length) - cursor.Gathered;
                need = cursor.At + (cursor.RecordLeft == 0 ? RecordHeader : Math.Min(cursor.RecordLeft, wanted));
                return TlsStep.More;
            }
        }
    }

    // Message: the record holds handshake bytes, or was skipped.
    private static TlsStep ReadHeader(ReadOnlySpan<byte> bytes, ref MessageCursor cursor, out int skip, out int need)
    {
        skip = 0;
        need = cursor.At + RecordHeader;
        if (bytes.Length < need)
        {
            return TlsStep.More;
        }

        ReadOnlySpan<byte> header = bytes[cursor.At..];
        int length = (header[3] << 8) | header[4];
        if (header[1] != 3 || length is 0 or > MaxRecord)
        {
            return TlsStep.Broken;
        }

        if (header[0] == Handshake)
        {
            cursor.At += RecordHeader;
            cursor.RecordLeft = length;
            return TlsStep.Message;
        }

        // A message may not be interrupted by a record of another type (RFC 8446 §5.1).
        if (cursor.Gathered > 0)
        {
            return TlsStep.Broken;
        }

        if (header[0] != ChangeCipherSpec && (header[0] != Alert || length != 2))
        {
            return header[0] is Alert or 23 ? TlsStep.End : TlsStep.Broken;
        }

        need = RecordHeader + length;
        if (bytes.Length < need)
        {
            return TlsStep.More;
        }

        cursor.CipherChanged |= header[0] == ChangeCipherSpec;
        skip = need;
        return header[0] == Alert && header[RecordHeader] != Warning ? TlsStep.End : TlsStep.Message;
    }

    private static bool MayBe(byte type, bool cipherChanged, bool afterHello) =>
        cipherChanged ? type is 1 or 2 : !afterHello || type is 1 or 11;

    // The first bytes of the message, which has that many here: as they lie, or joined over records.
    private ReadOnlySpan<byte> Join(ReadOnlySpan<byte> bytes, int firstRecord, int length)
    {
        int at = firstRecord > 0 ? 0 : RecordHeader;
        int part = firstRecord > 0 ? firstRecord : (bytes[3] << 8) | bytes[4];
        if (part >= length)
        {
            return bytes.Slice(at, length);
        }

        int joined = 0;
        while (true)
        {
            int take = Math.Min(part, length - joined);
            bytes.Slice(at, take).CopyTo(_joined.AsSpan(joined));
            joined += take;
            at += take;
            if (joined == length)
            {
                return _joined.AsSpan(0, length);
            }

            part = (bytes[at + 3] << 8) | bytes[at + 4];
            at += RecordHeader;
        }
    }
}
