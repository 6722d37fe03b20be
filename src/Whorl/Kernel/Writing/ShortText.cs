namespace Whorl.Kernel.Writing;

/// <summary>Texts of strangers at a length that fits.</summary>
internal static class ShortText
{
    /// <summary>The beginning of a text, with no half of a surrogate pair at its end: no encoding has room for one.</summary>
    public static string Cut(string text, int length)
    {
        if (text.Length <= length)
        {
            return text;
        }

        return text[..(length > 0 && char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
    }
}
