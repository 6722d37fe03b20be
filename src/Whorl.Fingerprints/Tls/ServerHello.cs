using System.Buffers.Binary;
using System.Text;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tls;

/// <summary>
/// The answer of a TLS, DTLS or QUIC server to a <see cref="ClientHello"/> (RFC 8446 §4.1.3, RFC 5246 §7.4.1.3), or its
/// HelloRetryRequest, which is the same message with a fixed random. ServerHellos of TLS 1.3 drafts before 22, which had
/// another layout, are malformed here.
/// </summary>
public sealed class ServerHello
{
    /// <summary>The longest message that is read, in bytes. Real ones stay under 4 KiB, post-quantum shares included.</summary>
    public const int MaxMessageLength = 64 * 1024;

    private const byte ServerHelloType = 2;

    private readonly byte[] _bytes;
    private readonly int _sessionIdLength;
    private readonly int _extensionsStart;
    private readonly int _messageLength;

    private ServerHello(byte[] bytes, int messageLength, int sessionIdLength, int extensionsStart, int extensionCount, bool isDtls)
    {
        _bytes = bytes;
        _messageLength = messageLength;
        _sessionIdLength = sessionIdLength;
        _extensionsStart = extensionsStart;
        IsDtls = isDtls;
        Extensions = new U16List(bytes, messageLength, extensionCount);
    }

    /// <summary>True for a hello that came in DTLS.</summary>
    public bool IsDtls { get; }

    /// <summary>The message with its 4-byte header, as sent; of DTLS with the header that TLS would have used.</summary>
    public ReadOnlySpan<byte> Message => _bytes.AsSpan(0, _messageLength);

    /// <summary>legacy_version; 0x0303 also for TLS 1.3.</summary>
    public ushort LegacyVersion => BinaryPrimitives.ReadUInt16BigEndian(_bytes.AsSpan(4));

    /// <summary>The 32 random bytes.</summary>
    public ReadOnlySpan<byte> Random => _bytes.AsSpan(6, 32);

    /// <summary>legacy_session_id_echo; in TLS 1.2 the session the server opened or resumed.</summary>
    public ReadOnlySpan<byte> SessionId => _bytes.AsSpan(39, _sessionIdLength);

    /// <summary>The cipher suite the server chose.</summary>
    public ushort CipherSuite => BinaryPrimitives.ReadUInt16BigEndian(_bytes.AsSpan(39 + _sessionIdLength));

    /// <summary>The compression method; 0 in everything current.</summary>
    public byte CompressionMethod => _bytes[41 + _sessionIdLength];

    /// <summary>Extension types in the order sent.</summary>
    public U16List Extensions { get; }

    /// <summary>True where the server asks for another hello (RFC 8446 §4.1.4).</summary>
    public bool IsHelloRetryRequest => Random.SequenceEqual(RetryRandom);

    /// <summary>The version agreed on: that of supported_versions, else <see cref="LegacyVersion"/>.</summary>
    public ushort Version => U16Of(ExtensionType.SupportedVersions) ?? LegacyVersion;

    /// <summary>The group of the server's key share, or the one that a HelloRetryRequest asks for; null without one.</summary>
    public ushort? KeyShareGroup => U16Of(ExtensionType.KeyShare);

    /// <summary>True where the server takes up the pre-shared key the client offered: the session is resumed.</summary>
    public bool AcceptsPreSharedKey => Extensions.Contains(ExtensionType.PreSharedKey);

    /// <summary>The ALPN protocol chosen, one character per byte, or null; TLS 1.3 servers say it encrypted.</summary>
    public string? AlpnProtocol
    {
        get
        {
            WireReader reader = new(TryGetExtension(ExtensionType.Alpn, out ReadOnlySpan<byte> content) ? content : default);
            _ = reader.U16();
            ReadOnlySpan<byte> name = reader.Block8();
            return reader.Ok && !name.IsEmpty ? Encoding.Latin1.GetString(name) : null;
        }
    }

    // SHA-256 of "HelloRetryRequest", RFC 8446 §4.1.3.
    private static ReadOnlySpan<byte> RetryRandom =>
    [
        0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
        0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
    ];

