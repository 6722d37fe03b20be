using System.Buffers.Binary;
using System.IO.Compression;

namespace Whorl.Sources.Sites.Pages.Images;

/// <summary>PNG (W3C, third edition): all colour types and depths, interlaced or not. Checksums are not looked at, as most viewers do not.</summary>
internal static class PngDecoder
{
    private const int Grey = 0;
    private const int Rgb = 2;
    private const int Indexed = 3;
    private const int GreyAlpha = 4;
    private const int Rgba = 6;

    // Adam7 (§8.2): where each pass begins and how far apart its pixels are.
    private static readonly (int X, int Y, int StepX, int StepY)[] Passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];
    private static readonly (int X, int Y, int StepX, int StepY)[] OnePass = [(0, 0, 1, 1)];

    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Null where it cannot be read to its end.</summary>
    public static GreyGrid? Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 8 + 25 || !bytes.StartsWith(Signature) || !bytes.Slice(12, 4).SequenceEqual("IHDR"u8))
        {
            return null;
        }

        ReadOnlySpan<byte> header = bytes.Slice(16, 13);
        Image image = new(header[8], header[9]);
        GreyGrid? grid = GreyGrid.Of(BinaryPrimitives.ReadUInt32BigEndian(header), BinaryPrimitives.ReadUInt32BigEndian(header[4..]));
        if (grid is null || !image.IsKnown || header[10] != 0 || header[11] != 0 || header[12] > 1)
        {
            return null;
        }

        using MemoryStream data = new();
        for (ReadOnlySpan<byte> rest = bytes[8..]; rest.Length >= 12;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            ReadOnlySpan<byte> type = rest.Slice(4, 4);
            ReadOnlySpan<byte> content = rest[8..(int)Math.Min(rest.Length, 8 + (long)length)];
            if (type.SequenceEqual("PLTE"u8))
            {
                image.Palette = content.ToArray();
            }
            else if (type.SequenceEqual("tRNS"u8))
            {
                image.Transparent = content.ToArray();
            }
            else if (type.SequenceEqual("IDAT"u8))
            {
                data.Write(content);
            }
            else if (type.SequenceEqual("IEND"u8))
            {
                break;
            }

            rest = rest[(int)Math.Min(rest.Length, 12 + (long)length)..];
        }

        data.Position = 0;
        using ZLibStream pixels = new(data, CompressionMode.Decompress);
        try
        {
            return image.Draw(pixels, grid, header[12] == 1 ? Passes : OnePass) ? grid : null;
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            return null;
        }
    }

    private sealed class Image(int depth, int type)
    {
        public byte[] Palette { get; set; } = [];

        public byte[] Transparent { get; set; } = [];

        public bool IsKnown => (type, depth) is (Grey, 1 or 2 or 4 or 8 or 16) or (Indexed, 1 or 2 or 4 or 8) or (Rgb or GreyAlpha or Rgba, 8 or 16);

        private int Samples => type switch { Rgb => 3, GreyAlpha => 2, Rgba => 4, _ => 1 };

        public bool Draw(Stream pixels, GreyGrid grid, (int X, int Y, int StepX, int StepY)[] passes)
        {
            int bits = Samples * depth;
            foreach ((int startX, int startY, int stepX, int stepY) in passes)
            {
                int columns = (grid.Width - startX + stepX - 1) / stepX;
                int lines = (grid.Height - startY + stepY - 1) / stepY;
                if (columns <= 0 || lines <= 0)
                {
                    continue;
                }

                byte[] before = new byte[((columns * bits) + 7) / 8];
                byte[] line = new byte[before.Length + 1];
                for (int y = 0; y < lines; y++)
                {
                    if (pixels.ReadAtLeast(line, line.Length, throwOnEndOfStream: false) < line.Length || !Unfilter(line[0], line.AsSpan(1), before, Math.Max(1, bits / 8)))
                    {
                        return false;
                    }

                    for (int x = 0; x < columns; x++)
                    {
                        Pixel(line.AsSpan(1), x, grid, startX + (x * stepX), startY + (y * stepY));
                    }

                    line.AsSpan(1).CopyTo(before);
                }
            }

            return true;
        }

        private void Pixel(ReadOnlySpan<byte> line, int x, GreyGrid grid, int atX, int atY)
        {
            if (type == Indexed)
            {
                int index = Sample(line, x);
                bool known = (index * 3) + 2 < Palette.Length;
                grid.Add(atX, atY, known ? Palette[index * 3] : 0, known ? Palette[(index * 3) + 1] : 0, known ? Palette[(index * 3) + 2] : 0, index < Transparent.Length ? Transparent[index] : 255);
                return;
            }

            int at = x * Samples;
            int first = Sample(line, at);
            int red = To8(first);
            switch (type)
            {
                case Grey:
                    bool clear = Transparent.Length >= 2 && first == BinaryPrimitives.ReadUInt16BigEndian(Transparent);
                    grid.Add(atX, atY, red, red, red, clear ? 0 : 255);
                    break;
                case GreyAlpha:
                    grid.Add(atX, atY, red, red, red, To8(Sample(line, at + 1)));
                    break;
                default:
                    int second = Sample(line, at + 1);
                    int third = Sample(line, at + 2);
                    bool none = type == Rgb && Transparent.Length >= 6 && first == BinaryPrimitives.ReadUInt16BigEndian(Transparent)
                        && second == BinaryPrimitives.ReadUInt16BigEndian(Transparent.AsSpan(2)) && third == BinaryPrimitives.ReadUInt16BigEndian(Transparent.AsSpan(4));
                    grid.Add(atX, atY, red, To8(second), To8(third), type == Rgba ? To8(Sample(line, at + 3)) : none ? 0 : 255);
                    break;
            }
        }

        private int Sample(ReadOnlySpan<byte> line, int index) => depth switch
        {
            8 => line[index],
            16 => BinaryPrimitives.ReadUInt16BigEndian(line[(index * 2)..]),
            _ => (line[index * depth / 8] >> (8 - depth - (index * depth % 8))) & ((1 << depth) - 1),
        };

        private int To8(int sample) => depth switch
        {
            8 => sample,
            16 => sample >> 8,
            _ => sample * 255 / ((1 << depth) - 1),
        };

        // §9.2: each byte is the difference to a guess out of those left, above, and above left.
        private static bool Unfilter(byte filter, Span<byte> line, ReadOnlySpan<byte> above, int pixel)
        {
            for (int i = 0; i < line.Length && filter != 0; i++)
            {
                int left = i < pixel ? 0 : line[i - pixel];
                int corner = i < pixel ? 0 : above[i - pixel];
                line[i] += filter switch
                {
                    1 => (byte)left,
                    2 => above[i],
                    3 => (byte)((left + above[i]) / 2),
                    _ => (byte)Paeth(left, above[i], corner),
                };
            }

            return filter <= 4;
        }

        private static int Paeth(int left, int above, int corner)
        {
            int guess = left + above - corner;
            int byLeft = Math.Abs(guess - left);
            int byAbove = Math.Abs(guess - above);
            int byCorner = Math.Abs(guess - corner);
            return byLeft <= byAbove && byLeft <= byCorner ? left : byAbove <= byCorner ? above : corner;
        }
    }
}
