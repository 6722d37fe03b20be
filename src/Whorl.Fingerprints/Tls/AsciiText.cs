namespace Whorl.Fingerprints.Tls;

/// <summary>Writes the small alphabet of fingerprint texts into a buffer that its caller has made large enough.</summary>
internal ref struct AsciiText(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;

    public int Length { get; private set; }

    public readonly ReadOnlySpan<byte> Written => _buffer[..Length];

    public void Add(byte character) => _buffer[Length++] = character;

    public void Add(scoped ReadOnlySpan<byte> text)
    {
        text.CopyTo(_buffer[Length..]);
        Length += text.Length;
    }

    public void AddDecimal(ushort value)
    {
        int digits = value switch { < 10 => 1, < 100 => 2, < 1000 => 3, < 10000 => 4, _ => 5 };
        Span<byte> to = _buffer.Slice(Length, digits);
        uint rest = value;
        for (int at = to.Length - 1; at >= 0; at--)
        {
            to[at] = (byte)('0' + (rest % 10));
            rest /= 10;
        }

        Length += digits;
    }

    public void AddHex4(ushort value)
    {
        ReadOnlySpan<byte> digits = "0123456789abcdef"u8;
        Span<byte> to = _buffer.Slice(Length, 4);
        to[0] = digits[value >> 12];
        to[1] = digits[(value >> 8) & 15];
        to[2] = digits[(value >> 4) & 15];
        to[3] = digits[value & 15];
        Length += 4;
    }

    public void AddHex(scoped ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> digits = "0123456789abcdef"u8;
        foreach (byte each in bytes)
        {
            _buffer[Length++] = digits[each >> 4];
            _buffer[Length++] = digits[each & 15];
        }
    }
}
