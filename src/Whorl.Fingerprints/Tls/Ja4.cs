using System.Security.Cryptography;
using System.Text;

namespace Whorl.Fingerprints.Tls;

/// <summary>What carried a hello; the first letter of a JA4 value.</summary>
public enum Ja4Transport
{
    /// <summary>TLS over TCP: <c>t</c>.</summary>
    Tcp = 't',

    /// <summary>QUIC: <c>q</c>.</summary>
    Quic = 'q',

    /// <summary>DTLS: <c>d</c>.</summary>
    Dtls = 'd',
}

/// <summary>The four forms of one JA4 fingerprint.</summary>
/// <param name="Value"><c>ja4</c>: lists sorted and hashed; the form that lists of known clients hold.</param>
/// <param name="Raw"><c>ja4_r</c>: lists sorted, in plain hex.</param>
/// <param name="Original"><c>ja4_o</c>: lists in the order sent, hashed; SNI and ALPN stay among the extensions.</param>
/// <param name="OriginalRaw"><c>ja4_ro</c>: lists in the order sent, in plain hex.</param>
public sealed record Ja4Forms(string Value, string Raw, string Original, string OriginalRaw);

/// <summary>
/// JA4, the TLS client fingerprint of FoxIO (BSD-3 licence; other members of that family are not here): a readable
/// head, then 12 digits of the SHA-256 of the ciphers and of the extensions with the signature algorithms.
/// </summary>
/// <remarks>
/// Where implementations differ this one follows the published rule: ALPN letters of values that do not begin and end
/// with an ASCII letter or digit are hex digits; an empty list hashes to zeros; counts stop at 99; SNI counts by its
/// presence, whatever its content; the highest DTLS version is the newest one, 0xFEFC before 0xFEFD. Where the rule is
/// silent: supported_versions without a usable value falls back to legacy_version.
/// </remarks>
public static class Ja4
{
    /// <summary>Characters in the hashed forms: 10, 12 and 12, with two underscores.</summary>
    public const int ValueLength = 36;

    private const int HashDigits = 12;
    private const int MaxCount = 99;

    // Up to these sizes the work is done on the stack; larger lists are only seen in attacks.
    private const int MaxStackNumbers = 256;
    private const int MaxStackText = 1024;

    /// <summary>The plain fingerprint, <c>ja4</c>, with no allocation but the string.</summary>
    /// <param name="hello">The hello.</param>
    /// <param name="transport">What carried it.</param>
    public static string Value(ClientHello hello, Ja4Transport transport)
    {
        ArgumentNullException.ThrowIfNull(hello);
        Span<byte> buffer = stackalloc byte[ValueLength];
        AsciiText text = new(buffer);
        Write(hello, transport, sorted: true, hashed: true, ref text);
        return Encoding.ASCII.GetString(text.Written);
    }

    /// <summary>Writes the plain fingerprint without allocating.</summary>
    /// <param name="hello">The hello.</param>
    /// <param name="transport">What carried it.</param>
    /// <param name="destination">Where the 36 characters go.</param>
    /// <returns>False, and nothing written, where the destination is shorter than <see cref="ValueLength"/>.</returns>
    public static bool TryWriteValue(ClientHello hello, Ja4Transport transport, Span<char> destination)
    {
        ArgumentNullException.ThrowIfNull(hello);
        if (destination.Length < ValueLength)
        {
            return false;
        }

        Span<byte> buffer = stackalloc byte[ValueLength];
        AsciiText text = new(buffer);
        Write(hello, transport, sorted: true, hashed: true, ref text);
        _ = Encoding.ASCII.GetChars(text.Written, destination);
        return true;
    }

    /// <summary>All four forms.</summary>
    /// <param name="hello">The hello.</param>
    /// <param name="transport">What carried it.</param>
    public static Ja4Forms Of(ClientHello hello, Ja4Transport transport)
    {
        ArgumentNullException.ThrowIfNull(hello);
        return new Ja4Forms(
            Value(hello, transport),
            Form(hello, transport, sorted: true, hashed: false),
            Form(hello, transport, sorted: false, hashed: true),
            Form(hello, transport, sorted: false, hashed: false));
    }

