namespace Whorl.Kernel;

/// <summary>
/// UUIDv7 (RFC 9562 §5.7) and its one text form: 26 characters of Crockford base32, lower case, which sort as the ids do.
/// The same text stands in the log, the table, the URL, the page for visitors and the command line.
/// </summary>
internal static class Uuid7
{
    public const int TextLength = 26;

    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    private static readonly sbyte[] Values = MakeValues();

    public static Guid New(TimeProvider clock) => Guid.CreateVersion7(clock.GetUtcNow());

    public static DateTimeOffset TimeOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        long milliseconds = 0;
        foreach (byte b in bytes[..6])
        {
            milliseconds = (milliseconds << 8) | b;
        }

        return DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(milliseconds, MaxMilliseconds));
    }

    /// <summary>The smallest id a moment can have; ids made at or after it are not smaller.</summary>
    public static Guid FirstAt(DateTimeOffset time)
    {
        long milliseconds = Math.Clamp(time.ToUnixTimeMilliseconds(), 0, MaxMilliseconds);
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        for (int i = 0; i < 6; i++)
        {
            bytes[i] = (byte)(milliseconds >> (40 - (8 * i)));
        }

        return new Guid(bytes, bigEndian: true);
    }

    public static string Text(Guid id) => string.Create(TextLength, id, static (text, value) => Write(value, text));

    /// <summary>Writes the 26 characters; <paramref name="text"/> must hold them.</summary>
    public static void Write(Guid id, Span<char> text)
    {
        UInt128 bits = Bits(id);
        for (int i = TextLength - 1; i >= 0; i--)
        {
            text[i] = Alphabet[(int)(uint)(bits & 31)];
            bits >>= 5;
        }
    }

    /// <summary>Writes the 26 characters as UTF-8; <paramref name="text"/> must hold them.</summary>
    public static void Write(Guid id, Span<byte> text)
    {
        UInt128 bits = Bits(id);
        for (int i = TextLength - 1; i >= 0; i--)
        {
            text[i] = (byte)Alphabet[(int)(uint)(bits & 31)];
            bits >>= 5;
        }
    }

    /// <summary>Reads the 26-character form in either case, or a UUID with dashes.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Guid id)
    {
        id = default;
        text = text.Trim();
        if (text.Length != TextLength)
        {
            return Guid.TryParseExact(text, "D", out id);
        }

        UInt128 bits = 0;
        for (int i = 0; i < text.Length; i++)
        {
            int value = text[i] < Values.Length ? Values[text[i]] : -1;
            if (value < 0 || (i == 0 && value > 7))
            {
                return false;
            }

            bits = (bits << 5) | (uint)value;
        }

        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, bits);
        id = new Guid(bytes, bigEndian: true);
        return true;
    }

    // The last moment a DateTimeOffset can hold; a larger field is some other kind of UUID.
    private const long MaxMilliseconds = 253_402_300_799_999;

    private static UInt128 Bits(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private static sbyte[] MakeValues()
    {
        sbyte[] values = new sbyte[128];
        Array.Fill(values, (sbyte)-1);
        for (int i = 0; i < Alphabet.Length; i++)
        {
            values[Alphabet[i]] = (sbyte)i;
            values[char.ToUpperInvariant(Alphabet[i])] = (sbyte)i;
        }

        // Crockford: what a person may read for 1 and 0.
        values['i'] = values['I'] = values['l'] = values['L'] = 1;
        values['o'] = values['O'] = 0;
        return values;
    }
}
