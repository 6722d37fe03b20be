using System.Globalization;

namespace Whorl.Sources.Sites.Pages;

/// <summary>The value of a <c>Refresh</c> header or of <c>meta http-equiv=refresh</c>: seconds, then an address (the HTML standard's shared declarative refresh steps).</summary>
internal static class RefreshValue
{
    private const string Space = " \t\n\r\f";

    /// <summary>Reads a value that names an address; one of seconds alone, which only loads the page again, is none.</summary>
    /// <param name="seconds">The wait, without its fraction.</param>
    /// <param name="target">The address as written.</param>
    public static bool TryParse(ReadOnlySpan<char> value, out int seconds, out ReadOnlySpan<char> target)
    {
        value = value.Trim(Space);
        seconds = 0;
        target = default;
        int digits = value.IndexOfAnyExceptInRange('0', '9');
        if (digits < 0 || (digits == 0 && value[0] != '.'))
        {
            return false;
        }

        if (digits > 0 && !int.TryParse(value[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out seconds))
        {
            seconds = int.MaxValue;
        }

        value = value[digits..].TrimStart("0123456789.");
        if (value.IsEmpty || (value[0] is not (';' or ',') && !Space.Contains(value[0])))
        {
            return false;
        }

        value = value.TrimStart(Space);
        value = value[(value[0] is ';' or ',' ? 1 : 0)..].TrimStart(Space);
        if (value.StartsWith("url", StringComparison.OrdinalIgnoreCase) && value[3..].TrimStart(Space) is ['=', ..] named)
        {
            value = named[1..].TrimStart(Space);
        }

        if (value is ['\'' or '"', ..])
        {
            char quote = value[0];
            value = value[1..];
            value = value.IndexOf(quote) is >= 0 and int end ? value[..end] : value;
        }

        target = value.Trim(Space);
        return !target.IsEmpty;
    }
}