    private static string Form(ClientHello hello, Ja4Transport transport, bool sorted, bool hashed)
    {
        int bound = ValueLength + Bound(hello.CipherSuites.Count) + Bound(hello.Extensions.Count) + Bound(hello.SignatureAlgorithms.Count);
        AsciiText text = new(bound <= MaxStackText ? stackalloc byte[MaxStackText] : new byte[bound]);
        Write(hello, transport, sorted, hashed, ref text);
        return Encoding.ASCII.GetString(text.Written);
    }

    private static void Write(ClientHello hello, Ja4Transport transport, bool sorted, bool hashed, ref AsciiText text)
    {
        WriteHead(hello, transport, ref text);
        text.Add((byte)'_');
        WriteCiphers(hello, sorted, hashed, ref text);
        text.Add((byte)'_');
        WriteExtensions(hello, sorted, hashed, ref text);
    }

    private static void WriteHead(ClientHello hello, Ja4Transport transport, ref AsciiText text)
    {
        text.Add((byte)transport);
        text.Add(VersionLetters(OfferedVersion(hello)));
        text.Add(hello.Extensions.Contains(ExtensionType.ServerName) ? (byte)'d' : (byte)'i');
        WriteCount(Grease.CountOthers(hello.CipherSuites), ref text);
        WriteCount(Grease.CountOthers(hello.Extensions), ref text);
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

    private static void WriteCount(int count, ref AsciiText text)
    {
        int shown = Math.Min(count, MaxCount);
        text.Add((byte)('0' + (shown / 10)));
        text.Add((byte)('0' + (shown % 10)));
    }

    private static ushort OfferedVersion(ClientHello hello)
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

    private static ReadOnlySpan<byte> VersionLetters(ushort version) => version switch
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

    private static void WriteCiphers(ClientHello hello, bool sorted, bool hashed, ref AsciiText text)
    {
        U16List ciphers = hello.CipherSuites;
        Span<ushort> numbers = ciphers.Count <= MaxStackNumbers ? stackalloc ushort[MaxStackNumbers] : new ushort[ciphers.Count];
        numbers = numbers[..Take(ciphers, numbers, leaveOutNames: false)];
        if (sorted)
        {
            numbers.Sort();
        }

        if (!hashed)
        {
            WriteNumbers(numbers, ref text);
            return;
        }

        int bound = Bound(numbers.Length);
        AsciiText plain = new(bound <= MaxStackText ? stackalloc byte[MaxStackText] : new byte[bound]);
        WriteNumbers(numbers, ref plain);
        WriteHash(plain.Written, ref text);
    }

    private static void WriteExtensions(ClientHello hello, bool sorted, bool hashed, ref AsciiText text)
    {
        U16List types = hello.Extensions;
        Span<ushort> numbers = types.Count <= MaxStackNumbers ? stackalloc ushort[MaxStackNumbers] : new ushort[types.Count];
        numbers = numbers[..Take(types, numbers, leaveOutNames: sorted)];
        if (sorted)
        {
            numbers.Sort();
        }

        U16List algorithms = hello.SignatureAlgorithms;
        if (!hashed)
        {
            WriteExtensionText(numbers, algorithms, ref text);
            return;
        }

        int bound = Bound(numbers.Length) + Bound(algorithms.Count);
        AsciiText plain = new(bound <= MaxStackText ? stackalloc byte[MaxStackText] : new byte[bound]);
        WriteExtensionText(numbers, algorithms, ref plain);
        WriteHash(plain.Written, ref text);
    }

    private static void WriteExtensionText(scoped ReadOnlySpan<ushort> types, U16List algorithms, ref AsciiText text)
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
    private static int Take(U16List from, Span<ushort> to, bool leaveOutNames)
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

    private static int Bound(int numbers) => (5 * numbers) + 1;

    private static void WriteNumbers(scoped ReadOnlySpan<ushort> numbers, ref AsciiText text)
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

    private static void WriteHash(scoped ReadOnlySpan<byte> plain, ref AsciiText text)
    {
        if (plain.IsEmpty)
        {
            text.Add("000000000000"u8);
            return;
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        _ = SHA256.HashData(plain, digest);
        text.AddHex(digest[..(HashDigits / 2)]);
    }
}
