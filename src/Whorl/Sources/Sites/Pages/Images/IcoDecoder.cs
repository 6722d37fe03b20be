using System.Buffers.Binary;

namespace Whorl.Sources.Sites.Pages.Images;

/// <summary>Windows icons and cursors: the largest picture, of equals the one with most colours.</summary>
internal static class IcoDecoder
{
    private const int Header = 6;
    private const int Entry = 16;

    // Real icons hold up to a dozen.
    private const int MaxEntries = 64;

    public static GreyGrid? Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Header + Entry)
        {
            return null;
        }

        int count = Math.Min(Math.Min((int)BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]), MaxEntries), (bytes.Length - Header) / Entry);
        int best = -1;
        (int Pixels, int Bits) most = (-1, -1);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = bytes.Slice(Header + (i * Entry), Entry);
            (int Pixels, int Bits) size = (Size(entry[0]) * Size(entry[1]), BinaryPrimitives.ReadUInt16LittleEndian(entry[6..]));
            if (size.CompareTo(most) > 0)
            {
                (best, most) = (i, size);
            }
        }

        ReadOnlySpan<byte> chosen = bytes[(Header + (best * Entry))..];
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(chosen[8..]);
        uint start = BinaryPrimitives.ReadUInt32LittleEndian(chosen[12..]);
        if (start >= bytes.Length)
        {
            return null;
        }

        ReadOnlySpan<byte> picture = bytes[(int)start..(int)Math.Min(bytes.Length, start + (long)length)];
        return picture.StartsWith(PngDecoder.Signature) ? PngDecoder.Decode(picture) : BmpDecoder.DecodeInIcon(picture);
    }

    private static int Size(byte written) => written == 0 ? 256 : written;
}
