using System.Globalization;

namespace Whorl.Sources.Sites.Pages.Identities;

/// <summary>Mail addresses in a page's text: around each <c>@</c>, and those that Cloudflare hides (<c>data-cfemail</c>).</summary>
internal static class MailAddresses
{
    // RFC 5321 §4.5.3.1.
    private const int MaxLocal = 64;
    private const int MaxDomain = 253;

    // @ of one page that are looked at.
    private const int MaxTries = 5000;

    private const string Hidden = "data-cfemail=";

    // What stands behind a dot and is no top-level domain: files, such as logo@2x.png, and packages, such as pkg@1.2.min.js.
    private static readonly HashSet<string> NoDomains = new(StringComparer.Ordinal) { "png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico", "css", "js", "mjs", "map", "json", "html", "php", "woff", "woff2" };

    public static void Find(string html, IdentityList found)
    {
        ReadOnlySpan<char> text = html;
        int at = -1;
        for (int tries = 0; tries < MaxTries; tries++)
        {
            int next = text[(at + 1)..].IndexOf('@');
            if (next < 0)
            {
                break;
            }

            at += 1 + next;
            if (Around(text, at) is { } address)
            {
                found.Add("contact", "email", address);
            }
        }

        FindHidden(text, found);
    }

    private static string? Around(ReadOnlySpan<char> text, int at)
    {
        int start = at;
        while (start > 0 && at - start < MaxLocal && IsLocal(text[start - 1]))
        {
            start--;
        }

        int end = at + 1;
        while (end < text.Length && end - at <= MaxDomain && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '.' or '-'))
        {
            end++;
        }

        ReadOnlySpan<char> local = text[start..at].TrimStart(".-_+%'");
        ReadOnlySpan<char> domain = text[(at + 1)..end].TrimEnd(".-");

        // "%20name@…" is a space and a name.
        local = local.StartsWith("20", StringComparison.Ordinal) && start > 0 && text[start..at].StartsWith("%20", StringComparison.Ordinal) ? local[2..] : local;
        int dot = domain.LastIndexOf('.');
        bool whole = !local.IsEmpty && !local.EndsWith(".", StringComparison.Ordinal) && dot > 0 && IsTopLevel(domain[(dot + 1)..]) && char.IsAsciiLetterOrDigit(domain[0]) && !domain.Contains("..", StringComparison.Ordinal);

        // Before it no path and no credentials of an address (https://user:word@host), no key of an error tracker.
        bool free = start == 0 || text[start - 1] is not ('/' or ':' or '@') || text[..start].EndsWith("mailto:", StringComparison.OrdinalIgnoreCase);
        return whole && free ? $"{local}@{domain}".ToLowerInvariant() : null;
    }

    private static bool IsLocal(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '%' or '+' or '-' or '\'';

    private static bool IsTopLevel(ReadOnlySpan<char> label) =>
        (label.Length is >= 2 and <= 24 && !label.ContainsAnyExceptInRange('A', 'z') && !NoDomains.Contains(label.ToString().ToLowerInvariant())) || label.StartsWith("xn--", StringComparison.OrdinalIgnoreCase);

    // The first byte is a key; the others are the address, each by XOR with it.
    private static void FindHidden(ReadOnlySpan<char> text, IdentityList found)
    {
        Span<char> plain = stackalloc char[MaxLocal + 1 + MaxDomain];
        int at = 0;
        for (int tries = 0; tries < MaxTries; tries++)
        {
            int next = text[at..].IndexOf(Hidden, StringComparison.OrdinalIgnoreCase);
            if (next < 0)
            {
                return;
            }

            at += next + Hidden.Length;
            ReadOnlySpan<char> hex = text[at..].TrimStart("\"'");
            int digits = 0;
            while (digits < hex.Length && digits < 2 * plain.Length && char.IsAsciiHexDigit(hex[digits]))
            {
                digits++;
            }

            int length = (digits / 2) - 1;
            for (int i = 0; i < length; i++)
            {
                plain[i] = (char)(Byte(hex, 0) ^ Byte(hex, i + 1));
            }

            int sign = length > 0 ? plain[..length].IndexOf('@') : -1;
            if (sign > 0 && Around(plain[..length], sign) is { } address)
            {
                found.Add("contact", "email", address);
            }
        }
    }

    private static byte Byte(ReadOnlySpan<char> hex, int index) => byte.Parse(hex.Slice(index * 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
