using System.Globalization;
using Whorl.Sources.Sites.Fetching.Wire;
using Whorl.Sources.Sites.Pages;

namespace Whorl.Sources.Sites.Fetching;

/// <summary>Where an answer sends its reader next.</summary>
/// <param name="By"><c>location</c>, <c>refresh</c> or <c>meta</c>.</param>
internal sealed record Redirect(string By, string Target)
{
    // A page that waits longer is meant to be read.
    private const int MaxSeconds = 15;

    /// <summary>Looks into the head.</summary>
    public static Redirect? InHead(ResponseHead head) =>
        head.Status is 301 or 302 or 303 or 307 or 308 && head.Get("Location") is { Length: > 0 } location ? new("location", location)
        : head.Get("Refresh") is { } refresh && Parse(refresh) is { } target ? new("refresh", target)
        : null;

    /// <summary>What the page itself says.</summary>
    public static Redirect? InPage(PageReading page) => page.Refresh is { Seconds: <= MaxSeconds } refresh ? new("meta", refresh.Url) : null;

    /// <summary>The address in a value like <c>0; url='/next'</c> (the steps of the HTML standard); null where there is none, or the wait is long.</summary>
    public static string? Parse(ReadOnlySpan<char> value)
    {
        value = value.Trim();
        int digits = value.IndexOfAnyExceptInRange('0', '9');
        ReadOnlySpan<char> seconds = digits < 0 ? value : value[..digits];
        if (digits < 0 || (seconds.IsEmpty && value[0] != '.') || (seconds.Length > 0 && (!int.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out int wait) || wait > MaxSeconds)))
        {
            return null;
        }

        value = value[digits..].TrimStart("0123456789.").TrimStart();
        if (value is not [';' or ',', ..])
        {
            return null;
        }

        value = value[1..].TrimStart();
        if (value.StartsWith("url", StringComparison.OrdinalIgnoreCase) && value[3..].TrimStart() is ['=', ..] named)
        {
            value = named[1..].TrimStart();
        }

        if (value is ['\'' or '"', ..])
        {
            char quote = value[0];
            value = value[1..];
            value = value.IndexOf(quote) is >= 0 and int end ? value[..end] : value;
        }

        value = value.Trim();
        return value.IsEmpty ? null : value.ToString();
    }
}
