using System.Text;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tls;

/// <summary>
/// The first message of a TLS, DTLS or QUIC client (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2, RFC 9147 §5.3), as sent.
/// It holds one private copy of the message; every list reads from that copy.
/// </summary>
/// <remarks>
/// The frame of the message is read strictly. An extension whose content contradicts its own length is kept as a type,
/// and its list holds the whole elements that are there: servers differ about such hellos, and the type is evidence.
/// </remarks>
public sealed partial class ClientHello
{
    private readonly byte[] _bytes;
    private readonly HelloParts _parts;
    private string? _serverName;
    private string[]? _alpnProtocols;

    private ClientHello(byte[] bytes, in HelloParts parts)
    {
        _bytes = bytes;
        _parts = parts;
    }

    /// <summary>True for a hello of DTLS, which carries a cookie field.</summary>
    public bool IsDtls => _parts.IsDtls;

    /// <summary>Length in bytes of the message with its 4-byte header.</summary>
    public int MessageLength => _parts.MessageLength;

    /// <summary>The message with its 4-byte header, as sent; of DTLS with the header that TLS would have used.</summary>
    public ReadOnlySpan<byte> Message => _bytes.AsSpan(0, _parts.MessageLength);

    /// <summary>legacy_version: 0x0303 for TLS 1.2 and 1.3, 0xFEFD for DTLS 1.2 and 1.3.</summary>
    public ushort LegacyVersion => _parts.LegacyVersion;

    /// <summary>The 32 random bytes.</summary>
    public ReadOnlySpan<byte> Random => Bytes(_parts.Random);

    /// <summary>legacy_session_id: empty, 32 random bytes (TLS 1.3 compatibility mode), or a session to resume.</summary>
    public ReadOnlySpan<byte> SessionId => Bytes(_parts.SessionId);

    /// <summary>The DTLS cookie; empty in a first hello, and in TLS.</summary>
    public ReadOnlySpan<byte> Cookie => Bytes(_parts.Cookie);

    /// <summary>Cipher suites in the order sent, GREASE and signalling values included.</summary>
    public U16List CipherSuites => Numbers(_parts.CipherSuites);

    /// <summary>legacy_compression_methods; one zero byte in everything current.</summary>
    public ReadOnlySpan<byte> CompressionMethods => Bytes(_parts.CompressionMethods);

    /// <summary>False where the message ends before the extension block, as hellos of the 1990s do.</summary>
    public bool HasExtensionBlock => _parts.HasExtensionBlock;

    /// <summary>Extension types in the order sent, GREASE included, repetitions kept.</summary>
    public U16List Extensions => Numbers(_parts.Extensions);

    /// <summary>supported_versions, or empty.</summary>
    public U16List SupportedVersions => Numbers(_parts.SupportedVersions);

    /// <summary>supported_groups, or empty.</summary>
    public U16List SupportedGroups => Numbers(_parts.SupportedGroups);

    /// <summary>ec_point_formats, or empty; one byte each.</summary>
    public ReadOnlySpan<byte> PointFormats => Bytes(_parts.PointFormats);

    /// <summary>signature_algorithms, or empty; not those of signature_algorithms_cert or delegated_credentials.</summary>
    public U16List SignatureAlgorithms => Numbers(_parts.SignatureAlgorithms);

    /// <summary>The groups for which a key share is sent, or empty. 0x11EC is X25519MLKEM768.</summary>
    public U16List KeyShareGroups => Numbers(_parts.KeyShareGroups);

    /// <summary>
    /// The host name of server_name, or null where there is none or the name is empty. One character per byte, as sent:
    /// a peer may put anything here, so escape it where it is shown.
    /// </summary>
    public string? ServerName =>
        _parts.ServerName.Length == 0 ? null : _serverName ??= Encoding.Latin1.GetString(Bytes(_parts.ServerName));

    /// <summary>The bytes of <see cref="ServerName"/>; empty where there is none.</summary>
    public ReadOnlySpan<byte> ServerNameBytes => Bytes(_parts.ServerName);

    /// <summary>ALPN protocol names in the order sent, one character per byte, or empty.</summary>
    public IReadOnlyList<string> AlpnProtocols => _alpnProtocols ??= ReadAlpnProtocols();

    /// <summary>The bytes of the first ALPN protocol name; empty where there is none or it is empty.</summary>
    public ReadOnlySpan<byte> FirstAlpnProtocol => new WireReader(Bytes(_parts.AlpnList)).Block8();

    /// <summary>True where pre_shared_key is sent: a TLS 1.3 session is offered for resumption, or an external key.</summary>
    public bool OffersPreSharedKey => Extensions.Contains(ExtensionType.PreSharedKey);

    /// <summary>True where early_data is sent: 0-RTT data follows.</summary>
    public bool OffersEarlyData => Extensions.Contains(ExtensionType.EarlyData);

    /// <summary>Length in bytes of the ticket in session_ticket: -1 without the extension, 0 for "give me one".</summary>
    public int SessionTicketLength => _parts.HasSessionTicket ? _parts.SessionTicket.Length : -1;

    /// <summary>True where encrypted_client_hello is sent, be it real or GREASE; the two are made to look the same.</summary>
    public bool OffersEncryptedClientHello => Extensions.Contains(ExtensionType.EncryptedClientHello);

    /// <summary>True where a GREASE value stands among ciphers, extensions, groups, versions or signature algorithms.</summary>
    public bool HasGrease =>
        HasGreaseIn(CipherSuites) || HasGreaseIn(Extensions) || HasGreaseIn(SupportedGroups)
        || HasGreaseIn(SupportedVersions) || HasGreaseIn(SignatureAlgorithms);

    /// <summary>How the client asks to go on with an earlier session, if it does.</summary>
    public TlsResumption Resumption =>
        OffersEarlyData && OffersPreSharedKey ? TlsResumption.EarlyData
        : OffersPreSharedKey ? TlsResumption.PreSharedKey
        : SessionTicketLength > 0 ? TlsResumption.SessionTicket
        : SessionId.Length > 0 && !SupportedVersions.Contains(0x0304) && !SupportedVersions.Contains(0xFEFC) ? TlsResumption.SessionId
        : TlsResumption.None;

    /// <summary>Gives the content of the first extension of a type.</summary>
    /// <param name="type">The type, such as <see cref="ExtensionType.Padding"/>.</param>
    /// <param name="content">The bytes after the extension's length; empty where it is absent.</param>
    /// <returns>False where the hello has no such extension.</returns>
    public bool TryGetExtension(ushort type, out ReadOnlySpan<byte> content)
    {
        WireReader reader = new(Bytes(_parts.ExtensionBlock));
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

    private static bool HasGreaseIn(U16List values) => Grease.CountOthers(values) != values.Count;

    private string[] ReadAlpnProtocols()
    {
        List<string> names = [];
        WireReader reader = new(Bytes(_parts.AlpnList));
        while (reader.Left > 0)
        {
            ReadOnlySpan<byte> name = reader.Block8();
            if (!reader.Ok)
            {
                break;
            }

            names.Add(name.SequenceEqual("h2"u8) ? "h2" : name.SequenceEqual("http/1.1"u8) ? "http/1.1" : Encoding.Latin1.GetString(name));
        }

        return [.. names];
    }

    private ReadOnlySpan<byte> Bytes(Slice slice) => _bytes.AsSpan(slice.Start, slice.Length);

    private U16List Numbers(Slice slice) => new(_bytes, slice.Start, slice.Length / 2);
}
