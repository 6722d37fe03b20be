using System.Security.Cryptography;

namespace Whorl.Fingerprints.Tls;

/// <summary>The pieces of text of which <see cref="Ja4"/> and <see cref="StableHello"/> are made.</summary>
internal static class HelloText
{
    private const int HashDigits = 12;
    private const int MaxCount = 99;

    private static readonly DigestMemo Sha256Memo = new();
    private static readonly DigestMemo.Hasher Sha256 = static (text, digest) => SHA256.HashData(text, digest);

    public static void WriteAlpnLetters(ClientHello hello, ref AsciiText text)
    {
        ReadOnlySpan<byte> alpn = hello.FirstAlpnProtocol;
        if (alpn.IsEmpty)
        {
            text.Add("00"u8);
        }
        else if (char.IsAsciiLetterOrDigit((char)alpn[0]) && char.IsAsciiLetterOrDigit((char)alpn[^1]))
        {
            text.Add(alpn[0]);
            text.Add(alpn[^1]);
        }
        else
        {
            ReadOnlySpan<byte> digits = "0123456789abcdef"u8;
            text.Add(digits[alpn[0] >> 4]);
            text.Add(digits[alpn[^1] & 15]);
        }
    }

    public static void WriteCount(int count, ref AsciiText text)
    {
        int shown = Math.Min(count, MaxCount);
        text.Add((byte)('0' + (shown / 10)));
        text.Add((byte)('0' + (shown % 10)));
    }

    public static ushort OfferedVersion(ClientHello hello)
    {
        int highest = -1;
        ushort version = hello.LegacyVersion;
        foreach (ushort each in hello.SupportedVersions)
        {
            // DTLS versions count downwards: 0xFEFF is 1.0, 0xFEFC is 1.3.
            int rank = each >> 8 == 0xFE ? 0xFE00 | (0xFF - (each & 0xFF)) : each;
            if (!Grease.Is(each) && rank > highest)
            {
                highest = rank;
                version = each;
            }
        }

        return version;
    }

    public static ReadOnlySpan<byte> VersionLetters(ushort version) => version switch
    {
        0x0304 => "13"u8,
        0x0303 => "12"u8,
        0x0302 => "11"u8,
        0x0301 => "10"u8,
        0x0300 => "s3"u8,
        0x0002 => "s2"u8,
        0xFEFF => "d1"u8,
        0xFEFD => "d2"u8,
        0xFEFC => "d3"u8,
        _ => "00"u8,
    };

    public static int Bound(int numbers) => (5 * numbers) + 1;

    public static void WriteNumbers(scoped ReadOnlySpan<ushort> numbers, ref AsciiText text)
    {
        for (int i = 0; i < numbers.Length; i++)
        {
            if (i > 0)
            {
                text.Add((byte)',');
            }

            text.AddHex4(numbers[i]);
        }
    }

    public static void WriteHash(scoped ReadOnlySpan<byte> plain, ref AsciiText text)
    {
        if (plain.IsEmpty)
        {
            text.Add("000000000000"u8);
            return;
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        Sha256Memo.Digest(plain, Sha256, digest);
        text.AddHex(digest[..(HashDigits / 2)]);
    }

    public static void WriteExtensions(scoped ReadOnlySpan<ushort> types, U16List algorithms, ref AsciiText text)
    {
        WriteNumbers(types, ref text);
        bool first = true;
        foreach (ushort algorithm in algorithms)
        {
            if (Grease.Is(algorithm))
            {
                continue;
            }

            text.Add(first ? (byte)'_' : (byte)',');
            text.AddHex4(algorithm);
            first = false;
        }
    }

    // SNI and ALPN speak of the site, not of the client: the sorted forms leave them out.
    public static int Take(U16List from, Span<ushort> to, bool leaveOutNames)
    {
        int count = 0;
        foreach (ushort value in from)
        {
            if (!Grease.Is(value) && !(leaveOutNames && value is (ExtensionType.ServerName or ExtensionType.Alpn)))
            {
                to[count++] = value;
            }
        }

        return count;
    }
}
