using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Whorl.Delivery.Cli;

/// <summary>
/// How every verb prints: data on standard output (a table on a terminal, tab-separated in a pipe, JSON where asked for), talk on standard error,
/// nothing from a peer unescaped.
/// </summary>
internal sealed class Output(TextWriter data, TextWriter talk, bool terminal)
{
    public static Output Console { get; } = new(System.Console.Out, System.Console.Error, !System.Console.IsOutputRedirected);

    /// <summary>True where a person reads standard output.</summary>
    public bool Terminal { get; } = terminal;

    public TextWriter Data { get; } = data;

    /// <summary>What failed and what to do next; returns the exit code for <c>return</c>.</summary>
    public int Fail(string error, string? hint = null, int code = ExitCode.Failed)
    {
        talk.WriteLine($"error: {Escape(error)}");
        if (hint is not null)
        {
            talk.WriteLine($"hint: {Escape(hint)}");
        }

        return code;
    }

    /// <summary>A sentence for the person, beside the data.</summary>
    public void Say(string sentence) => talk.WriteLine(Escape(sentence));

    /// <summary>The last line: what to run next. Only for people.</summary>
    public void Next(string command, string why)
    {
        if (Terminal)
        {
            talk.WriteLine($"next: {command}  ({why})");
        }
    }

    /// <summary>Rows under headers on a terminal; tab-separated without headers in a pipe.</summary>
    public void Table(IReadOnlyList<string> headers, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        List<string[]> cells = [.. rows.Select(row => row.Select(Escape).ToArray())];
        if (!Terminal)
        {
            cells.ForEach(row => Data.WriteLine(string.Join('\t', row)));
            return;
        }

        int[] widths = [.. headers.Select((header, i) => Math.Max(header.Length, cells.Select(row => row[i].Length).DefaultIfEmpty().Max()))];
        void Line(IEnumerable<string> row) => Data.WriteLine(string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
        Line(headers.Select(header => header.ToUpperInvariant()));
        cells.ForEach(Line);
    }

    /// <summary>One JSON text and a line end.</summary>
    public void Json(Action<Utf8JsonWriter> write)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text))
        {
            write(json);
        }

        Data.WriteLine(Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length));
    }

    /// <summary>
    /// Makes a text safe to print: control characters, line ends and characters that reverse or hide text become <c>\u001b</c> and the like,
    /// so that a peer can drive neither the terminal nor the eye. JSON needs none of this: its writer escapes.
    /// </summary>
    public static string Escape(string text)
    {
        int bad = text.AsSpan().IndexOfAnyExceptInRange(' ', '~');
        if (bad < 0)
        {
            return text;
        }

        StringBuilder safe = new(text.Length + 8);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned)
            {
                safe.Append(rune.Value <= 0xFFFF ? $"\\u{rune.Value:x4}" : $"\\U{rune.Value:x8}");
            }
            else
            {
                safe.Append(rune.ToString());
            }
        }

        return safe.ToString();
    }

    /// <summary>How long ago or until, for a person: <c>5m 3s</c>.</summary>
    public static string Span(TimeSpan span) => span <= TimeSpan.Zero ? "now" : Analysis.Decisions.DecisionTerm.Text(span);
}
