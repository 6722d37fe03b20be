namespace Whorl.Sources.Sites.Pages.Images;

/// <summary>What an image is and how it looks.</summary>
/// <param name="Format"><c>png</c>, <c>ico</c>, <c>gif</c>, <c>bmp</c>, <c>jpeg</c>; <c>svg</c>, <c>webp</c>, <c>avif</c> are named and not decoded. Null: no image that is known.</param>
/// <param name="Phash">Null where the image was not decoded, or is of one colour.</param>
internal readonly record struct ImageLook(string? Format, int? Width, int? Height, string? Phash);

/// <summary>Tells formats apart and decodes those it can. Any bytes: never throws, bounded in time and memory.</summary>
internal static class ImageReader
{
    // An XML declaration, a doctype and comments may stand before the first tag.
    private const int SvgHead = 1024;

    public static ImageLook Read(ReadOnlySpan<byte> bytes)
    {
        string? format = Format(bytes);
        GreyGrid? grid = format switch
        {
            "png" => PngDecoder.Decode(bytes),
            "ico" => IcoDecoder.Decode(bytes),
            "gif" => GifDecoder.Decode(bytes),
            "bmp" => BmpDecoder.Decode(bytes),
            "jpeg" => JpegDecoder.Decode(bytes),
            _ => null,
        };
        return new(format, grid?.Width, grid?.Height, grid is null ? null : PerceptualHash.Of(grid));
    }

    private static string? Format(ReadOnlySpan<byte> bytes) => bytes switch
    {
        _ when bytes.StartsWith(PngDecoder.Signature) => "png",
        [0, 0, 1 or 2, 0, > 0, ..] or [0, 0, 1 or 2, 0, 0, > 0, ..] => "ico",
        _ when bytes.StartsWith("GIF87a"u8) || bytes.StartsWith("GIF89a"u8) => "gif",
        [0xFF, 0xD8, 0xFF, ..] => "jpeg",
        [(byte)'B', (byte)'M', _, _, _, _, _, _, _, _, ..] => "bmp",
        _ when bytes.StartsWith("RIFF"u8) && bytes.Length >= 12 && bytes.Slice(8, 4).SequenceEqual("WEBP"u8) => "webp",
        _ when bytes.Length >= 12 && bytes.Slice(4, 4).SequenceEqual("ftyp"u8) && bytes.Slice(8, 3).SequenceEqual("avi"u8) => "avif",
        _ when bytes[..Math.Min(bytes.Length, SvgHead)].IndexOf("<svg"u8) >= 0 && bytes[..Math.Min(bytes.Length, SvgHead)].IndexOf("<html"u8) < 0 => "svg",
        _ => null,
    };
}
