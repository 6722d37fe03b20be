using System.Net;
using Whorl.Sources.Probes.Asking;

namespace Whorl.Sources.Probes.Protocols.Http;

/// <summary>Finds the title of a page in its bytes, as far as a fingerprint needs it: no document is built.</summary>
internal static class HtmlTitle
{
    // Browsers show a line; what is longer is an attack on whoever reads it.
    private const int MaxLength = 4096;

    /// <summary>The text between the first title's tags, entities read, space folded; null where there is none.</summary>
    public static string? Find(ReadOnlySpan<byte> html)
    {
        string text = Attributes.Decode(html);
        int open = text.IndexOf("<title", StringComparison.OrdinalIgnoreCase);
        if (open < 0 || open + 6 >= text.Length || text[open + 6] is not ('>' or ' ' or '\t' or '\r' or '\n' or '/'))
        {
            return null;
        }

        int start = text.IndexOf('>', open);
        if (start < 0)
        {
            return null;
        }

        int end = text.IndexOf("</title", start, StringComparison.OrdinalIgnoreCase);
        string inner = text[(start + 1)..(end < 0 ? text.Length : end)];
        inner = WebUtility.HtmlDecode(inner.Length > MaxLength ? inner[..MaxLength] : inner);
        return string.Join(' ', inner.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)) is { Length: > 0 } title ? title : null;
    }
}
