using System.Runtime.CompilerServices;

namespace Whorl.Analysis.Decisions.Tables;

/// <summary>
/// Says of most addresses at once that no range names them, from 2 MiB that stay in the cache where the ranges of a large list do not.
/// It may be wrong only in the other direction. Ranges are given by first and last key: IPv4 addresses, or upper halves of IPv6 addresses.
/// </summary>
internal sealed class AddressSieve
{
    /// <summary>With fewer ranges than this the index is in the cache itself.</summary>
    public const int MinRanges = 8192;

    // One bit for every /24 of IPv4.
    private const int Words = (1 << 24) / 64;

    // IPv6 has no such small whole: a /32 is hashed to a cache line of 512 bits, and in it to one bit for itself and one for each /48.
    private const int LineBits = 15;

    // A wider range would fill the sieve more than it is worth.
    private const int Max48s = 256;

    private const int Max32s = 1 << 16;

    private readonly ulong[] _words = new ulong[Words];

    private bool _open;

    public long Bytes => _words.Length * 8L;

    public bool MayHold(uint v4) => (_words[v4 >> 14] >> (int)(v4 >> 8) & 1) != 0;

    public bool MayHold(ulong upper)
    {
        Span<ulong> line = LineOf(upper);
        return _open || Has(line, BitOf(upper >> 32)) || Has(line, BitOf(upper >> 16));
    }

    public void Add(uint first, uint last)
    {
        for (ulong block = first >> 8; block <= last >> 8; block++)
        {
            // Whole words at once: a short prefix covers thousands.
            if (block % 64 == 0 && block + 63 <= last >> 8)
            {
                _words[block / 64] = ulong.MaxValue;
                block += 63;
            }
            else
            {
                _words[block / 64] |= 1UL << (int)(block % 64);
            }
        }
    }

    public void Add(ulong first, ulong last)
    {
        if ((last >> 16) - (first >> 16) < Max48s)
        {
            for (ulong block = first >> 16; block <= last >> 16; block++)
            {
                Set(LineOf(block << 16), BitOf(block));
            }
        }
        else if ((last >> 32) - (first >> 32) < Max32s)
        {
            for (ulong block = first >> 32; block <= last >> 32; block++)
            {
                Set(LineOf(block << 32), BitOf(block));
            }
        }
        else
        {
            _open = true;
        }
    }

    // Fibonacci hashing (Knuth, TAOCP vol. 3, 6.4): the upper bits of the product are well mixed.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong value) => value * 0x9E37_79B9_7F4A_7C15;

    private static int BitOf(ulong block) => (int)(Mix(block) >> (64 - 9));

    private static bool Has(Span<ulong> line, int bit) => (line[bit >> 6] >> (bit & 63) & 1) != 0;

    private static void Set(Span<ulong> line, int bit) => line[bit >> 6] |= 1UL << (bit & 63);

    private Span<ulong> LineOf(ulong upper) => _words.AsSpan((int)(Mix((upper >> 32) + 1) >> (64 - LineBits)) * 8, 8);
}
