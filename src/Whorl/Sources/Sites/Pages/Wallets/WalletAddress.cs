using System.Buffers.Binary;

namespace Whorl.Sources.Sites.Pages.Wallets;

/// <summary>Tells whether a word is an address of a currency, by its checksum where it has one.</summary>
internal static class WalletAddress
{
    /// <summary>Shorter or longer words are no address of any kind: Bitcoin's shortest, Monero's integrated.</summary>
    public const int MinLength = 26;
    public const int MaxLength = 106;

    private const byte BtcHash = 0x00;
    private const byte BtcScript = 0x05;
    private const byte LtcHash = 0x30;
    private const byte LtcScript = 0x32;
    private const byte DogeHash = 0x1E;
    private const byte DogeScript = 0x16;
    private const byte Tron = 0x41;

    private const int SolanaMin = 32;
    private const int SolanaMax = 44;

    private const int MoneroLength = 95;
    private const int MoneroIntegratedLength = 106;
    private const byte MoneroMain = 18;
    private const byte MoneroIntegrated = 19;
    private const byte MoneroSub = 42;

    // Characters of a block of Monero's base 58, for each count of its bytes.
    private static ReadOnlySpan<byte> BlockLengths => [0, 2, 3, 5, 6, 7, 9, 10, 11];

    /// <summary>Kind and the one form of an address; null for any other word. Solana's has no checksum: see <see cref="IsSolana"/>.</summary>
    public static (string Kind, string Value)? Read(ReadOnlySpan<char> word)
    {
        if (word.Length is < MinLength or > MaxLength)
        {
            return null;
        }

        switch (word[0])
        {
            case '0' when IsEthereum(word):
                return ("eth", word.ToString().ToLowerInvariant());
            case 'b' or 'B' when Bech32.IsAddress(word, "bc"):
                return ("btc", word.ToString().ToLowerInvariant());
            case 'l' or 'L' when Bech32.IsAddress(word, "ltc"):
                return ("ltc", word.ToString().ToLowerInvariant());
            case '4' or '8' when IsMonero(word):
                return ("xmr", word.ToString());
            default:
                return Base58.TryAddress(word, out byte version) && KindOf(version) is { } kind ? (kind, word.ToString()) : null;
        }
    }

    /// <summary>
    /// Whether a word may be a Solana account: base 58 of 32 bytes that are a point of the curve. There is no checksum, so any hash in base 58
    /// passes every second time: only believe it near a word that speaks of Solana.
    /// </summary>
    public static bool IsSolana(ReadOnlySpan<char> word)
    {
        Span<byte> key = stackalloc byte[32];
        return word.Length is >= SolanaMin and <= SolanaMax && word.ContainsAnyInRange('1', '9') && word.ContainsAnyInRange('A', 'Z') && word.ContainsAnyInRange('a', 'z')
            && Base58.TryDecode(word, key) && Ed25519Point.IsOnCurve(key);
    }

    private static string? KindOf(byte version) => version switch
    {
        BtcHash or BtcScript => "btc",
        LtcHash or LtcScript => "ltc",
        DogeHash or DogeScript => "doge",
        Tron => "trx",
        _ => null,
    };

    // EIP-55: where cases are mixed, they are a checksum. Of one case there is none.
    private static bool IsEthereum(ReadOnlySpan<char> word)
    {
        if (word.Length != 42 || word[1] != 'x')
        {
            return false;
        }

        Span<byte> lower = stackalloc byte[40];
        bool hasLower = false;
        bool hasUpper = false;
        for (int i = 0; i < lower.Length; i++)
        {
            char c = word[i + 2];
            if (!char.IsAsciiHexDigit(c))
            {
                return false;
            }

            hasLower |= char.IsAsciiLetterLower(c);
            hasUpper |= char.IsAsciiLetterUpper(c);
            lower[i] = (byte)char.ToLowerInvariant(c);
        }

        if (!hasLower || !hasUpper)
        {
            return true;
        }

        Span<byte> hash = stackalloc byte[Keccak256.Length];
        Keccak256.Hash(lower, hash);
        for (int i = 0; i < lower.Length; i++)
        {
            bool high = ((i % 2 == 0 ? hash[i / 2] >> 4 : hash[i / 2]) & 8) != 0;
            if (char.IsAsciiLetter(word[i + 2]) && char.IsAsciiLetterUpper(word[i + 2]) != high)
            {
                return false;
            }
        }

        return true;
    }

    // Monero writes blocks of 8 bytes as 11 digits each, the last shorter; the checksum is the first 4 bytes of Keccak-256.
    private static bool IsMonero(ReadOnlySpan<char> word)
    {
        if (word.Length is not (MoneroLength or MoneroIntegratedLength))
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[80];
        int length = 0;
        for (; !word.IsEmpty; word = word[Math.Min(11, word.Length)..])
        {
            ReadOnlySpan<char> block = word[..Math.Min(11, word.Length)];
            int count = BlockLengths.IndexOf((byte)block.Length);
            if (!TryBlock(block, count, out ulong value))
            {
                return false;
            }

            for (int i = count - 1; i >= 0; i--, value >>= 8)
            {
                bytes[length + i] = (byte)value;
            }

            length += count;
        }

        Span<byte> hash = stackalloc byte[Keccak256.Length];
        Keccak256.Hash(bytes[..(length - 4)], hash);
        bool right = BinaryPrimitives.ReadUInt32LittleEndian(hash) == BinaryPrimitives.ReadUInt32LittleEndian(bytes[(length - 4)..]);
        return right && (length == 69 ? bytes[0] is MoneroMain or MoneroSub : bytes[0] == MoneroIntegrated);
    }

    private static bool TryBlock(ReadOnlySpan<char> block, int count, out ulong value)
    {
        UInt128 number = 0;
        foreach (char c in block)
        {
            int digit = Base58.Digit(c);
            if (digit < 0)
            {
                value = 0;
                return false;
            }

            number = (number * 58) + (uint)digit;
        }

        value = (ulong)number;
        return count > 0 && number >> (8 * count) == 0;
    }
}
