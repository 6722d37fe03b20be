using System.Buffers.Binary;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tls;

public sealed partial class ClientHello
{
    /// <summary>The longest handshake message that is read, in bytes.</summary>
    /// <remarks>Post-quantum hellos stay under 4 KiB; OpenSSL's own limit is 128 KiB, of which no client uses half.</remarks>
    public const int MaxMessageLength = 64 * 1024;

    internal const int HeaderLength = 4;
    private const byte ClientHelloType = 1;

    /// <summary>
    /// Reads a hello from the first bytes of a client's TCP stream: TLS records, with the message spread over as many of
    /// them as the client likes.
    /// </summary>
    /// <param name="stream">The stream from its first byte; what follows the hello is left alone.</param>
    /// <param name="hello">The hello where the status is <see cref="ParseStatus.Done"/>.</param>
    /// <param name="consumed">
    /// Bytes up to the end of the record in which the hello ended, or all bytes where that record has not wholly arrived; 0 unless done.
    /// </param>
    /// <returns>Malformed as soon as the bytes can no longer become a hello; SSLv2-style hellos are malformed here.</returns>
    public static ParseStatus TryReadRecords(ReadOnlySpan<byte> stream, out ClientHello? hello, out int consumed)
    {
        hello = null;
        consumed = 0;
        ParseStatus status = HandshakeRecords.Find(stream, ClientHelloType, MaxMessageLength, out HandshakeRecords.Found found);
        if (status != ParseStatus.Done)
        {
            return status;
        }

        status = found.InOneRecord
            ? TryParse(stream.Slice(TlsRecord.HeaderLength, found.MessageLength), out hello)
            : TryParse(HandshakeRecords.Join(stream, found.MessageLength), out hello);
        consumed = status == ParseStatus.Done ? found.Consumed : 0;
        return status;
    }

    /// <summary>Reads a hello from a handshake message: type 1, 24-bit length, body. QUIC carries it so in CRYPTO frames.</summary>
    /// <param name="handshakeMessage">The message; bytes after its end are left alone.</param>
    /// <param name="hello">The hello where the status is <see cref="ParseStatus.Done"/>.</param>
    /// <returns>Whether the message is a hello, could become one with more bytes, or never will.</returns>
    public static ParseStatus TryParse(ReadOnlySpan<byte> handshakeMessage, out ClientHello? hello)
    {
        hello = null;
        ParseStatus status = HandshakeRecords.CheckHeader(handshakeMessage, ClientHelloType, MaxMessageLength, out int length);
        if (status != ParseStatus.Done)
        {
            return status;
        }

        return handshakeMessage.Length < length ? ParseStatus.NeedMore : TryParseWhole(handshakeMessage[..length], isDtls: false, out hello);
    }

    /// <summary>Reads a whole message with a 4-byte header; DTLS callers put such a header in place of their 12-byte one.</summary>
    internal static ParseStatus TryParseWhole(ReadOnlySpan<byte> message, bool isDtls, out ClientHello? hello)
    {
        hello = null;
        HelloParts parts = new() { IsDtls = isDtls, MessageLength = message.Length };
        WireReader reader = new(message);
        _ = reader.Take(HeaderLength);
        parts.LegacyVersion = reader.U16();
        parts.Random = Cut(message, ref reader, reader.Take(32));
        parts.SessionId = Cut(message, ref reader, reader.Block8());
        parts.Cookie = isDtls ? Cut(message, ref reader, reader.Block8()) : default;
        parts.CipherSuites = Cut(message, ref reader, reader.Block16());
        parts.CompressionMethods = Cut(message, ref reader, reader.Block8());
        if (!reader.Ok || parts.CipherSuites.Length % 2 != 0)
        {
            return ParseStatus.Malformed;
        }

        parts.HasExtensionBlock = reader.Left > 0;
        int extensionCount = 0;
        int keyShareCount = 0;
        if (parts.HasExtensionBlock)
        {
            parts.ExtensionBlock = Cut(message, ref reader, reader.Block16());
            if (!reader.Ok || reader.Left != 0 || !TryReadExtensions(message, ref parts, out extensionCount, out keyShareCount))
            {
                return ParseStatus.Malformed;
            }
        }

        // The types and the key share groups lie apart in the message, so they are gathered behind the copy of it.
        parts.Extensions = new Slice(message.Length, 2 * extensionCount);
        parts.KeyShareGroups = new Slice(message.Length + (2 * extensionCount), 2 * keyShareCount);
        byte[] bytes = new byte[message.Length + (2 * (extensionCount + keyShareCount))];
        message.CopyTo(bytes);
        Gather(bytes, in parts);
        hello = new ClientHello(bytes, in parts);
        return ParseStatus.Done;
    }

