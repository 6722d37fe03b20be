using System.Text;

namespace Whorl.Fingerprints.Tls;

/// <summary>
/// Whorl's own fingerprint of a hello, which stays the same when the client resumes a session, goes to another site, or
/// answers a HelloRetryRequest, where <see cref="Ja4"/> changes.
/// <para>
/// Definition: <c>ws1_</c>; then transport, version, count of ciphers, count of extensions and ALPN letters, each
/// written as JA4 writes it but without its SNI letter, and with the extensions counted that are left below; <c>_</c>;
/// 12 digits of the SHA-256 of the sorted ciphers; <c>_</c>; 12 digits of the SHA-256 of the sorted extension types,
/// <c>_</c>, and the signature algorithms as sent; GREASE left out everywhere. Left out of the extensions: those that
/// name the site (server_name 0, ALPN 16), those that serve resumption alone (session_ticket 35, pre_shared_key 41,
/// early_data 42, psk_key_exchange_modes 45, ticket_request 58), and those that come and go with the length of the hello
/// or the server's answer (padding 21, cookie 44).
/// </para>
/// </summary>
public static class StableHello
{
    /// <summary>Characters in a value.</summary>
    public const int ValueLength = 39;

    // Up to this size the work is done on the stack; larger lists are only seen in attacks.
    private const int MaxStackNumbers = 128;

    /// <summary>The fingerprint, such as <c>ws1_t131511h2_8daaf6152771_0123456789ab</c>.</summary>
    /// <param name="hello">The hello.</param>
    /// <param name="transport">What carried it.</param>
    public static string Value(ClientHello hello, Ja4Transport transport)
    {
        ArgumentNullException.ThrowIfNull(hello);
        Span<byte> buffer = stackalloc byte[ValueLength];
        AsciiText text = new(buffer);
        U16List ciphers = hello.CipherSuites;
        U16List types = hello.Extensions;
        int most = Math.Max(ciphers.Count, types.Count);
        Span<ushort> numbers = most <= MaxStackNumbers ? stackalloc ushort[MaxStackNumbers] : new ushort[most];
        int extensionCount = TakeLasting(types, numbers);
        text.Add("ws1_"u8);
        text.Add((byte)transport);
        text.Add(HelloText.VersionLetters(HelloText.OfferedVersion(hello)));
        HelloText.WriteCount(Grease.CountOthers(ciphers), ref text);
        HelloText.WriteCount(extensionCount, ref text);
        HelloText.WriteAlpnLetters(hello, ref text);

        text.Add((byte)'_');
        HelloText.WriteHash(numbers[..HelloText.Take(ciphers, numbers)], default, sort: true, ref text);

        text.Add((byte)'_');
        extensionCount = TakeLasting(types, numbers);
        numbers[..extensionCount].Sort();
        HelloText.WriteHash(numbers[..extensionCount], hello.SignatureAlgorithms, sort: false, ref text);
        return Encoding.ASCII.GetString(text.Written);
    }

    private static int TakeLasting(U16List types, Span<ushort> to)
    {
        int count = 0;
        foreach (ushort type in types)
        {
            if (!Grease.Is(type) && !ComesAndGoes(type))
            {
                to[count++] = type;
            }
        }

        return count;
    }

    private static bool ComesAndGoes(ushort type) => type is ExtensionType.ServerName or ExtensionType.Alpn
        or ExtensionType.SessionTicket or ExtensionType.PreSharedKey or ExtensionType.EarlyData or ExtensionType.PskKeyExchangeModes
        or ExtensionType.TicketRequest or ExtensionType.Padding or ExtensionType.Cookie;
}
