namespace Whorl.Sources.Sites.Pages.Images;

/// <summary>Huffman codes of a JPEG (ITU T.81, annex C).</summary>
internal sealed class JpegCodes
{
    private const int MaxBits = 16;

    private readonly int[] _end = new int[MaxBits];
    private readonly int[] _offset = new int[MaxBits];
    private readonly byte[] _values;

    /// <param name="counts">How many codes there are of each length from 1 to 16.</param>
    public JpegCodes(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> values)
    {
        _values = values.ToArray();
        int code = 0;
        int first = 0;
        for (int i = 0; i < MaxBits; i++)
        {
            _offset[i] = first - code;
            code += counts[i];
            first += counts[i];
            _end[i] = code;
            code <<= 1;
        }
    }

    /// <summary>The value of a code of so many bits; -1 where there is none of that length.</summary>
    public int Value(int code, int bits)
    {
        int at = code + _offset[bits - 1];
        return code < _end[bits - 1] && (uint)at < (uint)_values.Length ? _values[at] : -1;
    }
}

/// <summary>The bits of one scan, and the blocks that they say (ITU T.81, annexes F and G).</summary>
internal ref struct JpegScan(ReadOnlySpan<byte> data, int first, int last, int high, int low, bool progressive)
{
    private const int MaxCodeBits = 16;

    // Values of 8-bit pictures have 11 bits, of coefficients 10; more is damage.
    private const int MaxValueBits = 15;

    private ReadOnlySpan<byte> _data = data;
    private int _bits;
    private int _bitCount;
    private int _emptyBlocks;
    private bool _ended;

    public readonly bool IsPossible(int parts) =>
        progressive ? first <= last && last <= 63 && low <= 13 && (first == 0 ? last == 0 : parts == 1) : first == 0;

    /// <summary>Goes on behind the next restart marker; false where there is none.</summary>
    public bool Restart()
    {
        _bitCount = 0;
        _emptyBlocks = 0;
        _ended = false;
        int at = 0;
        while (at + 1 < _data.Length && !(_data[at] == 0xFF && _data[at + 1] is >= 0xD0 and <= 0xD7))
        {
            if (_data[at] == 0xFF && _data[at + 1] is not (0 or 0xFF))
            {
                return false;
            }

            at++;
        }

        bool found = at + 1 < _data.Length;
        _data = found ? _data[(at + 2)..] : default;
        return found;
    }

    public bool Read(ref JpegDecoder.Component component, scoped Span<short> block)
    {
        if (!progressive)
        {
            return Dc(ref component, block, 0) && AcFirst(component.Ac, block, 1, 63, 0);
        }

        if (first == 0)
        {
            return high == 0 ? Dc(ref component, block, low) : DcRefine(block);
        }

        return high == 0 ? AcFirst(component.Ac, block, first, last, low) : AcRefine(component.Ac, block);
    }

    private bool Dc(ref JpegDecoder.Component component, scoped Span<short> block, int shift)
    {
        int size = Code(component.Dc);
        if (size is < 0 or > MaxValueBits)
        {
            return false;
        }

        int value = (short)(component.Before + Value(size));
        component = component with { Before = value };
        block[0] = (short)(value << shift);
        return !_ended;
    }

    private bool DcRefine(scoped Span<short> block)
    {
        block[0] |= (short)(Bit() << low);
        return !_ended;
    }

    private bool AcFirst(JpegCodes? codes, scoped Span<short> block, int from, int to, int shift)
    {
        if (_emptyBlocks > 0)
        {
            _emptyBlocks--;
            return true;
        }

        for (int at = from; at <= to;)
        {
            int code = Code(codes);
            if (code < 0)
            {
                return false;
            }

            int run = code >> 4;
            int size = code & 15;
            if (size == 0 && run < 15)
            {
                if (!progressive && run > 0)
                {
                    return false;
                }

                _emptyBlocks = (1 << run) - 1 + Bits(run);
                return !_ended;
            }

            at += run;
            if (at > to && size != 0)
            {
                return false;
            }

            if (size != 0)
            {
                block[JpegDecoder.AtZigZag(at)] = (short)(Value(size) << shift);
            }

            at++;
        }

        return !_ended;
    }

    // G.1.2.3: one bit more of what is there already, and new ones between.
    private bool AcRefine(JpegCodes? codes, scoped Span<short> block)
    {
        int at = first;
        while (at <= last && _emptyBlocks == 0)
        {
            int code = Code(codes);
            if (code < 0)
            {
                return false;
            }

            int run = code >> 4;
            int size = code & 15;
            short made = 0;
            if (size == 0 && run < 15)
            {
                _emptyBlocks = (1 << run) + Bits(run);
                break;
            }

            if (size != 0)
            {
                made = (short)((Bit() == 1 ? 1 : -1) << low);
            }

            for (; at <= last; at++)
            {
                ref short value = ref block[JpegDecoder.AtZigZag(at)];
                if (value != 0)
                {
                    Refine(ref value);
                }
                else if (run-- == 0)
                {
                    value = made;
                    at++;
                    break;
                }
            }
        }

        if (_emptyBlocks > 0)
        {
            for (; at <= last; at++)
            {
                ref short value = ref block[JpegDecoder.AtZigZag(at)];
                if (value != 0)
                {
                    Refine(ref value);
                }
            }

            _emptyBlocks--;
        }

        return !_ended;
    }

    private void Refine(ref short value)
    {
        if (Bit() == 1 && (value & (1 << low)) == 0)
        {
            value += (short)((value > 0 ? 1 : -1) << low);
        }
    }

    private int Code(JpegCodes? codes)
    {
        int code = 0;
        for (int bits = 1; bits <= MaxCodeBits && codes is not null && !_ended; bits++)
        {
            code = (code << 1) | Bit();
            if (codes.Value(code, bits) is >= 0 and int value)
            {
                return value;
            }
        }

        return -1;
    }

    // Values below half of what the bits can say are negative (F.2.2.1).
    private int Value(int size)
    {
        int value = Bits(size);
        return size == 0 || value >= 1 << (size - 1) ? value : value - (1 << size) + 1;
    }

    private int Bits(int count)
    {
        int bits = 0;
        for (int i = 0; i < count; i++)
        {
            bits = (bits << 1) | Bit();
        }

        return bits;
    }

    private int Bit()
    {
        if (_bitCount == 0)
        {
            // A marker, or the end of the file, ends the bits; FF 00 is a byte FF.
            if (_data.IsEmpty || (_data[0] == 0xFF && (_data.Length < 2 || _data[1] != 0)))
            {
                _ended = true;
                return 0;
            }

            _bits = _data[0];
            _bitCount = 8;
            _data = _data[(_data[0] == 0xFF ? 2 : 1)..];
        }

        _bitCount--;
        return (_bits >> _bitCount) & 1;
    }
}
