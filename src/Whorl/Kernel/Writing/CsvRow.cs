using System.Buffers;
using System.Text;

namespace Whorl.Kernel.Writing;

/// <summary>
/// One row of separated values (RFC 4180, without line breaks inside cells). What strangers wrote ends in somebody's spreadsheet: a cell that such a program would
/// take for a formula gets an apostrophe in front, unless it is a number, and control characters become spaces.
/// </summary>
internal static class CsvRow
{
    private static readonly SearchValues<char> Quoted = SearchValues.Create(",\"\r\n;");

    /// <summary>A quote counts at the start of a cell; within one it is itself. False where a quote is not closed.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, char separator, out List<string> cells)
    {
        cells = [];
        StringBuilder cell = new();
        bool quoted = false;
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (quoted && c == '"' && i + 1 < line.Length && line[i + 1] == '"')
            {
                cell.Append('"');
                i++;
            }
            else if (c == '"' && (quoted || cell.Length == 0))
            {
                quoted = !quoted;
            }
            else if (c == separator && !quoted)
            {
                cells.Add(cell.ToString());
                cell.Clear();
            }
            else
            {
                cell.Append(c);
            }
        }

        cells.Add(cell.ToString());
        return !quoted;
    }

    /// <summary>A row with its line end.</summary>
    public static string Write(params ReadOnlySpan<string?> cells)
    {
        StringBuilder row = new();
        foreach (string? cell in cells)
        {
            row.Append(Cell(cell ?? "")).Append(',');
        }

        row.Length--;
        return row.Append("\r\n").ToString();
    }

    public static string Cell(string text)
    {
        string clean = text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)) : text;
        string safe = clean.TrimStart() is ['=' or '+' or '-' or '@' or '＝' or '＋' or '－' or '＠', ..] && !IsNumber(clean) ? "'" + clean : clean;
        return safe.AsSpan().ContainsAny(Quoted) ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }

    // A program that takes -247388890 for a formula comes to the same number; with an apostrophe nobody finds the hash again.
    private static bool IsNumber(ReadOnlySpan<char> text)
    {
        ReadOnlySpan<char> digits = text.StartsWith('-') ? text[1..] : text;
        int point = digits.IndexOf('.');
        return point < 0 ? IsDigits(digits) : IsDigits(digits[..point]) && IsDigits(digits[(point + 1)..]);
    }

    private static bool IsDigits(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExceptInRange('0', '9');
}
