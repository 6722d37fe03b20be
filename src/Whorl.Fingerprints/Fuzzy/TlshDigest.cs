using System.Buffers.Binary;
using System.Numerics;

namespace Whorl.Fingerprints.Fuzzy;

/// <summary>
/// A TLSH digest of 128 buckets and one checksum byte, ready to be compared with many others.
/// The text form is <c>T1</c> and 70 hex digits.
/// </summary>
public readonly record struct TlshDigest
{
    private const int HexDigits = 70;
    private const int CodeBytes = 32;

    // The code as it is printed: the buckets' two-bit digits from the last to the first, 32 to a word.
    private readonly ulong _code0;
    private readonly ulong _code1;
    private readonly ulong _code2;
    private readonly ulong _code3;

    private TlshDigest(byte checksum, byte lengthClass, byte ratio1, byte ratio2, ReadOnlySpan<byte> code)
    {
        Checksum = checksum;
        LengthClass = lengthClass;
        Ratio1 = ratio1;
        Ratio2 = ratio2;
        _code0 = BinaryPrimitives.ReadUInt64BigEndian(code);
        _code1 = BinaryPrimitives.ReadUInt64BigEndian(code[8..]);
        _code2 = BinaryPrimitives.ReadUInt64BigEndian(code[16..]);
        _code3 = BinaryPrimitives.ReadUInt64BigEndian(code[24..]);
    }

    /// <summary>A Pearson hash over all byte pairs; equal for equal documents.</summary>
    public byte Checksum { get; }

    /// <summary>The class of the document's length; it grows with the logarithm of the length.</summary>
    public byte LengthClass { get; }

    /// <summary>First quartile in hundredths of the third one, modulo 16.</summary>
    public byte Ratio1 { get; }

    /// <summary>Second quartile in hundredths of the third one, modulo 16.</summary>
    public byte Ratio2 { get; }

    /// <summary>Reads a digest; false where the text is not one.</summary>
    /// <param name="text">70 hex digits in either case, with or without <c>T1</c> in front.</param>
    /// <param name="digest">The digest; all zeros where the text is not one.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out TlshDigest digest)
    {
        digest = default;
        if (text.Length == HexDigits + 2 && text[0] is 'T' or 't' && text[1] == '1')
        {
            text = text[2..];
        }

        Span<byte> bytes = stackalloc byte[HexDigits / 2];
        if (text.Length != HexDigits || Convert.FromHexString(text, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        byte ratios = bytes[2];
        digest = new TlshDigest(SwapNibbles(bytes[0]), SwapNibbles(bytes[1]), (byte)(ratios >> 4), (byte)(ratios & 0x0F), bytes[3..]);
        return true;
    }

    /// <summary>
    /// The distance to another digest: 0 for (nearly) equal documents, below about 30 for close relatives,
    /// above 100 mostly for unrelated ones. No upper end of practical meaning.
    /// </summary>
    /// <param name="other">The other digest.</param>
    /// <param name="withLength">False leaves the difference in length out, for documents that were padded.</param>
    public int DistanceTo(TlshDigest other, bool withLength = true)
    {
        int distance = 0;
        if (withLength)
        {
            int length = Apart(LengthClass, other.LengthClass, 256);
            distance = length <= 1 ? length : length * 12;
        }

        distance += RatioDistance(Ratio1, other.Ratio1) + RatioDistance(Ratio2, other.Ratio2);
        distance += Checksum == other.Checksum ? 0 : 1;
        return distance + CodeDistance(_code0, other._code0) + CodeDistance(_code1, other._code1)
            + CodeDistance(_code2, other._code2) + CodeDistance(_code3, other._code3);
    }

    /// <summary>The text form: <c>T1</c> and 70 hex digits, upper case.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[HexDigits / 2];
        bytes[0] = SwapNibbles(Checksum);
        bytes[1] = SwapNibbles(LengthClass);
        bytes[2] = (byte)((Ratio1 << 4) | Ratio2);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[3..], _code0);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[11..], _code1);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[19..], _code2);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[27..], _code3);
        return string.Concat("T1", Convert.ToHexString(bytes));
    }

    /// <summary>Makes a digest of bucket counts; false where they are too few or too much alike.</summary>
    internal static bool TryMake(ReadOnlySpan<uint> buckets, byte checksum, uint length, out TlshDigest digest)
    {
        digest = default;
        Span<uint> sorted = stackalloc uint[TlshHasher.Buckets];
        buckets.CopyTo(sorted);
        sorted.Sort();
        uint q1 = sorted[(TlshHasher.Buckets / 4) - 1];
        uint q2 = sorted[(TlshHasher.Buckets / 2) - 1];
        uint q3 = sorted[(TlshHasher.Buckets * 3 / 4) - 1];

        // At least half of the buckets empty, told by the middle one.
        if (q2 == 0)
        {
            return false;
        }

        Span<byte> code = stackalloc byte[CodeBytes];
        for (int i = 0; i < buckets.Length; i++)
        {
            uint count = buckets[i];
            int digit = (count > q1 ? 1 : 0) + (count > q2 ? 1 : 0) + (count > q3 ? 1 : 0);
            code[CodeBytes - 1 - (i / 4)] |= (byte)(digit << (2 * (i % 4)));
        }

        digest = new TlshDigest(checksum, TlshLengths.ClassOf(length), Ratio(q1, q3), Ratio(q2, q3), code);
        return true;
    }

    // Single precision, and the product modulo 2^32, as in the reference: both matter for large counts.
    private static byte Ratio(uint quartile, uint third) => (byte)((uint)((float)(quartile * 100) / third) % 16);

    private static byte SwapNibbles(byte value) => (byte)((value << 4) | (value >> 4));

    private static int Apart(int a, int b, int modulus)
    {
        int apart = Math.Abs(a - b);
        return Math.Min(apart, modulus - apart);
    }

    private static int RatioDistance(byte a, byte b)
    {
        int apart = Apart(a, b, 16);
        return apart <= 1 ? apart : (apart - 1) * 12;
    }

    /// <summary>Sums 0, 1, 2 or 6 for two-bit digits that differ by 0, 1, 2 or 3.</summary>
    private static int CodeDistance(ulong a, ulong b)
    {
        const ulong low = 0x5555555555555555;
        ulong differs = a ^ b;
        ulong bit0 = differs & low;
        ulong bit1 = (differs >> 1) & low;

        // Both bits differ: 0 against 3, or 1 against 2, told apart by whether the digit's own bits are alike.
        ulong both = bit0 & bit1;
        ulong unlike = (a ^ (a >> 1)) & low;
        int ones = BitOperations.PopCount((bit0 & ~bit1) | (both & unlike));
        int twos = BitOperations.PopCount(bit1 & ~bit0);
        int threes = BitOperations.PopCount(both & ~unlike);
        return ones + (2 * twos) + (6 * threes);
    }
}
