using System.Security.Cryptography;
using System.Text;

namespace Whorl.Fingerprints.Tls;

/// <summary>
/// JA3, the client fingerprint of Salesforce (2017): version, ciphers, extension types, groups and point formats as
/// decimal numbers in the order sent, GREASE left out, and the MD5 of that text. Equal for TLS, DTLS and QUIC.
/// </summary>
/// <remarks>Browsers permute their extensions since 2023, so a browser's JA3 changes with every connection; use <see cref="Ja4"/> there.</remarks>
public static class Ja3
{
    /// <summary>Characters in the hash: MD5 in lower-case hex.</summary>
    public const int HashLength = 32;

    // Up to this the text is built on the stack; every hello seen in the wild fits (the longest known text has 900 characters).
    private const int MaxStackText = 1024;

    private static readonly DigestMemo Memo = new();

    /// <summary>The text that is hashed, such as <c>771,4865-4866,0-43-51,29-23,0</c>.</summary>
    /// <param name="hello">The hello.</param>
    public static string Text(ClientHello hello)
    {
        ArgumentNullException.ThrowIfNull(hello);
        int bound = Bound(hello);
        AsciiText text = new(bound <= MaxStackText ? stackalloc byte[MaxStackText] : new byte[bound]);
        Write(hello, ref text);
        return Encoding.ASCII.GetString(text.Written);
    }

    /// <summary>The fingerprint: MD5 of <see cref="Text"/>, 32 lower-case hex digits.</summary>
    /// <param name="hello">The hello.</param>
    public static string Hash(ClientHello hello)
    {
        Span<byte> digest = stackalloc byte[MD5.HashSizeInBytes];
        Digest(hello, digest);
        return Convert.ToHexStringLower(digest);
    }

    /// <summary>Writes the fingerprint without allocating.</summary>
    /// <param name="hello">The hello.</param>
    /// <param name="destination">Where the 32 characters go.</param>
    /// <returns>False, and nothing written, where the destination is shorter than <see cref="HashLength"/>.</returns>
    public static bool TryWriteHash(ClientHello hello, Span<char> destination)
    {
        if (destination.Length < HashLength)
        {
            return false;
        }

        Span<byte> digest = stackalloc byte[MD5.HashSizeInBytes];
        Digest(hello, digest);
        return Convert.TryToHexStringLower(digest, destination, out _);
    }

    private static void Digest(ClientHello hello, Span<byte> digest)
    {
        ArgumentNullException.ThrowIfNull(hello);
        Span<ushort> key = stackalloc ushort[DigestMemo.MaxNumbers];
        bool fits = Numbers(hello) <= key.Length;
        int hash = 0;
        if (fits)
        {
            key = key[..Take(hello, key)];
            if (Memo.TryFind(key, digest, out hash))
            {
                return;
            }
        }

        int bound = Bound(hello);
        AsciiText text = new(bound <= MaxStackText ? stackalloc byte[MaxStackText] : new byte[bound]);
        Write(hello, ref text);
        _ = MD5.HashData(text.Written, digest);
        if (fits)
        {
            Memo.Keep(key, hash, digest);
        }
    }

    // The version, three marks between the lists, and the lists.
    private static int Numbers(ClientHello hello) => 4 + hello.CipherSuites.Count + hello.Extensions.Count + hello.SupportedGroups.Count + hello.PointFormats.Length;

    // All that the text is made of.
    private static int Take(ClientHello hello, Span<ushort> key)
    {
        key[0] = hello.LegacyVersion;
        int length = 1 + HelloText.Take(hello.CipherSuites, key[1..]);
        key[length++] = DigestMemo.Between;
        length += HelloText.Take(hello.Extensions, key[length..]);
        key[length++] = DigestMemo.Between;
        length += HelloText.Take(hello.SupportedGroups, key[length..]);
        key[length++] = DigestMemo.Between;
        foreach (byte format in hello.PointFormats)
        {
            key[length++] = format;
        }

        return length;
    }

    // Six characters for every number: five digits and a separator.
    private static int Bound(ClientHello hello) => 6 * Numbers(hello);

    private static void Write(ClientHello hello, ref AsciiText text)
    {
        text.AddDecimal(hello.LegacyVersion);
        text.Add((byte)',');
        WriteList(hello.CipherSuites, ref text);
        text.Add((byte)',');
        WriteList(hello.Extensions, ref text);
        text.Add((byte)',');
        WriteList(hello.SupportedGroups, ref text);
        text.Add((byte)',');
        bool first = true;
        foreach (byte format in hello.PointFormats)
        {
            if (!first)
            {
                text.Add((byte)'-');
            }

            text.AddDecimal(format);
            first = false;
        }
    }

    private static void WriteList(U16List values, ref AsciiText text)
    {
        bool first = true;
        foreach (ushort value in values)
        {
            if (Grease.Is(value))
            {
                continue;
            }

            if (!first)
            {
                text.Add((byte)'-');
            }

            text.AddDecimal(value);
            first = false;
        }
    }
}
