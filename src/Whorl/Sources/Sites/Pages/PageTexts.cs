using System.Security.Cryptography;
using System.Text;
using Whorl.Sources.Sites.Pages.Html;

namespace Whorl.Sources.Sites.Pages;

/// <summary>Texts of strangers, made short and plain.</summary>
internal static class PageTexts
{
    /// <summary>References replaced, control characters and white space folded to single spaces, at most so many characters; null where nothing is left.</summary>
    public static string? Line(ReadOnlySpan<char> written, int max, bool inAttribute = false)
    {
        // Three times as much as is kept: what white space takes is not read for ever.
        ReadOnlySpan<char> head = written.TrimStart();
        string text = HtmlEntities.Decode(head[..Math.Min(head.Length, max * 3)], inAttribute);
        StringBuilder line = new(Math.Min(text.Length, max));
        foreach (char c in text)
        {
            if (line.Length >= max)
            {
                break;
            }

            if (!char.IsWhiteSpace(c) && !char.IsControl(c))
            {
                line.Append(c);
            }
            else if (line.Length > 0 && line[^1] != ' ')
            {
                line.Append(' ');
            }
        }

        if (line.Length > 0 && (line[^1] == ' ' || char.IsHighSurrogate(line[^1])))
        {
            line.Length--;
        }

        return line.Length == 0 ? null : line.ToString();
    }

    /// <summary>The first characters, line ends kept, other control characters left out.</summary>
    public static string Sample(ReadOnlySpan<char> text, int max)
    {
        StringBuilder sample = new(Math.Min(text.Length, max));
        foreach (char c in text[..Math.Min(text.Length, max)])
        {
            if (!char.IsControl(c) || c is '\n' or '\t')
            {
                sample.Append(c);
            }
        }

        sample.Length -= sample.Length > 0 && char.IsHighSurrogate(sample[^1]) ? 1 : 0;
        return sample.ToString();
    }

    /// <summary>SHA-256 of the text as UTF-8, in hex, and how many bytes that are.</summary>
    public static (string Sha256, int Bytes) Hash(ReadOnlySpan<char> text)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, bytes);
        return (Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.Length);
    }
}
