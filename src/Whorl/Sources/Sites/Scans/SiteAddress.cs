using System.Diagnostics.CodeAnalysis;

namespace Whorl.Sources.Sites.Scans;

/// <summary>An address as jobs and scans name it: http or https, host in lower case and ASCII, no default port, no fragment, a path.</summary>
/// <param name="Url">The address.</param>
/// <param name="Site">Its host, without a port.</param>
internal sealed record SiteAddress(string Url, string Site)
{
    /// <summary>Characters of an address; browsers and servers agree on about as much.</summary>
    public const int MaxLength = 2048;

    /// <summary>Reads what a person or a list says: an address, or a host alone, which is taken for http. Marks of people who defang (<c>hxxp</c>, <c>[.]</c>) are undone.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out SiteAddress? url)
    {
        url = null;
        string wanted = (text ?? "").Trim();
        if (wanted.Length is 0 or > MaxLength)
        {
            return false;
        }

        if (wanted.StartsWith("hxxp", StringComparison.OrdinalIgnoreCase))
        {
            wanted = "http" + wanted[4..];
        }

        wanted = wanted.Replace("[.]", ".", StringComparison.Ordinal).Replace("(.)", ".", StringComparison.Ordinal).Replace("[:]", ":", StringComparison.Ordinal).Replace("[://]", "://", StringComparison.Ordinal);

        // A scheme stands before anything else: "://" in a path or a query is another address's.
        if (wanted.IndexOf("://", StringComparison.Ordinal) is var at && (at < 0 || at != wanted.AsSpan().IndexOfAny("/?#") - 1))
        {
            wanted = "http://" + wanted;
        }

        if (!Uri.TryCreate(wanted, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0)
        {
            return false;
        }

        try
        {
            string host = uri.IdnHost.ToLowerInvariant().TrimEnd('.');
            bool six = uri.HostNameType == UriHostNameType.IPv6;
            if (host.Length is 0 or > 253 || uri.Port == 0 || host.AsSpan().ContainsAnyExcept(Allowed) || (!six && host.Contains(':')))
            {
                return false;
            }

            string port = uri.IsDefaultPort ? "" : $":{uri.Port}";
            url = new($"{uri.Scheme}://{(six ? $"[{host}]" : host)}{port}{uri.PathAndQuery}", host);
            return url.Url.Length <= MaxLength;
        }
        catch (UriFormatException)
        {
            // A name that has no form in ASCII.
            return false;
        }
    }

    /// <summary>The host of an address that was normalised; the text itself where it is none.</summary>
    public static string SiteOf(string url) => TryParse(url, out SiteAddress? parsed) ? parsed.Site : url;

    private static readonly System.Buffers.SearchValues<char> Allowed = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_.:");
}
