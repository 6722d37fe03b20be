using System.Security.Cryptography;
using Whorl.Fingerprints.Fuzzy;
using Whorl.Sources.Sites.Pages.Identities;

namespace Whorl.Sources.Sites.Pages;

/// <summary>Reads the bytes of a page into facts. Any bytes: never throws, bounded in time and memory. One instance serves all threads.</summary>
/// <param name="identities">What is looked for.</param>
/// <param name="maxExternalDomains">Hosts of other sites that are kept of one page.</param>
internal sealed class PageReader(IdentityCatalog identities, int maxExternalDomains = 50)
{
    /// <param name="body">After decompression.</param>
    /// <param name="contentType">The whole value of the header, for its charset; null where there was none.</param>
    /// <param name="url">The page's own address, after redirects.</param>
    public PageReading Read(ReadOnlySpan<byte> body, string? contentType, Uri url)
    {
        return new()
        {
            Facts = new()
            {
                Bytes = body.Length,
                Sha256 = Convert.ToHexStringLower(SHA256.HashData(body)),
                Ssdeep = Ssdeep.Hash(body),
                Tlsh = Tlsh.Hash(body) is { Length: > 0 } tlsh ? tlsh : null,
                ExternalDomains = [.. new[] { url.Host }.Take(maxExternalDomains)],
                Identities = identities.Find(""),
            },
        };
    }
}
