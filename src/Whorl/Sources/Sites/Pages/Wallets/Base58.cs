using System.Security.Cryptography;

namespace Whorl.Sources.Sites.Pages.Wallets;

/// <summary>Bitcoin's base 58: a number without 0, O, I, l; with and without its checksum.</summary>
internal static class Base58
{
    public const string Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

    private const int ChecksumLength = 4;

    /// <summary>Value of a digit; -1 where it is none.</summary>
    public static int Digit(char c) => c < 128 ? Digits[c] : -1;

    private static readonly sbyte[] Digits = [.. Enumerable.Range(0, 128).Select(static c => (sbyte)Alphabet.IndexOf((char)c, StringComparison.Ordinal))];

    /// <summary>False where a character is no digit, or the number is not exactly as long as <paramref name="bytes"/>.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        bytes.Clear();
        int zeros = 0;
        while (zeros < text.Length && text[zeros] == '1')
        {
            zeros++;
        }

        // Bytes of the number so far, counted from the end.
        int length = 0;
        foreach (char c in text[zeros..])
        {
            int carry = Digit(c);
            if (carry < 0)
            {
                return false;
            }

            int used = 0;
            for (int i = bytes.Length - 1; i >= 0 && (carry != 0 || used < length); i--, used++)
            {
                carry += 58 * bytes[i];
                bytes[i] = (byte)carry;
                carry >>= 8;
            }

            if (carry != 0)
            {
                return false;
            }

            length = used;
        }

        // Each leading 1 is a zero byte, neither more nor less.
        return length + zeros == bytes.Length;
    }

    /// <summary>Version and 20 bytes of hash behind a right checksum (SHA-256 twice); false for anything else.</summary>
    public static bool TryAddress(ReadOnlySpan<char> text, out byte version)
    {
        Span<byte> bytes = stackalloc byte[1 + 20 + ChecksumLength];
        Span<byte> hash = stackalloc byte[32];
        version = 0;
        if (text.Length is < 25 or > 35 || !TryDecode(text, bytes))
        {
            return false;
        }

        SHA256.HashData(bytes[..^ChecksumLength], hash);
        SHA256.HashData(hash, hash);
        version = bytes[0];
        return hash[..ChecksumLength].SequenceEqual(bytes[^ChecksumLength..]);
    }
}
