using System.Security.Cryptography;
using System.Text;
using Whorl.Fingerprints.Fuzzy;
using Whorl.Sources.Sites.Pages.Identities;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Pages;

/// <summary>Reads the bytes of a page into facts. Any bytes: never throws, bounded in time and memory. One instance serves all threads.</summary>
/// <param name="identities">What is looked for.</param>
/// <param name="maxExternalDomains">Hosts of other sites that are kept of one page.</param>
/// <param name="sample">Characters of the page that are kept as its sample.</param>
internal sealed class PageReader(IdentityCatalog identities, int maxExternalDomains = 50, int sample = 2048)
{
    /// <summary>Bytes that are read as a page; hashes of the whole are made of all of them.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    /// <param name="body">After decompression.</param>
    /// <param name="contentType">The whole value of the header, for its charset; null where there was none.</param>
    /// <param name="url">The page's own address, after redirects: absolute, http or https.</param>
    public PageReading Read(ReadOnlySpan<byte> body, string? contentType, Uri url)
    {
        (string html, string charset) = PageCharset.Decode(body[..Math.Min(body.Length, MaxBytes)], contentType);
        PageWalk walk = new(url);
        walk.Walk(html);
        string text = walk.Text.ToString();
        byte[] textBytes = Encoding.UTF8.GetBytes(text);
        PageFacts facts = new()
        {
            Bytes = body.Length,
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(body)),
            Ssdeep = Digest(Ssdeep.Hash(body), body.Length),
            Tlsh = Digest(Tlsh.Hash(body), body.Length),
            TextBytes = textBytes.Length,
            TextSha256 = textBytes.Length == 0 ? null : Convert.ToHexStringLower(SHA256.HashData(textBytes)),
            TextSsdeep = Digest(Ssdeep.Hash(textBytes), textBytes.Length),
            TextTlsh = Digest(Tlsh.Hash(textBytes), textBytes.Length),
            Simhash = Simhash.Of(text),
            DomSha256 = walk.Tree.Finish(),
            Elements = walk.Tree.Elements,
            Depth = walk.Tree.Deepest,
            Cut = walk.Tree.Cut || body.Length > MaxBytes,
            Charset = charset,
            Title = walk.Title,
            Language = walk.Language,
            Generator = walk.Generator,
            Description = walk.Description,
            Forms = walk.Forms,
            Comments = walk.Comments,
            Scripts = walk.Scripts,
            ExternalDomains = [.. walk.Domains.Take(maxExternalDomains)],
            Iframes = walk.Iframes,
            Identities = identities.Find(html, text),
        };
        return new() { Facts = facts, Icons = walk.Icons, Assets = walk.Assets, Refresh = walk.Refresh, Sample = PageTexts.Sample(html, sample) };
    }

    // ssdeep gives a digest of nothing, TLSH none of little.
    private static string? Digest(string digest, int length) => length == 0 || digest.Length == 0 ? null : digest;
}