    /// <summary>Reads a hello from the first bytes of a server's TCP stream, joined over as many records as it takes.</summary>
    /// <param name="stream">The stream from its first byte; what follows the hello is left alone.</param>
    /// <param name="hello">The hello where the status is <see cref="ParseStatus.Done"/>.</param>
    /// <param name="consumed">Bytes up to the end of the record in which the hello ended; 0 unless done.</param>
    /// <returns>Malformed as soon as the bytes can no longer become a hello, an alert included.</returns>
    public static ParseStatus TryReadRecords(ReadOnlySpan<byte> stream, out ServerHello? hello, out int consumed)
    {
        hello = null;
        consumed = 0;
        ParseStatus status = HandshakeRecords.Find(stream, ServerHelloType, MaxMessageLength, out HandshakeRecords.Found found);
        if (status != ParseStatus.Done)
        {
            return status;
        }

        status = TryParse(HandshakeRecords.Join(stream, found.MessageLength), out hello);
        consumed = status == ParseStatus.Done ? found.Consumed : 0;
        return status;
    }

    /// <summary>Reads a hello from a handshake message: type 2, 24-bit length, body.</summary>
    /// <param name="handshakeMessage">The message; bytes after its end are left alone.</param>
    /// <param name="hello">The hello where the status is <see cref="ParseStatus.Done"/>.</param>
    /// <returns>Whether the message is a hello, could become one with more bytes, or never will.</returns>
    public static ParseStatus TryParse(ReadOnlySpan<byte> handshakeMessage, out ServerHello? hello)
    {
        hello = null;
        ParseStatus status = HandshakeRecords.CheckHeader(handshakeMessage, ServerHelloType, MaxMessageLength, out int length);
        if (status != ParseStatus.Done)
        {
            return status;
        }

        return handshakeMessage.Length < length ? ParseStatus.NeedMore : TryParseWhole(handshakeMessage[..length], isDtls: false, out hello);
    }

    /// <summary>Gives the content of the first extension of a type.</summary>
    /// <param name="type">The type.</param>
    /// <param name="content">The bytes after the extension's length; empty where it is absent.</param>
    /// <returns>False where the hello has no such extension.</returns>
    public bool TryGetExtension(ushort type, out ReadOnlySpan<byte> content)
    {
        WireReader reader = new(_bytes.AsSpan(_extensionsStart, _messageLength - _extensionsStart));
        while (reader.Left > 0)
        {
            ushort each = reader.U16();
            content = reader.Block16();
            if (each == type)
            {
                return true;
            }
        }

        content = default;
        return false;
    }

    internal static ParseStatus TryParseWhole(ReadOnlySpan<byte> message, bool isDtls, out ServerHello? hello)
    {
        hello = null;
        WireReader reader = new(message);
        _ = reader.Take(ClientHello.HeaderLength + 2 + 32);
        int sessionIdLength = reader.Block8().Length;
        _ = reader.Take(3);
        bool hasBlock = reader.Left > 0;
        ReadOnlySpan<byte> block = hasBlock ? reader.Block16() : default;
        if (!reader.Ok || reader.Left != 0)
        {
            return ParseStatus.Malformed;
        }

        int count = 0;
        WireReader extensions = new(block);
        while (extensions.Left > 0)
        {
            _ = extensions.U16();
            _ = extensions.Block16();
            if (!extensions.Ok)
            {
                return ParseStatus.Malformed;
            }

            count++;
        }

        byte[] bytes = new byte[message.Length + (2 * count)];
        message.CopyTo(bytes);
        WireReader types = new(block);
        for (int i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(message.Length + (2 * i)), types.U16());
            _ = types.Block16();
        }

        hello = new ServerHello(bytes, message.Length, sessionIdLength, message.Length - block.Length, count, isDtls);
        return ParseStatus.Done;
    }

    private ushort? U16Of(ushort type) =>
        TryGetExtension(type, out ReadOnlySpan<byte> content) && content.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(content) : null;
}
