using System.Text;
using Whorl.Kernel.Content;
using Whorl.Sources.Sites.Pages;
using Whorl.Sources.Sites.Pages.Html;
using Whorl.Sources.Sites.Pages.Identities;
using Whorl.Sources.Sites.Pages.Images;
using Whorl.Sources.Sites.Pages.Wallets;

namespace Whorl.Fuzz.Targets;

/// <summary>Targets of Whorl/Sources/Sites/Pages: pages, what in them belongs to somebody, and icons.</summary>
internal static class SiteFuzzTargets
{
    private static readonly IdentityCatalog Catalog = IdentityFiles.Read([IdentityFiles.Shipped], []);
    private static readonly PageReader Reader = new(Catalog);
    private static readonly Uri Site = new("https://fuzz.example/a/b");

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("site-page", Page, static () =>
        [
            "<!doctype html><html lang=a><head><meta charset=windows-1251><base href=/b/><title>t&amp;</title><link rel=icon href=a><meta http-equiv=refresh content='0;url=b'></head><body><!-- c --!><form action='//x.example'><input type=password name=\"p\"></form><svg><![CDATA[d]]><title>a</title></svg><script>e</script><textarea>&#x1F600;&copy</textarea>"u8.ToArray(),
            [0xFF, 0xFE, (byte)'<', 0, (byte)'p', 0, (byte)'>', 0],
        ]) { MaxAllocation = 8 * 1024 * 1024 },
        new("site-identities", input => Catalog.Find(Encoding.Latin1.GetString(input), Encoding.Latin1.GetString(input)).Count, static () =>
        [
            "gtag('config', 'G-7HB2KX91QZ'); fbq('init', '482915037264815'); mailto:a@b.example tel:+44 20 7946 0812 https://t.me/abcde SOL 7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"u8.ToArray(),
        ]) { MaxAllocation = 8 * 1024 * 1024 },
        new("site-identity-file", IdentityFile, static () => ["patterns:\n  - { kind: a, group: tracker, anchors: [ab], form: 'ab(?<id>[0-9]{2,4})', finds: [{ in: a, as: b }] }\nshared:\n  - { kind: a, values: [b] }\n"u8.ToArray()]) { MaxAllocation = 8 * 1024 * 1024 },
        new("site-wallet", input => HashCode.Combine(WalletAddress.Read(Encoding.Latin1.GetString(input))?.Kind, WalletAddress.IsSolana(Encoding.Latin1.GetString(input))), static () => ["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"u8.ToArray(), "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"u8.ToArray(), "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"u8.ToArray(), "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A"u8.ToArray()]),
        new("site-data-url", input => DataUrl.Read("data:" + Encoding.Latin1.GetString(input), 1000)?.Length ?? -1, static () => ["image/png;base64,AAAA"u8.ToArray(), ",%41b"u8.ToArray()]),
        new("site-icon-png", Image, static () => Pictures("png")) { MaxAllocation = 4 * 1024 * 1024 },
        new("site-icon-ico", Image, static () => Pictures("ico")) { MaxAllocation = 4 * 1024 * 1024 },
        new("site-icon-gif", Image, static () => Pictures("gif")) { MaxAllocation = 4 * 1024 * 1024 },
        new("site-icon-bmp", Image, static () => Pictures("bmp")) { MaxAllocation = 4 * 1024 * 1024 },
        new("site-icon-jpeg", Image, static () => Pictures("jpeg")) { MaxAllocation = 12 * 1024 * 1024 },
    ];

    private static int Page(ReadOnlySpan<byte> input)
    {
        PageReading page = Reader.Read(input, null, Site);
        return page.Facts.Elements > HtmlTree.MaxElements || page.Facts.Depth > HtmlTree.MaxDepth
            ? throw new InvalidOperationException("a tree beyond its bounds")
            : HashCode.Combine(page.Facts.Charset, page.Facts.Elements, page.Facts.Forms.Count, page.Facts.Title?.Length, page.Assets.Count, page.Icons.Count, page.Refresh?.Seconds);
    }

    private static int IdentityFile(ReadOnlySpan<byte> input)
    {
        List<ContentFault> faults = [];
        return HashCode.Combine(IdentityReader.Read("f", Encoding.Latin1.GetString(input), faults).Patterns.Count, faults.Count);
    }

    private static int Image(ReadOnlySpan<byte> input)
    {
        ImageLook look = ImageReader.Read(input);
        return look.Width > GreyGrid.MaxSide || look.Height > GreyGrid.MaxSide
            ? throw new InvalidOperationException("a picture beyond its bounds")
            : HashCode.Combine(look.Format, look.Width is null, look.Phash is null);
    }

    // Small ones that Pillow wrote.
    private static IEnumerable<byte[]> Pictures(string format) => SeedFiles.Fixture("images", "images.jsonl", format);
}
