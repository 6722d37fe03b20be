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
        : RefreshValue.TryParse(head.Get("Refresh"), out int seconds, out ReadOnlySpan<char> target) && seconds <= MaxSeconds ? new("refresh", target.ToString())
        : null;

    /// <summary>What the page itself says.</summary>
    public static Redirect? InPage(PageReading page) => page.Refresh is { Seconds: <= MaxSeconds } refresh ? new("meta", refresh.Url) : null;
}
