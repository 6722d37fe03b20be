using System.Buffers.Binary;
using System.Numerics;

namespace Whorl.Sources.Sites.Pages.Images;

/// <summary>Windows bitmaps: 1 to 32 bits a pixel, not compressed or by bit fields. Run-length ones are not decoded.</summary>
internal static class BmpDecoder
{
    private const int FileHeader = 14;
    private const int OldHeader = 12;
    private const int Header = 40;
    private const int BitFields = 3;

    /// <summary>A file.</summary>
    public static GreyGrid? Decode(ReadOnlySpan<byte> bytes) =>
        bytes.Length > FileHeader + OldHeader && BinaryPrimitives.ReadUInt32LittleEndian(bytes[10..]) is uint start && start <= bytes.Length
            ? Decode(bytes[FileHeader..], (int)start - FileHeader, inIcon: false)
            : null;

    /// <summary>The picture of an icon: its height counts a mask of one bit a pixel that follows it.</summary>
    public static GreyGrid? DecodeInIcon(ReadOnlySpan<byte> bytes) => bytes.Length > Header ? Decode(bytes, -1, inIcon: true) : null;

    private static GreyGrid? Decode(ReadOnlySpan<byte> bytes, int start, bool inIcon)
    {
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        bool old = size == OldHeader && !inIcon;
        if (!old && (size is < Header or > 256 || bytes.Length < size))
        {
            return null;
        }

        long width = old ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]) : BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        long height = old ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]) : BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(old ? 10 : 14)..]);
        int compression = old ? 0 : BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]);
        GreyGrid? grid = GreyGrid.Of(width, Math.Abs(height) / (inIcon ? 2 : 1));
        if (grid is null || bits is not (1 or 4 or 8 or 16 or 24 or 32) || compression is not (0 or BitFields) || (compression == BitFields && bits is not (16 or 32)))
        {
            return null;
        }

        int colours = old ? 0 : BinaryPrimitives.ReadInt32LittleEndian(bytes[32..]);
        colours = bits > 8 ? 0 : colours is <= 0 or > 256 ? 1 << bits : colours;
        int masks = compression == BitFields && size == Header ? 12 : 0;
        int entry = old ? 3 : 4;
        int table = (int)size + masks;
        start = start < 0 ? table + (colours * entry) : start;
        int stride = ((grid.Width * bits) + 31) / 32 * 4;
        if (start < table || start > bytes.Length || bytes.Length - start < (long)stride * grid.Height || bytes.Length < table)
        {
            return null;
        }

        Fields fields = compression == BitFields && bytes.Length >= Header + 12 ? Fields.Read(bytes[Header..]) : bits == 16 ? new(0x7C00, 0x3E0, 0x1F) : new(0xFF0000, 0xFF00, 0xFF);
        ReadOnlySpan<byte> palette = bytes[table..Math.Min(start, table + (colours * entry))];
        ReadOnlySpan<byte> mask = inIcon ? bytes[(start + (stride * grid.Height))..] : default;
        Draw(bytes.Slice(start, stride * grid.Height), stride, bits, palette, entry, fields, mask, inIcon, height > 0, grid);
        return grid;
    }

    private static void Draw(ReadOnlySpan<byte> rows, int stride, int bits, ReadOnlySpan<byte> palette, int entry, Fields fields, ReadOnlySpan<byte> mask, bool inIcon, bool fromBelow, GreyGrid grid)
    {
        int maskStride = (grid.Width + 31) / 32 * 4;
        bool masked = mask.Length >= (long)maskStride * grid.Height;

        // Of 32 bits the fourth byte is alpha in icons, where any is set.
        bool alpha = bits == 32 && inIcon && HasAlpha(rows);
        for (int line = 0; line < grid.Height; line++)
        {
            ReadOnlySpan<byte> row = rows.Slice(line * stride, stride);
            int y = fromBelow ? grid.Height - 1 - line : line;
            for (int x = 0; x < grid.Width; x++)
            {
                bool clear = masked && !alpha && ((mask[(line * maskStride) + (x / 8)] >> (7 - (x % 8))) & 1) != 0;
                (int red, int green, int blue) = bits switch
                {
                    <= 8 => Colour(palette, entry, (row[x * bits / 8] >> (8 - bits - (x * bits % 8))) & ((1 << bits) - 1)),
                    16 => fields.Colour(BinaryPrimitives.ReadUInt16LittleEndian(row[(x * 2)..])),
                    24 => (row[(x * 3) + 2], row[(x * 3) + 1], row[x * 3]),
                    _ => fields.Colour(BinaryPrimitives.ReadUInt32LittleEndian(row[(x * 4)..])),
                };
                grid.Add(x, y, red, green, blue, clear ? 0 : alpha ? row[(x * 4) + 3] : 255);
            }
        }
    }

    private static bool HasAlpha(ReadOnlySpan<byte> rows)
    {
        for (int i = 3; i < rows.Length; i += 4)
        {
            if (rows[i] != 0)
            {
                return true;
            }
        }

        return false;
    }

    private static (int Red, int Green, int Blue) Colour(ReadOnlySpan<byte> palette, int entry, int index)
    {
        int at = index * entry;
        return at + 2 < palette.Length ? (palette[at + 2], palette[at + 1], palette[at]) : (0, 0, 0);
    }

    private readonly record struct Fields(uint Red, uint Green, uint Blue)
    {
        public static Fields Read(ReadOnlySpan<byte> masks) =>
            new(BinaryPrimitives.ReadUInt32LittleEndian(masks), BinaryPrimitives.ReadUInt32LittleEndian(masks[4..]), BinaryPrimitives.ReadUInt32LittleEndian(masks[8..]));

        public (int Red, int Green, int Blue) Colour(uint pixel) => (Part(pixel, Red), Part(pixel, Green), Part(pixel, Blue));

        private static int Part(uint pixel, uint mask)
        {
            int shift = BitOperations.TrailingZeroCount(mask);
            return mask == 0 ? 0 : (int)((ulong)((pixel & mask) >> shift) * 255 / (mask >> shift));
        }
    }
}
