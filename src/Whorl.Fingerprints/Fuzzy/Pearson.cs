using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Whorl.Fingerprints.Fuzzy;

/// <summary>Pearson's permutation of the 256 byte values (Communications of the ACM, June 1990), and its look-ups in bulk.</summary>
internal static class Pearson
{
    private const int RowLength = 16;

    private static readonly Vector256<byte>[] Rows = MakeRows();

    public static ReadOnlySpan<byte> Table =>
    [
        1, 87, 49, 12, 176, 178, 102, 166, 121, 193, 6, 84, 249, 230, 44, 163,
        14, 197, 213, 181, 161, 85, 218, 80, 64, 239, 24, 226, 236, 142, 38, 200,
        110, 177, 104, 103, 141, 253, 255, 50, 77, 101, 81, 18, 45, 96, 31, 222,
        25, 107, 190, 70, 86, 237, 240, 34, 72, 242, 20, 214, 244, 227, 149, 235,
        97, 234, 57, 22, 60, 250, 82, 175, 208, 5, 127, 199, 111, 62, 135, 248,
        174, 169, 211, 58, 66, 154, 106, 195, 245, 171, 17, 187, 182, 179, 0, 243,
        132, 56, 148, 75, 128, 133, 158, 100, 130, 126, 91, 13, 153, 246, 216, 219,
        119, 68, 223, 78, 83, 88, 201, 99, 122, 11, 92, 32, 136, 114, 52, 10,
        138, 30, 48, 183, 156, 35, 61, 26, 143, 74, 251, 94, 129, 162, 63, 152,
        170, 7, 115, 167, 241, 206, 3, 150, 55, 59, 151, 220, 90, 53, 23, 131,
        125, 173, 15, 238, 79, 95, 89, 16, 105, 137, 225, 224, 217, 160, 37, 123,
        118, 73, 2, 157, 46, 116, 9, 145, 134, 228, 207, 212, 202, 215, 69, 229,
        27, 188, 67, 124, 168, 252, 42, 4, 29, 108, 21, 247, 19, 205, 39, 203,
        233, 40, 186, 147, 198, 192, 155, 33, 164, 191, 98, 204, 165, 180, 117, 76,
        140, 36, 210, 172, 41, 54, 159, 8, 185, 232, 113, 196, 231, 47, 146, 120,
        51, 65, 28, 144, 254, 221, 93, 189, 194, 139, 112, 43, 71, 109, 184, 209,
    ];

    /// <summary>
    /// Looks up 32 values at once. AVX2 has shuffles of 16 entries alone: four rows that share bits 6 and 7 are looked up
    /// with indexes that are out of range (bit 7 set, result zero) in all but the one row that bits 4 and 5 name.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Lookup(Vector256<byte> values)
    {
        ReadOnlySpan<Vector256<byte>> rows = Rows.AsSpan(0, 16);
        Vector256<byte> low = values & Vector256.Create((byte)0x3F);
        Vector256<byte> i0 = OnlyRow(low, 0x00);
        Vector256<byte> i1 = OnlyRow(low, 0x10);
        Vector256<byte> i2 = OnlyRow(low, 0x20);
        Vector256<byte> i3 = OnlyRow(low, 0x30);
        Vector256<byte> bit6 = (values.AsUInt16() << 1).AsByte();
        Vector256<byte> lower = Avx2.BlendVariable(
            Avx2.Shuffle(rows[0], i0) | Avx2.Shuffle(rows[1], i1) | Avx2.Shuffle(rows[2], i2) | Avx2.Shuffle(rows[3], i3),
            Avx2.Shuffle(rows[4], i0) | Avx2.Shuffle(rows[5], i1) | Avx2.Shuffle(rows[6], i2) | Avx2.Shuffle(rows[7], i3),
            bit6);
        Vector256<byte> upper = Avx2.BlendVariable(
            Avx2.Shuffle(rows[8], i0) | Avx2.Shuffle(rows[9], i1) | Avx2.Shuffle(rows[10], i2) | Avx2.Shuffle(rows[11], i3),
            Avx2.Shuffle(rows[12], i0) | Avx2.Shuffle(rows[13], i1) | Avx2.Shuffle(rows[14], i2) | Avx2.Shuffle(rows[15], i3),
            bit6);
        return Avx2.BlendVariable(lower, upper, values);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> OnlyRow(Vector256<byte> low, byte row) =>
        Vector256.AddSaturate(low ^ Vector256.Create(row), Vector256.Create((byte)0x70));

    private static Vector256<byte>[] MakeRows()
    {
        Vector256<byte>[] rows = new Vector256<byte>[Table.Length / RowLength];
        for (int i = 0; i < rows.Length; i++)
        {
            Vector128<byte> row = Vector128.Create(Table.Slice(i * RowLength, RowLength));
            rows[i] = Vector256.Create(row, row);
        }

        return rows;
    }
}
