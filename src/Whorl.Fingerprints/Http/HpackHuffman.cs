namespace Whorl.Fingerprints.Http;

/// <summary>
/// The Huffman code of HPACK (RFC 7541 Appendix B). The code is canonical: codes of one length are consecutive in the
/// order of their symbols, so the 257 lengths are the whole table.
/// </summary>
internal static class HpackHuffman
{
    private const int MaxCodeLength = 30;
    private const int EndOfString = 256;

    private static readonly byte[] Lengths =
    [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30,
    ];

    // By code length: the first code, and where its symbols begin in Symbols.
    private static readonly uint[] FirstCode = new uint[MaxCodeLength + 2];
    private static readonly int[] FirstSymbol = new int[MaxCodeLength + 2];
    private static readonly ushort[] Symbols = BuildSymbols();

    /// <summary>Decodes a text; false for padding longer than 7 bits or not of ones, and for the end-of-string symbol.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> coded, bool keep, out byte[]? text, out int length)
    {
        text = null;
        length = 0;

        // The shortest code has 5 bits, so the text is never longer than 8/5 of what was received.
        byte[] decoded = keep ? new byte[(coded.Length * 8 / 5) + 1] : [];
        uint code = 0;
        int bits = 0;
        foreach (byte each in coded)
        {
            for (int bit = 7; bit >= 0; bit--)
            {
                code = (code << 1) | (uint)((each >> bit) & 1);
                bits++;
                int place = (int)(code - FirstCode[bits]);
                if (code < FirstCode[bits] || place >= FirstSymbol[bits + 1] - FirstSymbol[bits])
                {
                    if (bits == MaxCodeLength)
                    {
                        return false;
                    }

                    continue;
                }

                ushort symbol = Symbols[FirstSymbol[bits] + place];
                if (symbol == EndOfString)
                {
                    return false;
                }

                if (keep)
                {
                    decoded[length] = (byte)symbol;
                }

                length++;
                code = 0;
                bits = 0;
            }
        }

        text = keep ? decoded[..length] : null;
        return bits < 8 && code == (1u << bits) - 1;
    }

    private static ushort[] BuildSymbols()
    {
        ushort[] symbols = new ushort[Lengths.Length];
        int count = 0;
        uint code = 0;
        for (int length = 1; length <= MaxCodeLength; length++)
        {
            FirstCode[length] = code;
            FirstSymbol[length] = count;
            for (int symbol = 0; symbol < Lengths.Length; symbol++)
            {
                if (Lengths[symbol] == length)
                {
                    symbols[count++] = (ushort)symbol;
                    code++;
                }
            }

            code <<= 1;
        }

        FirstSymbol[MaxCodeLength + 1] = count;
        return symbols;
    }
}
