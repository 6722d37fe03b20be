using Whorl.Analysis.Explanations;

namespace Whorl.Delivery.WebConsole.Sites;

/// <summary>Text of strangers, as pages print it.</summary>
internal static class StrangeText
{
    /// <summary>Cut, with hidden characters shown; and cut again, for a text of nothing but those grows by the showing.</summary>
    public static string Of(string text, int most)
    {
        string shown = Visible.Text(text.Length > most ? text[..most] + "…" : text);
        return shown.Length > 2 * most + 1 ? Visible.Text(shown[..(2 * most)]) + "…" : shown;
    }

    /// <summary>The same for several lines.</summary>
    public static string Lines(string text, int most)
    {
        string shown = Visible.Lines(text.Length > most ? text[..most] + "\n…" : text);
        return shown.Length > 2 * most + 2 ? Visible.Lines(shown[..(2 * most)]) + "\n…" : shown;
    }
}
