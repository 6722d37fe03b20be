using System.Buffers.Binary;

namespace Whorl.Fingerprints.Quic;

/// <summary>
/// GHASH (NIST SP 800-38D §6.4), four bits at a time. The keys of Initial packets are public, so it need not run in
/// constant time; and unlike the platform's AES-GCM it can refuse a forged packet without an exception.
/// </summary>
internal ref struct GaloisHash
{
    private readonly Span<UInt128> _table;
    private UInt128 _state;

    public const int TableLength = 16;

    /// <param name="key">The cipher of sixteen zero bytes.</param>
    /// <param name="table">Room for the multiples of the key.</param>
    public GaloisHash(ReadOnlySpan<byte> key, Span<UInt128> table)
    {
        // Bit order is reversed: the first bit of the block is the coefficient of x^0.
        UInt128 h = BinaryPrimitives.ReadUInt128BigEndian(key);
        table[0] = UInt128.Zero;
        table[8] = h;
        table[4] = TimesX(table[8]);
        table[2] = TimesX(table[4]);
        table[1] = TimesX(table[2]);
        for (int high = 2; high < TableLength; high *= 2)
        {
            for (int low = 1; low < high; low++)
            {
                table[high + low] = table[high] ^ table[low];
            }
        }

        _table = table;
    }

    // What falls out at the low end comes back through x^128 = x^7 + x^2 + x + 1: the remainders of the sixteen nibbles.
    private static ReadOnlySpan<ushort> Remainders =>
    [
        0x0000, 0x1C20, 0x3840, 0x2460, 0x7080, 0x6CA0, 0x48C0, 0x54E0,
        0xE100, 0xFD20, 0xD940, 0xC560, 0x9180, 0x8DA0, 0xA9C0, 0xB5E0,
    ];

    /// <summary>Adds bytes, filled up with zeros to whole blocks.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= 16)
        {
            _state = Multiply(_state ^ BinaryPrimitives.ReadUInt128BigEndian(bytes));
            bytes = bytes[16..];
        }

        if (!bytes.IsEmpty)
        {
            Span<byte> last = stackalloc byte[16];
            last.Clear();
            bytes.CopyTo(last);
            _state = Multiply(_state ^ BinaryPrimitives.ReadUInt128BigEndian(last));
        }
    }

    /// <summary>Adds the two lengths and gives the hash.</summary>
    public UInt128 Finish(int associatedLength, int length)
    {
        _state = Multiply(_state ^ new UInt128((ulong)associatedLength * 8, (ulong)length * 8));
        return _state;
    }

    private readonly UInt128 Multiply(UInt128 value)
    {
        ulong lower = (ulong)value;
        ulong upper = (ulong)(value >> 64);
        UInt128 product = UInt128.Zero;
        for (int shift = 0; shift < 64; shift += 4)
        {
            product = Shift(product) ^ _table[(int)(lower >> shift) & 15];
        }

        for (int shift = 0; shift < 64; shift += 4)
        {
            product = Shift(product) ^ _table[(int)(upper >> shift) & 15];
        }

        return product;
    }

    private static UInt128 Shift(UInt128 value) => (value >> 4) ^ ((UInt128)Remainders[(int)(ulong)value & 15] << 112);

    private static UInt128 TimesX(UInt128 value) => (value >> 1) ^ ((value & UInt128.One) != UInt128.Zero ? (UInt128)0xE1 << 120 : UInt128.Zero);
}
