using System.Buffers.Binary;

namespace Whorl.Sources.Sites.Pages.Images;

/// <summary>GIF (87a, 89a): the first picture on its screen.</summary>
internal static class GifDecoder
{
    // A code has twelve bits at most.
    private const int MaxCodes = 4096;

    private static readonly (int Start, int Step)[] Interlaced = [(0, 8), (4, 8), (2, 4), (1, 2)];

    public static GreyGrid? Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 13)
        {
            return null;
        }

        GreyGrid? grid = GreyGrid.Of(BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]), BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]));
        ReadOnlySpan<byte> rest = bytes[13..];
        ReadOnlySpan<byte> palette = Palette(bytes[10], ref rest);
        int transparent = -1;
        while (grid is not null && !rest.IsEmpty)
        {
            switch (rest[0])
            {
                case 0x21 when rest.Length >= 8 && rest[1] == 0xF9:
                    transparent = (rest[3] & 1) != 0 ? rest[6] : -1;
                    rest = AfterBlocks(rest[2..]);
                    break;
                case 0x21 when rest.Length > 2:
                    rest = AfterBlocks(rest[2..]);
                    break;
                case 0x2C when rest.Length > 10:
                    ReadOnlySpan<byte> frame = rest[1..10];
                    rest = rest[10..];
                    ReadOnlySpan<byte> own = Palette(frame[8], ref rest);
                    return rest.IsEmpty || !Draw(frame, own.IsEmpty ? palette : own, transparent, rest, grid) ? null : grid;
                default:
                    return null;
            }
        }

        return null;
    }

    private static ReadOnlySpan<byte> Palette(byte flags, ref ReadOnlySpan<byte> rest)
    {
        int length = (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
        ReadOnlySpan<byte> palette = rest[..Math.Min(length, rest.Length)];
        rest = rest[palette.Length..];
        return palette;
    }

    private static ReadOnlySpan<byte> AfterBlocks(ReadOnlySpan<byte> rest)
    {
        while (!rest.IsEmpty && rest[0] != 0)
        {
            rest = rest[Math.Min(rest.Length, rest[0] + 1)..];
        }

        return rest.IsEmpty ? rest : rest[1..];
    }

    private static bool Draw(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> palette, int transparent, ReadOnlySpan<byte> data, GreyGrid grid)
    {
        int left = BinaryPrimitives.ReadUInt16LittleEndian(frame);
        int top = BinaryPrimitives.ReadUInt16LittleEndian(frame[2..]);
        int width = BinaryPrimitives.ReadUInt16LittleEndian(frame[4..]);
        int height = BinaryPrimitives.ReadUInt16LittleEndian(frame[6..]);
        if (width == 0 || height == 0 || (long)width * height > GreyGrid.MaxPixels || data[0] is < 1 or > 11)
        {
            return false;
        }

        Rows rows = new(height, (frame[8] & 0x40) != 0);
        int x = 0;
        int y = rows.Next();
        Codes codes = new(data);
        while (y >= 0 && codes.Next(out ReadOnlySpan<byte> run))
        {
            foreach (byte index in run)
            {
                if (index != transparent && y >= 0)
                {
                    int at = index * 3;
                    bool known = at + 2 < palette.Length;
                    grid.Add(left + x, top + y, known ? palette[at] : 0, known ? palette[at + 1] : 0, known ? palette[at + 2] : 0);
                }

                if (++x == width)
                {
                    x = 0;
                    y = rows.Next();
                }
            }
        }

        return y < 0;
    }

    /// <summary>The rows of a frame in the order of its data; -1 after the last.</summary>
    private struct Rows(int height, bool interlaced)
    {
        private int _pass;
        private int _next;

        public int Next()
        {
            while (interlaced && _next >= height && ++_pass < Interlaced.Length)
            {
                _next = Interlaced[_pass].Start;
            }

            int row = _next < height ? _next : -1;
            _next += interlaced ? Interlaced[Math.Min(_pass, 3)].Step : 1;
            return row;
        }
    }

    /// <summary>LZW with codes that grow, in blocks of up to 255 bytes.</summary>
    private ref struct Codes
    {
        private readonly ushort[] _prefix = new ushort[MaxCodes];
        private readonly byte[] _last = new byte[MaxCodes];
        private readonly byte[] _run = new byte[MaxCodes + 1];
        private readonly int _clear;
        private ReadOnlySpan<byte> _data;
        private int _block;
        private uint _bits;
        private int _bitCount;
        private int _size;
        private int _count;
        private int _before = -1;

        public Codes(ReadOnlySpan<byte> data)
        {
            _clear = 1 << data[0];
            _data = data[1..];
            for (int i = 0; i < _clear; i++)
            {
                _last[i] = (byte)i;
            }

            Reset();
        }

        /// <summary>False at the end, and at the first code that makes no sense.</summary>
        public bool Next(out ReadOnlySpan<byte> run)
        {
            run = default;
            int code = Read();
            if (code == _clear)
            {
                Reset();
                return true;
            }

            // After a clear only literals are known; one code more than are known is the run before and its own first.
            bool known = code >= 0 && code != _clear + 1 && (code < _clear || (_before >= 0 && code <= _count && code < MaxCodes));
            if (!known)
            {
                return false;
            }

            int at = _run.Length;
            int walk = code;
            if (code == _count)
            {
                at--;
                walk = _before;
            }

            for (; walk >= _clear; walk = _prefix[walk])
            {
                _run[--at] = _last[walk];
            }

            _run[--at] = _last[walk];
            if (code == _count)
            {
                _run[^1] = _last[walk];
            }

            if (_before >= 0 && _count < MaxCodes)
            {
                _prefix[_count] = (ushort)_before;
                _last[_count++] = _last[walk];
                _size += _count == 1 << _size && _size < 12 ? 1 : 0;
            }

            _before = code;
            run = _run.AsSpan(at);
            return true;
        }

        private void Reset()
        {
            _count = _clear + 2;
            _size = System.Numerics.BitOperations.Log2((uint)_clear) + 1;
            _before = -1;
        }

        private int Read()
        {
            while (_bitCount < _size)
            {
                if (_block == 0)
                {
                    if (_data.IsEmpty || _data[0] == 0)
                    {
                        return -1;
                    }

                    _block = _data[0];
                    _data = _data[1..];
                }

                if (_data.IsEmpty)
                {
                    return -1;
                }

                _bits |= (uint)_data[0] << _bitCount;
                _bitCount += 8;
                _data = _data[1..];
                _block--;
            }

            int code = (int)(_bits & ((1u << _size) - 1));
            _bits >>= _size;
            _bitCount -= _size;
            return code;
        }
    }
}