    private static bool TryReadExtensions(ReadOnlySpan<byte> message, ref HelloParts parts, out int count, out int keyShareCount)
    {
        count = 0;
        keyShareCount = 0;
        bool sawGroups = false, sawFormats = false, sawAlgorithms = false, sawVersions = false, sawAlpn = false, sawName = false, sawShares = false;
        WireReader reader = new(message.Slice(parts.ExtensionBlock.Start, parts.ExtensionBlock.Length));
        while (reader.Left > 0)
        {
            ushort type = reader.U16();
            ReadOnlySpan<byte> content = reader.Block16();
            if (!reader.Ok)
            {
                return false;
            }

            count++;
            int end = parts.ExtensionBlock.Start + parts.ExtensionBlock.Length - reader.Left;
            Slice whole = new(end - content.Length, content.Length);
            switch (type)
            {
                case ExtensionType.ServerName when !sawName:
                    sawName = true;
                    parts.ServerName = HostName(content, whole.Start);
                    break;
                case ExtensionType.SupportedGroups when !sawGroups:
                    sawGroups = true;
                    parts.SupportedGroups = Listed(content, whole.Start, lengthBytes: 2, elementBytes: 2);
                    break;
                case ExtensionType.PointFormats when !sawFormats:
                    sawFormats = true;
                    parts.PointFormats = Listed(content, whole.Start, lengthBytes: 1, elementBytes: 1);
                    break;
                case ExtensionType.SignatureAlgorithms when !sawAlgorithms:
                    sawAlgorithms = true;
                    parts.SignatureAlgorithms = Listed(content, whole.Start, lengthBytes: 2, elementBytes: 2);
                    break;
                case ExtensionType.Alpn when !sawAlpn:
                    sawAlpn = true;
                    parts.AlpnList = Listed(content, whole.Start, lengthBytes: 2, elementBytes: 1);
                    break;
                case ExtensionType.SupportedVersions when !sawVersions:
                    sawVersions = true;
                    parts.SupportedVersions = Listed(content, whole.Start, lengthBytes: 1, elementBytes: 2);
                    break;
                case ExtensionType.KeyShare when !sawShares:
                    sawShares = true;
                    parts.KeyShares = Listed(content, whole.Start, lengthBytes: 2, elementBytes: 1);
                    keyShareCount = CountShares(message.Slice(parts.KeyShares.Start, parts.KeyShares.Length));
                    break;
                case ExtensionType.SessionTicket when !parts.HasSessionTicket:
                    parts.HasSessionTicket = true;
                    parts.SessionTicket = whole;
                    break;
                default:
                    break;
            }
        }

        return true;
    }

    // The bytes of a length-prefixed list that are really there, rounded down to whole elements.
    private static Slice Listed(ReadOnlySpan<byte> content, int start, int lengthBytes, int elementBytes)
    {
        if (content.Length < lengthBytes)
        {
            return default;
        }

        int declared = lengthBytes == 1 ? content[0] : BinaryPrimitives.ReadUInt16BigEndian(content);
        int there = Math.Min(declared, content.Length - lengthBytes);
        return new Slice(start + lengthBytes, there - (there % elementBytes));
    }

    // RFC 6066 §3: a list of (type, name); the only type ever defined is host_name, 0, and only one may be sent.
    private static Slice HostName(ReadOnlySpan<byte> content, int start)
    {
        WireReader reader = new(content);
        _ = reader.U16();
        byte nameType = reader.U8();
        ReadOnlySpan<byte> name = reader.Block16();
        return reader.Ok && nameType == 0 ? new Slice(start + 5, name.Length) : default;
    }

    private static int CountShares(ReadOnlySpan<byte> shares)
    {
        int count = 0;
        WireReader reader = new(shares);
        while (reader.Left > 0)
        {
            _ = reader.U16();
            _ = reader.Block16();
            if (!reader.Ok)
            {
                break;
            }

            count++;
        }

        return count;
    }

    private static void Gather(byte[] bytes, in HelloParts parts)
    {
        GatherFrom(bytes, parts.ExtensionBlock, parts.Extensions);
        GatherFrom(bytes, parts.KeyShares, parts.KeyShareGroups);
    }

    // Both blocks are runs of (16-bit number, 16-bit length, content).
    private static void GatherFrom(byte[] bytes, Slice from, Slice to)
    {
        WireReader reader = new(bytes.AsSpan(from.Start, from.Length));
        for (int at = to.Start; at < to.Start + to.Length; at += 2)
        {
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(at), reader.U16());
            _ = reader.Block16();
        }
    }

    // Where a block that was just taken lies in the message.
    private static Slice Cut(ReadOnlySpan<byte> message, ref WireReader reader, ReadOnlySpan<byte> taken) =>
        new(message.Length - reader.Left - taken.Length, taken.Length);

    private readonly record struct Slice(int Start, int Length);

    private struct HelloParts
    {
        public bool IsDtls;
        public bool HasExtensionBlock;
        public bool HasSessionTicket;
        public ushort LegacyVersion;
        public int MessageLength;
        public Slice Random;
        public Slice SessionId;
        public Slice Cookie;
        public Slice CipherSuites;
        public Slice CompressionMethods;
        public Slice ExtensionBlock;
        public Slice Extensions;
        public Slice ServerName;
        public Slice AlpnList;
        public Slice SupportedVersions;
        public Slice SupportedGroups;
        public Slice PointFormats;
        public Slice SignatureAlgorithms;
        public Slice KeyShares;
        public Slice KeyShareGroups;
        public Slice SessionTicket;
    }
}
