using System.Security.Cryptography;

namespace Whorl.Fingerprints.Tls;

/// <summary>The pieces of text of which <see cref="Ja4"/> and <see cref="StableHello"/> are made.</summary>
internal static class HelloText
{
    private const int HashDigits = 12;
    private const int MaxCount = 99;

    // Up to this size the text is built on the stack; larger lists are only seen in attacks.
    private const int MaxStackText = 768;

    private static readonly DigestMemo Memo = new();

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

    /// <summary>Writes 12 digits of the SHA-256 of numbers and signature algorithms; zeros where there are none.</summary>
    /// <param name="numbers">Without GREASE; perhaps in another order afterwards.</param>
    /// <param name="sort">Whether the numbers are to be sorted first. What comes again in the same order is not sorted again.</param>
    public static void WriteHash(scoped Span<ushort> numbers, U16List algorithms, bool sort, ref AsciiText text)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        Span<ushort> key = stackalloc ushort[DigestMemo.MaxNumbers];
        bool fits = numbers.Length + algorithms.Count + 2 <= key.Length;
        int hash = 0;
        if (fits)
        {
            key[0] = sort ? (ushort)1 : (ushort)0;
            numbers.CopyTo(key[1..]);
            int length = 1 + numbers.Length;
            key[length++] = DigestMemo.Between;
            key = key[..(length + Take(algorithms, key[length..]))];
            if (Memo.TryFind(key, digest, out hash))
            {
                text.AddHex(digest[..(HashDigits / 2)]);
                return;
            }
        }

        if (sort)
        {
            numbers.Sort();
        }

        int bound = Bound(numbers.Length) + Bound(algorithms.Count);
        AsciiText plain = new(bound <= MaxStackText ? stackalloc byte[MaxStackText] : new byte[bound]);
        WriteLists(numbers, algorithms, ref plain);
        if (plain.Length == 0)
        {
            text.Add("000000000000"u8);
            return;
        }

        _ = SHA256.HashData(plain.Written, digest);
        digest = digest[..(HashDigits / 2)];
        text.AddHex(digest);
        if (fits)
        {
            Memo.Keep(key, hash, digest);
        }
    }

    public static void WriteLists(scoped ReadOnlySpan<ushort> numbers, U16List algorithms, ref AsciiText text)
    {
        WriteNumbers(numbers, ref text);
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

    /// <summary>Copies a list without GREASE; how many numbers that are.</summary>
    /// <param name="leaveOutNames">SNI and ALPN speak of the site, not of the client: the sorted forms leave them out.</param>
    public static int Take(U16List from, Span<ushort> to, bool leaveOutNames = false)
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
