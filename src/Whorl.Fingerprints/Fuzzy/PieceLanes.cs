using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Whorl.Fingerprints.Fuzzy;

/// <summary>
/// The piece hashes of all block sizes side by side, one byte lane each, so that a byte costs the same
/// whether one block size is watched or all of them. Owned by <see cref="SsdeepHasher"/>.
/// </summary>
/// <remarks>
/// A piece hash is FNV-like, h = h * 0x01000193 XOR c, of which only the low six bits are ever printed; modulo 64
/// the factor is 19. With h = 16 * high + low the product is Product[low] - 16 * high, so a 16-byte shuffle,
/// a subtraction and an XOR make a step. Bit 6 of Product keeps the difference positive; bits 6 and 7 of a lane
/// carry no meaning, but bit 7 must stay clear because a shuffle gives zero for such an index.
/// </remarks>
internal static class PieceLanes
{
    /// <summary>The first value of every piece: the low six bits of 0x28021967.</summary>
    public const byte Start = 0x27;

    public const int Count = 32;

    private const byte Meaningful = 0x3F;

    private static Vector128<byte> Product16 => Vector128.Create(
        (byte)(0x40 | 0), 0x40 | 19, 0x40 | 38, 0x40 | 57, 0x40 | 12, 0x40 | 31, 0x40 | 50, 0x40 | 5,
        0x40 | 24, 0x40 | 43, 0x40 | 62, 0x40 | 17, 0x40 | 36, 0x40 | 55, 0x40 | 10, 0x40 | 29);

    /// <summary>Feeds the bytes to every lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Feed(Vector256<byte> lanes, ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
        {
            lanes = Step(lanes, Vector256.Create((byte)(b & Meaningful)));
        }

        return lanes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Step(Vector256<byte> lanes, Vector256<byte> b)
    {
        Vector256<byte> high = lanes & Vector256.Create((byte)0x30);
        if (Avx2.IsSupported)
        {
            // The x86 shuffle looks at bits 0-3 and 7 alone, so the lanes need no masking first.
            return (Avx2.Shuffle(Vector256.Create(Product16, Product16), lanes) - high) ^ b;
        }

        Vector256<byte> low = lanes & Vector256.Create((byte)0x0F);
        Vector256<byte> product = Vector256.Create(
            Vector128.Shuffle(Product16, low.GetLower()),
            Vector128.Shuffle(Product16, low.GetUpper()));
        return (product - high) ^ b;
    }
}
