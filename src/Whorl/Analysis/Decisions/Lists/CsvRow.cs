using System.Text;

namespace Whorl.Analysis.Decisions.Lists;

/// <summary>One row of comma-separated values (RFC 4180, without line breaks inside cells).</summary>
internal static class CsvRow
{
    public static bool IsValueName(string name) => name.Trim().ToLowerInvariant() is "value" or "cidr" or "ip" or "range" or "network" or "prefix" or "address";

    /// <summary>False where a quote is not closed.</summary>
    public static bool TryParse(string line, out List<string> cells)
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
            else if (c == '"')
            {
                quoted = !quoted;
            }
            else if (c == ',' && !quoted)
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

    public static string Write(params IEnumerable<string> cells) => string.Join(',', cells.Select(cell =>
        cell.AsSpan().ContainsAny(',', '"') ? $"\"{cell.Replace("\"", "\"\"")}\"" : cell));

    /// <summary>Free text as a cell: on one line, and with a mark in front of what a spreadsheet would run as a formula.</summary>
    public static string Text(string text)
    {
        text = text.ReplaceLineEndings(" ");
        return text is ['=' or '+' or '-' or '@' or '\t', ..] ? "'" + text : text;
    }
}
