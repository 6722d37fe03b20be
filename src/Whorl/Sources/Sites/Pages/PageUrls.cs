namespace Whorl.Sources.Sites.Pages;

/// <summary>Addresses as a page writes them, made absolute against the page's own or its base. Never throws.</summary>
internal sealed class PageUrls
{
    // Longer than browsers show and servers take; a longer one is data.
    public const int MaxUrl = 2048;

    // Authorities of one page that are looked at; each costs the reading of a URL.
    private const int MaxHosts = 2000;

    private readonly Dictionary<string, string?> _hosts = new(StringComparer.Ordinal);
    private readonly Uri _page;
    private Uri _base;
    private bool _hasBase;

    public PageUrls(Uri page) => _page = _base = page;

    /// <summary>The first <c>&lt;base href&gt;</c> of a page; it holds for what follows it.</summary>
    public void Base(string written)
    {
        if (!_hasBase && Resolve(written) is { } url)
        {
            (_base, _hasBase) = (url, true);
        }
    }

    /// <summary>Absolute, http or https; null for any other scheme and for what makes no sense.</summary>
    public Uri? Resolve(string written)
    {
        string text = Clean(written);
        return text.Length <= MaxUrl && Uri.TryCreate(_base, text, out Uri? url) && url.Scheme is "http" or "https" && HostOf(url) is { Length: > 0 } ? url : null;
    }

    /// <summary>The same as text without a fragment, bounded.</summary>
    public string? ResolveText(string written)
    {
        if (Resolve(written) is not { } url)
        {
            return null;
        }

        string text = url.GetComponents(UriComponents.AbsoluteUri & ~UriComponents.Fragment, UriFormat.UriEscaped);
        return text.Length <= MaxUrl ? text : null;
    }

    /// <summary>Host of an address that names one, in lower case; null for a path, another scheme, and the page's own site.</summary>
    public string? ForeignHost(ReadOnlySpan<char> written)
    {
        ReadOnlySpan<char> text = written.Trim(" \t\n\r\f");
        int at = text.StartsWith("http:", StringComparison.OrdinalIgnoreCase) ? 5 : text.StartsWith("https:", StringComparison.OrdinalIgnoreCase) ? 6 : 0;
        text = text[at..];
        int slashes = Math.Max(0, text.IndexOfAnyExcept('/', '\\'));
        if (at == 0 && slashes < 2)
        {
            return null;
        }

        text = text[slashes..];
        int end = text.IndexOfAny("/\\?#");
        ReadOnlySpan<char> authority = end < 0 ? text : text[..end];
        if (authority.IsEmpty || authority.Length > MaxUrl)
        {
            return null;
        }

        Dictionary<string, string?>.AlternateLookup<ReadOnlySpan<char>> known = _hosts.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!known.TryGetValue(authority, out string? host) && _hosts.Count < MaxHosts)
        {
            host = Uri.TryCreate($"http://{authority}/", UriKind.Absolute, out Uri? url) && HostOf(url) is { Length: > 0 and <= 253 } name && !IsSameSite(url) ? name.ToLowerInvariant() : null;
            known[authority] = host;
        }

        return host;
    }

    /// <summary>Whether it is the page's host, or one of the two is the other's parent. <c>www.</c> is no difference.</summary>
    public bool IsSameSite(Uri url)
    {
        ReadOnlySpan<char> one = Bare(HostOf(url) ?? "");
        ReadOnlySpan<char> other = Bare(HostOf(_page) ?? "");
        return one.Equals(other, StringComparison.OrdinalIgnoreCase) || IsUnder(one, other) || IsUnder(other, one);
    }

    // Null for a name that has no form in ASCII: the framework takes it and throws when it is asked for.
    private static string? HostOf(Uri url)
    {
        try
        {
            return url.IdnHost;
        }
        catch (UriFormatException)
        {
            return null;
        }
    }

    private static ReadOnlySpan<char> Bare(string host) => host.StartsWith("www.", StringComparison.OrdinalIgnoreCase) ? host.AsSpan(4) : host;

    // A name without a dot (com, localhost) is nobody's parent.
    private static bool IsUnder(ReadOnlySpan<char> host, ReadOnlySpan<char> parent) =>
        host.Length > parent.Length + 1 && parent.Contains('.') && host[host.Length - parent.Length - 1] == '.' && host.EndsWith(parent, StringComparison.OrdinalIgnoreCase) && !char.IsAsciiDigit(parent[^1]);

    // Browsers drop tabs and line ends anywhere in an address.
    private static string Clean(string written)
    {
        string text = written.Trim(' ', '\t', '\n', '\r', '\f');
        return text.AsSpan().IndexOfAny('\t', '\n', '\r') < 0 ? text : string.Concat(text.Where(static c => c is not ('\t' or '\n' or '\r')));
    }
}
