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

    // Up to these sizes the work is done on the stack; larger lists are only seen in attacks.
    private const int MaxStackNumbers = 128;
    private const int MaxStackText = 768;

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
        int bound = ValueLength + HelloText.Bound(hello.CipherSuites.Count) + HelloText.Bound(hello.Extensions.Count) + HelloText.Bound(hello.SignatureAlgorithms.Count);
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
        text.Add(HelloText.VersionLetters(HelloText.OfferedVersion(hello)));
        text.Add(hello.Extensions.Contains(ExtensionType.ServerName) ? (byte)'d' : (byte)'i');
        HelloText.WriteCount(Grease.CountOthers(hello.CipherSuites), ref text);
        HelloText.WriteCount(Grease.CountOthers(hello.Extensions), ref text);
        HelloText.WriteAlpnLetters(hello, ref text);
    }

    private static void WriteCiphers(ClientHello hello, bool sorted, bool hashed, ref AsciiText text)
    {
        U16List ciphers = hello.CipherSuites;
        Span<ushort> numbers = ciphers.Count <= MaxStackNumbers ? stackalloc ushort[MaxStackNumbers] : new ushort[ciphers.Count];
        numbers = numbers[..HelloText.Take(ciphers, numbers)];
        if (hashed)
        {
            HelloText.WriteHash(numbers, default, sorted, ref text);
            return;
        }

        if (sorted)
        {
            numbers.Sort();
        }

        HelloText.WriteNumbers(numbers, ref text);
    }

    private static void WriteExtensions(ClientHello hello, bool sorted, bool hashed, ref AsciiText text)
    {
        U16List types = hello.Extensions;
        Span<ushort> numbers = types.Count <= MaxStackNumbers ? stackalloc ushort[MaxStackNumbers] : new ushort[types.Count];
        numbers = numbers[..HelloText.Take(types, numbers, leaveOutNames: sorted)];
        if (sorted)
        {
            numbers.Sort();
        }

        // Sorted before it is looked for: browsers send them in another order each time.
        if (hashed)
        {
            HelloText.WriteHash(numbers, hello.SignatureAlgorithms, sort: false, ref text);
        }
        else
        {
            HelloText.WriteLists(numbers, hello.SignatureAlgorithms, ref text);
        }
    }
}
