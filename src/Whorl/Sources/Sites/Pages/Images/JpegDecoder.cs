using System.Buffers.Binary;

namespace Whorl.Sources.Sites.Pages.Images;

/// <summary>
/// JPEG (ITU T.81), baseline and progressive, Huffman codes, 8 bits: the first component alone, which is brightness in every picture of the web
/// but rare ones that hold red first. Colour is passed over.
/// </summary>
internal static class JpegDecoder
{
    private const int Block = 64;

    // One component of grey, three of colour, four of print.
    private const int MaxComponents = 4;

    // Progressive pictures have about ten; each passes over all blocks once more.
    private const int MaxScans = 32;

    private static readonly byte[] ZigZag =
    [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
        35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
    ];

    private static readonly double[] Cosines = [.. Enumerable.Range(0, Block).Select(static i => Math.Cos(((2 * (i / 8)) + 1) * (i % 8) * Math.PI / 16) * (i % 8 == 0 ? Math.Sqrt(0.125) : 0.5))];

    /// <summary>Null where it is of another kind, or ends before its first scan does.</summary>
    public static GreyGrid? Decode(ReadOnlySpan<byte> bytes)
    {
        Picture picture = new();
        int scans = 0;
        for (int at = 2; at + 4 <= bytes.Length;)
        {
            if (bytes[at] != 0xFF || bytes[at + 1] is 0 or 0xFF or (>= 0xD0 and <= 0xD8))
            {
                at++;
                continue;
            }

            byte marker = bytes[at + 1];
            int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 2)..]);
            if (marker == 0xD9 || length < 2 || at + 2 + length > bytes.Length)
            {
                break;
            }

            ReadOnlySpan<byte> content = bytes.Slice(at + 4, length - 2);
            at += 2 + length;
            bool good = marker switch
            {
                0xC4 => picture.ReadCodes(content),
                0xDB => picture.ReadSteps(content),
                0xDD => picture.ReadRestart(content),
                >= 0xC0 and <= 0xC2 => picture.ReadFrame(content, marker == 0xC2, bytes.Length),
                0xC3 or (>= 0xC5 and <= 0xCF) => false,
                0xDA => ++scans <= MaxScans && picture.ReadScan(content, bytes[at..]),
                _ => true,
            };
            if (!good)
            {
                break;
            }
        }

        return picture.Draw();
    }

    private sealed class Picture
    {
        private readonly JpegCodes?[] _codes = new JpegCodes?[8];
        private readonly ushort[]?[] _steps = new ushort[]?[4];
        private readonly Component[] _components = new Component[MaxComponents];
        private short[] _blocks = [];
        private GreyGrid? _grid;
        private int _count;
        private int _restart;
        private bool _progressive;
        private bool _drawn;
        private int _columns;
        private int _lines;
        private ushort[]? _firstSteps;

        public bool ReadRestart(ReadOnlySpan<byte> content)
        {
            _restart = content.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(content) : 0;
            return true;
        }

        public bool ReadSteps(ReadOnlySpan<byte> content)
        {
            while (content.Length >= 1 + Block)
            {
                int wide = content[0] >> 4;
                int length = Block << wide;
                if (wide > 1 || (content[0] & 15) > 3 || content.Length < 1 + length)
                {
                    return false;
                }

                ushort[] steps = new ushort[Block];
                for (int i = 0; i < Block; i++)
                {
                    steps[ZigZag[i]] = wide == 0 ? content[1 + i] : BinaryPrimitives.ReadUInt16BigEndian(content[(1 + (2 * i))..]);
                }

                _steps[content[0] & 15] = steps;
                content = content[(1 + length)..];
            }

            return true;
        }

        public bool ReadCodes(ReadOnlySpan<byte> content)
        {
            while (content.Length >= 17)
            {
                int total = 0;
                foreach (byte each in content.Slice(1, 16))
                {
                    total += each;
                }

                if ((content[0] >> 4) > 1 || (content[0] & 15) > 3 || total > 256 || content.Length < 17 + total)
                {
                    return false;
                }

                _codes[((content[0] >> 4) * 4) + (content[0] & 3)] = new(content.Slice(1, 16), content.Slice(17, total));
                content = content[(17 + total)..];
            }

            return true;
        }

        public bool ReadFrame(ReadOnlySpan<byte> content, bool progressive, int fileLength)
        {
            if (_grid is not null || content.Length < 6 || content[0] != 8 || content[5] is 0 or > MaxComponents || content.Length < 6 + (3 * content[5]))
            {
                return false;
            }

            _grid = GreyGrid.Of(BinaryPrimitives.ReadUInt16BigEndian(content[3..]), BinaryPrimitives.ReadUInt16BigEndian(content[1..]));
            _progressive = progressive;
            _count = content[5];
            int mostH = 1;
            int mostV = 1;
            for (int i = 0; i < _count; i++)
            {
                ReadOnlySpan<byte> each = content.Slice(6 + (3 * i), 3);
                _components[i] = new(each[0], each[1] >> 4, each[1] & 15, each[2] & 3);
                mostH = Math.Max(mostH, _components[i].H);
                mostV = Math.Max(mostV, _components[i].V);
                if (_components[i].H is 0 or > 4 || _components[i].V is 0 or > 4)
                {
                    return false;
                }
            }

            // Brightness is never the coarser one; if it were, its pixels would stand for several.
            if (_grid is null || _components[0].H != mostH || _components[0].V != mostV)
            {
                _grid = null;
                return false;
            }

            _columns = (_grid.Width + (8 * mostH) - 1) / (8 * mostH);
            _lines = (_grid.Height + (8 * mostV) - 1) / (8 * mostV);

            // A block takes a bit of the file at least; so nothing is allocated for a size that is only claimed.
            int blocks = _columns * _lines * mostH * mostV;
            if (blocks > fileLength * 8L)
            {
                _grid = null;
                return false;
            }

            _blocks = new short[blocks * Block];
            return true;
        }

        public bool ReadScan(ReadOnlySpan<byte> content, ReadOnlySpan<byte> data)
        {
            if (_grid is null || content.IsEmpty || content[0] is 0 or > MaxComponents || content.Length < 4 + (2 * content[0]))
            {
                return false;
            }

            int[] parts = new int[content[0]];
            for (int i = 0; i < parts.Length; i++)
            {
                byte id = content[1 + (2 * i)];
                byte tables = content[2 + (2 * i)];
                parts[i] = Array.FindIndex(_components, 0, _count, each => each.Id == id);
                if (parts[i] < 0 || (tables >> 4) > 3 || (tables & 15) > 3)
                {
                    return false;
                }

                Component component = _components[parts[i]];
                _components[parts[i]] = component with { Dc = _codes[tables >> 4], Ac = _codes[4 + (tables & 15)], Before = 0 };
            }

            // A scan of colour alone is passed over: the next marker ends it.
            if (!parts.Contains(0))
            {
                return true;
            }

            _firstSteps ??= _steps[_components[0].Steps];
            ReadOnlySpan<byte> range = content[(1 + (2 * parts.Length))..];
            JpegScan scan = new(data, range[0], range[1], range[2] >> 4, range[2] & 15, _progressive);
            bool whole = scan.IsPossible(parts.Length) && (parts.Length == 1 ? One(ref scan) : Together(ref scan, parts));
            _drawn |= whole;
            return whole;
        }

        public GreyGrid? Draw()
        {
            ushort[]? steps = _firstSteps;
            if (_grid is null || !_drawn || steps is null)
            {
                return null;
            }

            int wide = _columns * _components[0].H;
            Span<double> pixels = stackalloc double[Block];
            for (int i = 0; i < _blocks.Length / Block; i++)
            {
                int left = i % wide * 8;
                int top = i / wide * 8;
                if (left >= _grid.Width || top >= _grid.Height)
                {
                    continue;
                }

                Transform(_blocks.AsSpan(i * Block, Block), steps, pixels);
                for (int p = 0; p < Block; p++)
                {
                    _grid.Add(left + (p % 8), top + (p / 8), (int)Math.Clamp(Math.Round(pixels[p]) + 128, 0, 255));
                }
            }

            return _grid;
        }

        // A scan of one component has its blocks row by row, without those that only fill up.
        private bool One(ref JpegScan scan)
        {
            Component component = _components[0];
            int wide = _columns * component.H;
            int columns = (_grid!.Width + 7) / 8;
            int lines = (_grid.Height + 7) / 8;
            for (int i = 0; i < columns * lines; i++)
            {
                if (_restart > 0 && i > 0 && i % _restart == 0 && !Restart(ref scan, ref component))
                {
                    return false;
                }

                if (!scan.Read(ref component, _blocks.AsSpan(((i / columns * wide) + (i % columns)) * Block, Block)))
                {
                    return false;
                }
            }

            return true;
        }

        private bool Together(ref JpegScan scan, int[] parts)
        {
            Span<short> passed = stackalloc short[Block];
            int wide = _columns * _components[0].H;
            for (int unit = 0; unit < _columns * _lines; unit++)
            {
                if (_restart > 0 && unit > 0 && unit % _restart == 0)
                {
                    for (int i = 0; i < _count; i++)
                    {
                        _components[i] = _components[i] with { Before = 0 };
                    }

                    if (!scan.Restart())
                    {
                        return false;
                    }
                }

                foreach (int part in parts)
                {
                    Component component = _components[part];
                    for (int i = 0; i < component.H * component.V; i++)
                    {
                        int at = (((unit / _columns * component.V) + (i / component.H)) * wide) + (unit % _columns * component.H) + (i % component.H);
                        passed.Clear();
                        if (!scan.Read(ref component, part == 0 ? _blocks.AsSpan(at * Block, Block) : passed))
                        {
                            return false;
                        }
                    }

                    _components[part] = component;
                }
            }

            return true;
        }

        private static bool Restart(ref JpegScan scan, ref Component component)
        {
            component = component with { Before = 0 };
            return scan.Restart();
        }

        // Inverse DCT, rows then columns.
        private static void Transform(ReadOnlySpan<short> block, ushort[] steps, Span<double> pixels)
        {
            Span<double> rows = stackalloc double[Block];
            for (int v = 0; v < 8; v++)
            {
                for (int x = 0; x < 8; x++)
                {
                    double sum = 0;
                    for (int u = 0; u < 8; u++)
                    {
                        sum += block[(v * 8) + u] * steps[(v * 8) + u] * Cosines[(x * 8) + u];
                    }

                    rows[(v * 8) + x] = sum;
                }
            }

            for (int y = 0; y < 8; y++)
            {
                for (int x = 0; x < 8; x++)
                {
                    double sum = 0;
                    for (int v = 0; v < 8; v++)
                    {
                        sum += rows[(v * 8) + x] * Cosines[(y * 8) + v];
                    }

                    pixels[(y * 8) + x] = sum;
                }
            }
        }
    }

    /// <summary>A component of the picture, with the codes of the scan it is in and the last value that the next is told against.</summary>
    internal readonly record struct Component(byte Id, int H, int V, int Steps)
    {
        public JpegCodes? Dc { get; init; }

        public JpegCodes? Ac { get; init; }

        public int Before { get; init; }
    }

    public static int AtZigZag(int index) => ZigZag[index];
}
