using System.Globalization;

namespace Whorl.Sources.Sites.Fetching;

/// <summary>Addresses that a page leads to, or consists of: which of them may be asked for, in one form.</summary>
internal static class WebAddress
{
    /// <summary>Characters of an address; servers take about as many.</summary>
    public const int MaxLength = 8192;

    // Ports of other protocols (the list of the Fetch standard, §2.9): an HTTP request must not be made to speak to a mail server.
    private static readonly HashSet<int> OtherProtocols =
    [
        0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389,
        427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566,
        6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
    ];

    /// <summary>Reads an absolute address. User, password and fragment are left out.</summary>
    /// <param name="fault">What is wrong with it.</param>
    public static Uri? Read(string text, out string? fault) => Check(text.Trim(), null, out fault);

    /// <summary>Where a redirect leads to.</summary>
    public static Uri? Resolve(Uri from, string location, out string? fault) => Check(location.Trim(), from, out fault);

    private static Uri? Check(string text, Uri? from, out string? fault)
    {
        fault = null;
        if (text.Length > MaxLength)
        {
            fault = $"an address of more than {MaxLength} characters";
            return null;
        }

        if (!(from is null ? Uri.TryCreate(text, UriKind.Absolute, out Uri? url) : Uri.TryCreate(from, text, out url)))
        {
            fault = "no address";
            return null;
        }

        if (url.Scheme is not ("http" or "https"))
        {
            fault = $"{url.Scheme}: is not visited, only http and https";
            return null;
        }

        try
        {
            string host = HostOf(url);
            if (host.Length is > 0 and <= 253 && host.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0 && !host.Contains('%'))
            {
                string authority = url.HostNameType == UriHostNameType.IPv6 ? $"[{host}]" : host;
                return new Uri($"{url.Scheme}://{authority}{(url.IsDefaultPort ? "" : string.Create(CultureInfo.InvariantCulture, $":{url.Port}"))}{url.PathAndQuery}");
            }
        }
        catch (UriFormatException)
        {
            // A name that has no form in ASCII.
        }

        fault = "no host that can be asked for";
        return null;
    }

    /// <summary>The host in lower case without a port; an IPv6 address without brackets.</summary>
    public static string HostOf(Uri url) => url.IdnHost.TrimEnd('.').Trim('[', ']').ToLowerInvariant();

    /// <summary>Whether the port is one of another protocol.</summary>
    public static bool IsOtherProtocol(Uri url) => OtherProtocols.Contains(url.Port);
}
