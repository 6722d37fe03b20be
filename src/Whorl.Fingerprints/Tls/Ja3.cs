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

    private static readonly DigestMemo Md5Memo = new();
    private static readonly DigestMemo.Hasher Md5 = static (text, digest) => MD5.HashData(text, digest);

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
        int bound = Bound(hello);
        AsciiText text = new(bound <= MaxStackText ? stackalloc byte[MaxStackText] : new byte[bound]);
        Write(hello, ref text);
        Md5Memo.Digest(text.Written, Md5, digest);
    }

    // Six characters for every number: five digits and a separator.
    private static int Bound(ClientHello hello) =>
        6 * (1 + hello.CipherSuites.Count + hello.Extensions.Count + hello.SupportedGroups.Count + hello.PointFormats.Length) + 4;

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
