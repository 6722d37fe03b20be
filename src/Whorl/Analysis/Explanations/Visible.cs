using System.Globalization;
using System.Text;

namespace Whorl.Analysis.Explanations;

/// <summary>Makes what a peer hides in text visible: control characters, bidirectional marks, lone surrogates, odd spaces.</summary>
internal static class Visible
{
    public static string Text(string value)
    {
        if (value.All(IsPlain))
        {
            return value;
        }

        StringBuilder text = new(value.Length + 16);
        for (int i = 0; i < value.Length; i++)
        {
            char c = value[i];
            if (char.IsHighSurrogate(c) && i + 1 < value.Length && char.IsLowSurrogate(value[i + 1]) && CharUnicodeInfo.GetUnicodeCategory(value, i) != UnicodeCategory.Format)
            {
                text.Append(c).Append(value[++i]);
            }
            else if (IsPlain(c))
            {
                text.Append(c);
            }
            else if (c < ' ')
            {
                text.Append((char)(0x2400 + c)); // Unicode has a picture for each C0 control.
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"⟨U+{(int)c:X4}⟩");
            }
        }

        return text.ToString();
    }

    /// <summary>The same for text of several lines, whose line ends are ours.</summary>
    public static string Lines(string value) => string.Join('\n', value.Split('\n').Select(Text));

    private static bool IsPlain(char c) =>
        char.IsAscii(c) ? !char.IsControl(c)
        : char.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
