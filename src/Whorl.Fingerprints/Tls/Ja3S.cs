using System.Security.Cryptography;
using System.Text;

namespace Whorl.Fingerprints.Tls;

/// <summary>
/// JA3S, the server fingerprint beside <see cref="Ja3"/>: version, chosen cipher and extension types as decimal numbers
/// in the order sent, and the MD5 of that text. It says how this server answers this client, so it is compared together
/// with the client's fingerprint.
/// </summary>
public static class Ja3S
{
    // Five digits and a separator for each number; servers send a handful of extensions.
    private const int MaxStackText = 512;

    /// <summary>The text that is hashed, such as <c>771,4865,51-43</c>.</summary>
    /// <param name="hello">The hello, or a HelloRetryRequest.</param>
    public static string Text(ServerHello hello)
    {
        ArgumentNullException.ThrowIfNull(hello);
        int bound = Bound(hello);
        AsciiText text = new(bound <= MaxStackText ? stackalloc byte[MaxStackText] : new byte[bound]);
        Write(hello, ref text);
        return Encoding.ASCII.GetString(text.Written);
    }

    /// <summary>The fingerprint: MD5 of <see cref="Text"/>, 32 lower-case hex digits.</summary>
    /// <param name="hello">The hello, or a HelloRetryRequest.</param>
    public static string Hash(ServerHello hello)
    {
        ArgumentNullException.ThrowIfNull(hello);
        int bound = Bound(hello);
        AsciiText text = new(bound <= MaxStackText ? stackalloc byte[MaxStackText] : new byte[bound]);
        Write(hello, ref text);
        Span<byte> digest = stackalloc byte[MD5.HashSizeInBytes];
        _ = MD5.HashData(text.Written, digest);
        return Convert.ToHexStringLower(digest);
    }

    private static int Bound(ServerHello hello) => 6 * (2 + hello.Extensions.Count);

    private static void Write(ServerHello hello, ref AsciiText text)
    {
        text.AddDecimal(hello.LegacyVersion);
        text.Add((byte)',');
        text.AddDecimal(hello.CipherSuite);
        text.Add((byte)',');
        bool first = true;
        foreach (ushort type in hello.Extensions)
        {
            if (!first)
            {
                text.Add((byte)'-');
            }

            text.AddDecimal(type);
            first = false;
        }
    }
}
