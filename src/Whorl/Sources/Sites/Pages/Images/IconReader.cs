using System.Security.Cryptography;
using Whorl.Fingerprints.Fuzzy;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Pages.Images;

/// <summary>Reads the bytes of an icon into facts: hashes always, size and look where the image can be decoded.</summary>
internal static class IconReader
{
    // A data: URL would be the icon once more.
    private const int MaxUrl = 512;

    /// <param name="bytes">As they were served.</param>
    /// <param name="url">Where from; a <c>data:</c> URL is shortened.</param>
    public static IconFacts Read(ReadOnlySpan<byte> bytes, string url)
    {
        ImageLook look = ImageReader.Read(bytes);
        return new()
        {
            Url = url.Length <= MaxUrl ? url : url[..MaxUrl],
            Bytes = bytes.Length,
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes)),
#pragma warning disable CA5351 // Search engines index icons by it; nothing rests on it.
            Md5 = Convert.ToHexStringLower(MD5.HashData(bytes)),
#pragma warning restore CA5351
            Mmh3 = Favicon.Hash(bytes),
            Phash = look.Phash,
            Format = look.Format,
            Width = look.Width,
            Height = look.Height,
        };
    }
}
