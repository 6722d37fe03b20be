using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Whorl.Fingerprints.Fuzzy;

/// <summary>
/// The rolling hash of ssdeep, which depends on the last seven bytes alone and is therefore computed at any place,
/// not carried along. A place is a trigger for block size 3 * 2^i when value + 1 is divisible by it.
/// </summary>
internal static class RollingTrigger
{
    /// <summary>The bytes before a place that take part in its value.</summary>
    public const int History = 6;

    /// <summary>Places that <see cref="Candidates"/> looks at in one go.</summary>
    public const int Group = 32;

    private const int LargestLevel = 30;

    /// <summary>The rolling value at <paramref name="at"/>; six earlier bytes must be in the span.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Value(ReadOnlySpan<byte> bytes, int at)
    {
        ReadOnlySpan<byte> w = bytes.Slice(at - History, History + 1);
        uint shifted = w[6] ^ ((uint)w[5] << 5) ^ ((uint)w[4] << 10) ^ ((uint)w[3] << 15)
            ^ ((uint)w[2] << 20) ^ ((uint)w[1] << 25) ^ ((uint)w[0] << 30);

        // The plain sum and the position-weighted sum (weights 1 to 7) of the window, together.
        uint sums = (8u * w[6]) + (7u * w[5]) + (6u * w[4]) + (5u * w[3]) + (4u * w[2]) + (3u * w[1]) + (2u * w[0]);
        return shifted + sums;
    }

    /// <summary>The largest level (block size 3 * 2^level) that a rolling value cuts, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Level(uint value)
    {
        uint next = value + 1;
        return next % 3 != 0 || next == 0 ? -1 : Math.Min(BitOperations.TrailingZeroCount(next), LargestLevel);
    }

    /// <summary>
    /// One bit for each of 32 places: clear where the place cannot be a trigger of <paramref name="level"/> or above.
    /// Only the low eight bits of the values are compared, so a set bit has to be checked with <see cref="Level"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Candidates(ReadOnlySpan<byte> bytes, int at, int level)
    {
        byte mask = (byte)((1u << Math.Min(level, 8)) - 1);
        if (Vector256.IsHardwareAccelerated)
        {
            return Candidates256(bytes.Slice(at - History, Group + History), Vector256.Create(mask));
        }

        uint lower = Candidates128(bytes.Slice(at - History, 16 + History), Vector128.Create(mask));
        uint upper = Candidates128(bytes.Slice(at + 16 - History, 16 + History), Vector128.Create(mask));
        return lower | (upper << 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Candidates256(ReadOnlySpan<byte> w, Vector256<byte> mask)
    {
        Vector256<byte> c0 = Vector256.Create(w[6..]);
        Vector256<byte> c1 = Vector256.Create(w[5..]);
        Vector256<byte> shifted = c0 ^ ((c1.AsUInt16() << 5).AsByte() & Vector256.Create((byte)0xE0));
        Vector256<byte> run = c0;
        Vector256<byte> sums = run;
        run += c1;
        sums += run;
        run += Vector256.Create(w[4..]);
        sums += run;
        run += Vector256.Create(w[3..]);
        sums += run;
        run += Vector256.Create(w[2..]);
        sums += run;
        run += Vector256.Create(w[1..]);
        sums += run;
        run += Vector256.Create(w);
        sums += run + run;
        Vector256<byte> next = sums + shifted + Vector256<byte>.One;
        return Vector256.Equals(next & mask, Vector256<byte>.Zero).ExtractMostSignificantBits();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Candidates128(ReadOnlySpan<byte> w, Vector128<byte> mask)
    {
        Vector128<byte> c0 = Vector128.Create(w[6..]);
        Vector128<byte> c1 = Vector128.Create(w[5..]);
        Vector128<byte> shifted = c0 ^ ((c1.AsUInt16() << 5).AsByte() & Vector128.Create((byte)0xE0));
        Vector128<byte> run = c0;
        Vector128<byte> sums = run;
        run += c1;
        sums += run;
        run += Vector128.Create(w[4..]);
        sums += run;
        run += Vector128.Create(w[3..]);
        sums += run;
        run += Vector128.Create(w[2..]);
        sums += run;
        run += Vector128.Create(w[1..]);
        sums += run;
        run += Vector128.Create(w);
        sums += run + run;
        Vector128<byte> next = sums + shifted + Vector128<byte>.One;
        return Vector128.Equals(next & mask, Vector128<byte>.Zero).ExtractMostSignificantBits();
    }
}
