using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Whorl.Sources.Sites.Pages.Images;
using Whorl.Sources.Sites.Scans;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites.Pages.Images;

/// <summary>Pictures that Pillow wrote and read back; tests/fixtures/images/make.py says how.</summary>
public sealed class ImageReaderTests
{
    private static readonly JsonElement[] Pictures = [.. File.ReadLines(Path.Combine(Repository.Root, "tests", "fixtures", "images", "images.jsonl")).Select(static line => JsonDocument.Parse(line).RootElement)];

    public static TheoryData<string> Names => [.. Pictures.Select(static row => row.GetProperty("name").GetString()!)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_picture_looks_as_it_does_to_another_decoder(string name)
    {
        JsonElement row = Pictures.Single(row => row.GetProperty("name").GetString() == name);
        string? phash = row.GetProperty("phash").GetString();

        ImageLook look = ImageReader.Read(Convert.FromHexString(row.GetProperty("hex").GetString()!));

        look.Format.ShouldBe(row.GetProperty("format").GetString());
        look.Width.ShouldBe(row.GetProperty("width").GetInt32());
        look.Height.ShouldBe(row.GetProperty("height").GetInt32());
        (look.Phash is null).ShouldBe(phash is null);
        if (phash is not null)
        {
            // Decoders of JPEG may differ by a grey level.
            Distance(look.Phash!, phash).ShouldBeLessThanOrEqualTo(row.GetProperty("near").GetInt32(), $"{look.Phash} {phash}");
        }
    }

    [Fact]
    public void One_picture_in_many_formats_has_nearly_one_hash()
    {
        string[] hashes = [.. Pictures.Where(static row => row.GetProperty("name").GetString()!.EndsWith("-big", StringComparison.Ordinal)).Select(static row => ImageReader.Read(Convert.FromHexString(row.GetProperty("hex").GetString()!)).Phash!)];

        hashes.Length.ShouldBe(8);
        hashes.Max(hash => Distance(hash, hashes[0])).ShouldBeLessThanOrEqualTo(10);
    }

    private static int Distance(string one, string other) => (int)ulong.PopCount(Convert.ToUInt64(one, 16) ^ Convert.ToUInt64(other, 16));

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_truncation_and_flipped_bit_is_read(string name)
    {
        byte[] bytes = Convert.FromHexString(Pictures.Single(row => row.GetProperty("name").GetString() == name).GetProperty("hex").GetString()!);
        for (int i = 0; i < bytes.Length; i += i < 300 ? 1 : 37)
        {
            ImageReader.Read(bytes.AsSpan(0, i)).Width.GetValueOrDefault().ShouldBeLessThanOrEqualTo(GreyGrid.MaxSide);
            byte[] changed = [.. bytes];
            changed[i] ^= (byte)(1 << (i % 8));
            ImageReader.Read(changed).Height.GetValueOrDefault().ShouldBeLessThanOrEqualTo(GreyGrid.MaxSide);
        }
    }

    [Theory]
    [InlineData(4097, 1)]
    [InlineData(4096, 4096)]
    [InlineData(0, 5)]
    [InlineData(0x7FFFFFFF, 0x7FFFFFFF)]
    public void A_size_beyond_the_bounds_is_not_decoded(int width, int height)
    {
        byte[] png = Png(width, height, new byte[100]);

        ImageReader.Read(png).ShouldBe(new ImageLook("png", null, null, null));
    }

    [Fact]
    public void A_claimed_size_takes_no_memory()
    {
        byte[] png = Png(2048, 2048, []);
        byte[] jpeg = [0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 8, 0, 8, 0, 1, 1, 0x11, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0];
        ImageReader.Read(png);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ImageReader.Read(png).Width.ShouldBeNull();
        ImageReader.Read(jpeg).Width.ShouldBeNull();

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(200_000);
    }

    [Theory]
    [InlineData("<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'></svg>", "svg")]
    [InlineData("RIFF\u0010\0\0\0WEBPVP8 ", "webp")]
    [InlineData("\0\0\0\u001CftypavifAAAA", "avif")]
    [InlineData("<html><svg></svg></html>", null)]
    [InlineData("", null)]
    public void Formats_that_are_not_decoded_are_named(string text, string? format) => ImageReader.Read(Encoding.Latin1.GetBytes(text)).ShouldBe(new ImageLook(format, null, null, null));

    [Fact]
    public void Icon_hashes_are_those_of_public_search_engines()
    {
        foreach (string line in File.ReadLines(Repository.RequireShared("fingerprints", "fuzzy", "favicon.jsonl")))
        {
            JsonElement row = JsonDocument.Parse(line).RootElement;
            if (!row.TryGetProperty("hex", out JsonElement hex))
            {
                continue;
            }

            IconFacts icon = IconReader.Read(Convert.FromHexString(hex.GetString()!), "https://a.example/favicon.ico");

            icon.Mmh3.ShouldBe(row.GetProperty("mmh3_base64_lines").GetInt32());
            icon.Sha256.ShouldBe(row.GetProperty("sha256").GetString());
            icon.Md5.ShouldBe(row.GetProperty("md5").GetString());
        }
    }

    private static byte[] Png(int width, int height, byte[] pixels)
    {
        using MemoryStream data = new();
        using (ZLibStream packed = new(data, CompressionLevel.Fastest, leaveOpen: true))
        {
            packed.Write(pixels);
        }

        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = 8;
        return [.. PngDecoder.Signature, .. Chunk("IHDR", header), .. Chunk("IDAT", data.ToArray()), .. Chunk("IEND", [])];
    }

    private static byte[] Chunk(string type, byte[] content)
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, content.Length);
        return [.. length, .. Encoding.ASCII.GetBytes(type), .. content, 0, 0, 0, 0];
    }
}
