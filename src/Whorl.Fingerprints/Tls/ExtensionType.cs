namespace Whorl.Fingerprints.Tls;

/// <summary>Extension types by number (IANA "TLS ExtensionType Values"), those that fingerprints or evidence ask for.</summary>
public static class ExtensionType
{
    /// <summary>server_name, RFC 6066.</summary>
    public const ushort ServerName = 0;

    /// <summary>supported_groups, RFC 8422 and RFC 7919; "elliptic_curves" in JA3's time.</summary>
    public const ushort SupportedGroups = 10;

    /// <summary>ec_point_formats, RFC 8422.</summary>
    public const ushort PointFormats = 11;

    /// <summary>signature_algorithms, RFC 8446 §4.2.3.</summary>
    public const ushort SignatureAlgorithms = 13;

    /// <summary>application_layer_protocol_negotiation, RFC 7301.</summary>
    public const ushort Alpn = 16;

    /// <summary>padding, RFC 7685.</summary>
    public const ushort Padding = 21;

    /// <summary>session_ticket, RFC 5077.</summary>
    public const ushort SessionTicket = 35;

    /// <summary>pre_shared_key, RFC 8446 §4.2.11.</summary>
    public const ushort PreSharedKey = 41;

    /// <summary>early_data, RFC 8446 §4.2.10.</summary>
    public const ushort EarlyData = 42;

    /// <summary>supported_versions, RFC 8446 §4.2.1.</summary>
    public const ushort SupportedVersions = 43;

    /// <summary>cookie, RFC 8446 §4.2.2.</summary>
    public const ushort Cookie = 44;

    /// <summary>psk_key_exchange_modes, RFC 8446 §4.2.9.</summary>
    public const ushort PskKeyExchangeModes = 45;

    /// <summary>key_share, RFC 8446 §4.2.8.</summary>
    public const ushort KeyShare = 51;

    /// <summary>ticket_request, RFC 9149.</summary>
    public const ushort TicketRequest = 58;

    /// <summary>encrypted_client_hello, RFC 9849; a GREASE one looks the same.</summary>
    public const ushort EncryptedClientHello = 0xFE0D;

    /// <summary>encrypted_server_name, the abandoned forerunner of ECH (draft-ietf-tls-esni-01 to -06).</summary>
    public const ushort EncryptedServerName = 0xFFCE;
}
