using System.Text;
using Whorl.Fingerprints.Tls;
using Whorl.Kernel;
using Whorl.Kernel.Writing;
using Whorl.Sources.Capture.Flows;

namespace Whorl.Sources.Capture.Observing;

/// <summary>Writes what a TLS, QUIC or DTLS hello and its answer say.</summary>
internal static class HelloAttributes
{
    public static void WriteTransport(ref Utf8JsonBuffer json, HelloTransport transport, uint quicVersion)
    {
        json.Plain("tls.transport"u8, transport switch
        {
            HelloTransport.Quic => "quic"u8,
            HelloTransport.Dtls => "dtls"u8,
            _ => "tcp"u8,
        });
        if (quicVersion != 0)
        {
            json.Name("quic.version"u8);
            json.Raw("\"0x"u8);
            _ = quicVersion.TryFormat(json.Take(8), out _, "x8");
            json.Raw("\""u8);
        }
    }

    public static void Write(ref Utf8JsonBuffer json, ClientHello hello, HelloTransport transport, bool allForms)
    {
        Ja4Transport letter = transport switch
        {
            HelloTransport.Quic => Ja4Transport.Quic,
            HelloTransport.Dtls => Ja4Transport.Dtls,
            _ => Ja4Transport.Tcp,
        };
        Span<char> text = stackalloc char[Math.Max(Ja3.HashLength, Ja4.ValueLength)];
        json.Name("tls.ja3"u8);
        _ = Ja3.TryWriteHash(hello, text);
        Ascii(ref json, text[..Ja3.HashLength]);
        json.Name("tls.ja3_text"u8);
        HostileText.Write(ref json, Ja3.Text(hello), HostileText.MaxList);
        json.Name("tls.ja4"u8);
        _ = Ja4.TryWriteValue(hello, letter, text);
        Ascii(ref json, text[..Ja4.ValueLength]);
        if (allForms)
        {
            Ja4Forms forms = Ja4.Of(hello, letter);
            json.Hostile("tls.ja4_r"u8, forms.Raw, HostileText.MaxList);
            json.Hostile("tls.ja4_o"u8, forms.Original, HostileText.MaxList);
            json.Hostile("tls.ja4_ro"u8, forms.OriginalRaw, HostileText.MaxList);
        }

        Version(ref json, "tls.version"u8, Offered(hello));
        json.Hostile("tls.sni"u8, hello.ServerNameBytes, HostileText.MaxName);
        WriteAlpn(ref json, hello);
        if (hello.OffersEncryptedClientHello)
        {
            json.Flag("tls.ech"u8);
        }

        foreach (ushort group in hello.SupportedGroups)
        {
            if (PostQuantum(group) is { IsEmpty: false } name)
            {
                json.Plain("tls.post_quantum"u8, name);
                break;
            }
        }

        if (hello.HasGrease)
        {
            json.Flag("tls.grease"u8);
        }
    }

    public static void WriteResumption(ref Utf8JsonBuffer json, TlsResumption resumption)
    {
        if (resumption != TlsResumption.None)
        {
            json.Plain("tls.resumption"u8, resumption switch
            {
                TlsResumption.SessionId => "session_id"u8,
                TlsResumption.SessionTicket => "session_ticket"u8,
                TlsResumption.PreSharedKey => "pre_shared_key"u8,
                _ => "early_data"u8,
            });
        }
    }

    public static void Write(ref Utf8JsonBuffer json, ServerHello answer)
    {
        json.Hostile("tls.ja3s"u8, Ja3S.Hash(answer), HostileText.MaxName);
        json.Hostile("tls.ja3s_text"u8, Ja3S.Text(answer), HostileText.MaxList);
        json.Hex("tls.cipher"u8, answer.CipherSuite);
        Version(ref json, "tls.chosen_version"u8, answer.Version);
        json.Hostile("tls.chosen_alpn"u8, answer.AlpnProtocol, HostileText.MaxName);
        if (answer.KeyShareGroup is { } group)
        {
            if (GroupName(group) is { IsEmpty: false } name)
            {
                json.Plain("tls.group"u8, name);
            }
            else
            {
                json.Hex("tls.group"u8, group);
            }
        }

        if (answer.IsHelloRetryRequest)
        {
            json.Flag("tls.retry"u8);
        }
    }

