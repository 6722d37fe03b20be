using System.Buffers;
using System.Text;

namespace Whorl.Delivery.Api.Sites;

/// <summary>
/// Rows of comma-separated values (RFC 4180). What strangers wrote ends in somebody's spreadsheet: a value that such a program would take for a formula gets
/// a quote in front, and control characters are left out.
/// </summary>
internal static class Csv
{
    private static readonly SearchValues<char> Quoted = SearchValues.Create(",\"\r\n;");

    public static string Row(params ReadOnlySpan<string?> fields)
    {
        StringBuilder row = new();
        foreach (string? field in fields)
        {
            row.Append(Field(field ?? "")).Append(',');
        }

        row.Length--;
        return row.Append("\r\n").ToString();
    }

    public static string Field(string value)
    {
        string clean = value.Any(char.IsControl) ? string.Concat(value.Select(c => char.IsControl(c) ? ' ' : c)) : value;
        string safe = clean.TrimStart() is ['=' or '+' or '-' or '@' or '＝' or '＋' or '－' or '＠', ..] ? "'" + clean : clean;
        return safe.AsSpan().ContainsAny(Quoted) ? "\"" + safe.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"" : safe;
    }
}
