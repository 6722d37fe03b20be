namespace Whorl.Sources.Sites.Pages.Wallets;

/// <summary>Addresses of witness programs: BIP-173 (version 0) and BIP-350 (versions 1 to 16).</summary>
internal static class Bech32
{
    private const string Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    private const uint Bech32Constant = 1;
    private const uint Bech32mConstant = 0x2BC830A3;
    private const int MaxLength = 90;
    private const int ChecksumLength = 6;

    private static readonly uint[] Generator = [0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3];

    /// <summary>Whether it is an address with that human-readable part (in lower case): one case, right checksum, right lengths.</summary>
    public static bool IsAddress(ReadOnlySpan<char> text, ReadOnlySpan<char> prefix)
    {
        int start = prefix.Length + 1;
        if (text.Length > MaxLength || text.Length < start + 1 + ChecksumLength || text[prefix.Length] != '1' || !text[..prefix.Length].Equals(prefix, StringComparison.OrdinalIgnoreCase) || IsMixed(text))
        {
            return false;
        }

        Span<byte> data = stackalloc byte[MaxLength];
        uint sum = Expand(prefix);
        int count = 0;
        foreach (char c in text[start..])
        {
            int digit = Alphabet.IndexOf(char.ToLowerInvariant(c), StringComparison.Ordinal);
            if (digit < 0)
            {
                return false;
            }

            data[count++] = (byte)digit;
            sum = Step(sum) ^ (uint)digit;
        }

        return data[0] <= 16 && sum == (data[0] == 0 ? Bech32Constant : Bech32mConstant) && IsProgram(data[0], data[1..(count - ChecksumLength)]);
    }

    // Groups of five bits must make whole bytes; what is left over is under five bits and zero.
    private static bool IsProgram(byte version, ReadOnlySpan<byte> groups)
    {
        int bits = groups.Length * 5;
        int bytes = bits / 8;
        int left = bits % 8;
        bool clean = groups.IsEmpty || (left < 5 && (groups[^1] & ((1 << left) - 1)) == 0);
        return clean && bytes is >= 2 and <= 40 && (version != 0 || bytes is 20 or 32);
    }

    private static bool IsMixed(ReadOnlySpan<char> text)
    {
        bool lower = false;
        bool upper = false;
        foreach (char c in text)
        {
            lower |= char.IsAsciiLetterLower(c);
            upper |= char.IsAsciiLetterUpper(c);
        }

        return lower && upper;
    }

    private static uint Expand(ReadOnlySpan<char> prefix)
    {
        uint sum = 1;
        foreach (char c in prefix)
        {
            sum = Step(sum) ^ (uint)(c >> 5);
        }

        sum = Step(sum);
        foreach (char c in prefix)
        {
            sum = Step(sum) ^ (uint)(c & 31);
        }

        return sum;
    }

    private static uint Step(uint sum)
    {
        uint top = sum >> 25;
        uint next = (sum & 0x1FFFFFF) << 5;
        for (int i = 0; i < Generator.Length; i++)
        {
            next ^= ((top >> i) & 1) * Generator[i];
        }

        return next;
    }
}