    private static void WriteAlpn(ref Utf8JsonBuffer json, ClientHello hello)
    {
        // One protocol is usual, and none needs the list of strings.
        if (hello.FirstAlpnProtocol.IsEmpty && !hello.Extensions.Contains(ExtensionType.Alpn))
        {
            return;
        }

        json.Raw(",\"tls.alpn\":\""u8);
        int room = HostileText.MaxName;
        for (int i = 0; i < hello.AlpnProtocols.Count && room > 0; i++)
        {
            json.Raw(i == 0 ? ""u8 : ","u8);
            HostileText.Continue(ref json, hello.AlpnProtocols[i], room);
            room -= hello.AlpnProtocols[i].Length + 1;
        }

        json.Raw("\""u8);
    }

    private static void Ascii(ref Utf8JsonBuffer json, ReadOnlySpan<char> text)
    {
        json.Raw("\""u8);
        _ = Encoding.ASCII.GetBytes(text, json.Take(text.Length));
        json.Raw("\""u8);
    }

    private static ushort Offered(ClientHello hello)
    {
        ushort best = 0;
        int bestRank = 0;
        foreach (ushort version in hello.SupportedVersions)
        {
            int rank = Rank(version);
            (best, bestRank) = rank > bestRank ? (version, rank) : (best, bestRank);
        }

        return bestRank == 0 ? hello.LegacyVersion : best;
    }

    private static int Rank(ushort version) => version switch
    {
        0x0300 => 1,
        0x0301 => 2,
        0x0302 or 0xFEFF => 3,
        0x0303 or 0xFEFD => 4,
        0x0304 or 0xFEFC => 5,
        _ => 0,
    };

    // DTLS 1.0 stands on TLS 1.1, and from there the numbers are the same (RFC 6347, RFC 9147).
    private static void Version(ref Utf8JsonBuffer json, ReadOnlySpan<byte> name, ushort version)
    {
        ReadOnlySpan<byte> text = version switch
        {
            0x0002 => "ssl2"u8,
            0x0300 => "ssl3"u8,
            0x0301 => "1.0"u8,
            0x0302 => "1.1"u8,
            0xFEFF => "1.0"u8,
            0x0303 or 0xFEFD => "1.2"u8,
            0x0304 or 0xFEFC => "1.3"u8,
            _ when version >> 8 is 0x7F or 0xFB => "1.3"u8, // drafts, and Facebook's of its own
            _ => default,
        };
        if (text.IsEmpty)
        {
            json.Hex(name, version);
        }
        else
        {
            json.Plain(name, text);
        }
    }

    // IANA "TLS Supported Groups".
    private static ReadOnlySpan<byte> PostQuantum(ushort group) => group switch
    {
        0x0200 => "MLKEM512"u8,
        0x0201 => "MLKEM768"u8,
        0x0202 => "MLKEM1024"u8,
        0x11EB => "SecP256r1MLKEM768"u8,
        0x11EC => "X25519MLKEM768"u8,
        0x11ED => "SecP384r1MLKEM1024"u8,
        0x11EE => "curveSM2MLKEM768"u8,
        0x6399 => "X25519Kyber768Draft00"u8,
        0x639A => "SecP256r1Kyber768Draft00"u8,
        0x4138 => "CECPQ2"u8,
        _ => default,
    };

    private static ReadOnlySpan<byte> GroupName(ushort group) => group switch
    {
        0x0017 => "secp256r1"u8,
        0x0018 => "secp384r1"u8,
        0x0019 => "secp521r1"u8,
        0x001D => "x25519"u8,
        0x001E => "x448"u8,
        _ => PostQuantum(group),
    };
}
