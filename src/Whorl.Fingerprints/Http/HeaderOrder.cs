using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;

namespace Whorl.Fingerprints.Http;

/// <summary>
/// Whorl's own fingerprint of the order and case of header names, for HTTP/1 and HTTP/2 alike.
/// <para>
/// Definition: take the header names in the order sent and in the case sent; leave out pseudo-headers and the names that
/// speak of one request rather than of the client (<c>Cookie</c>, <c>Referer</c>, <c>Origin</c>, <c>Authorization</c>,
/// <c>Proxy-Authorization</c>, <c>Range</c>, <c>Pragma</c>, <c>Cache-Control</c>, <c>Via</c>, <c>Forwarded</c> and
/// everything that begins with <c>If-</c>, <c>Content-</c> or <c>X-Forwarded-</c>; compared without case); join them with
/// commas; the fingerprint is <c>ho1_</c> and the first 16 lower-case hex digits of the SHA-256 of that text.
/// </para>
/// </summary>
public static class HeaderOrder
{
    private const int HashDigits = 16;

    private static readonly FrozenSet<string> OfOneRequest = FrozenSet.ToFrozenSet(
        ["Cookie", "Referer", "Origin", "Authorization", "Proxy-Authorization", "Range", "Pragma", "Cache-Control", "Via", "Forwarded"],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>All names, joined by commas; the readable form.</summary>
    /// <param name="names">Header names in the order and case sent.</param>
    public static string Text(IEnumerable<string> names) => string.Join(',', names);

    /// <summary>The text that is hashed: the names that speak of the client, joined by commas.</summary>
    /// <param name="names">Header names in the order and case sent.</param>
    public static string StableText(IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        StringBuilder text = new();
        foreach (string name in names)
        {
            if (SpeaksOfClient(name))
            {
                _ = (text.Length > 0 ? text.Append(',') : text).Append(name);
            }
        }

        return text.ToString();
    }

    /// <summary>The fingerprint, such as <c>ho1_0123456789abcdef</c>.</summary>
    /// <param name="names">Header names in the order and case sent.</param>
    public static string Hash(IEnumerable<string> names)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        _ = SHA256.HashData(Encoding.Latin1.GetBytes(StableText(names)), digest);
        return $"ho1_{Convert.ToHexStringLower(digest[..(HashDigits / 2)])}";
    }

    private static bool SpeaksOfClient(string name) =>
        !name.StartsWith(':')
        && !name.StartsWith("If-", StringComparison.OrdinalIgnoreCase)
        && !name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase)
        && !name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase)
        && !OfOneRequest.Contains(name);
}
