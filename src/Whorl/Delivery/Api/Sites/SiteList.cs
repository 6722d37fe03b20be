using Whorl.Kernel.Writing;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Delivery.Api.Sites;

/// <summary>A line that names no site, and why.</summary>
internal sealed record RefusedLine(int Line, string Text, string Reason);

/// <summary>
/// Sites as people paste them: one a line, a CSV file with or without a header, defanged (<c>hxxps://evil[.]example</c>) or not.
/// A line that cannot be used is told with its number; the others count.
/// </summary>
internal sealed record SiteList(IReadOnlyList<string> Urls, int Doubled, int RefusedCount, IReadOnlyList<RefusedLine> Refused)
{
    /// <summary>A day's reports are thousands; what is longer is sent in parts.</summary>
    public const int MaxLines = 20_000;

    // A list with more faults than this is not the list that was meant.
    private const int MaxShown = 50;

    private const int MaxShownText = 80;

    private static readonly HashSet<string> Columns = new(StringComparer.OrdinalIgnoreCase) { "url", "urls", "domain", "host", "hostname", "site", "website", "indicator" };

    private static readonly char[] Separators = [',', ';', '\t'];

    public static SiteList Read(string text)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        List<string> urls = [];
        List<RefusedLine> refused = [];
        int doubled = 0, faults = 0, number = 0, column = -1;
        char separator = ',';
        bool first = true;
        foreach (ReadOnlySpan<char> raw in text.AsSpan().EnumerateLines())
        {
            number++;
            ReadOnlySpan<char> line = raw.Trim().TrimStart('\ufeff');
            if (line.IsEmpty || line[0] == '#')
            {
                continue;
            }

            if (first)
            {
                first = false;
                if (IsHeader(line, out separator, out column))
                {
                    continue;
                }
            }

            string fault = number > MaxLines ? $"only {MaxLines} lines are read at once; send the rest after" : "";
            string url = "";
            if (fault.Length > 0 || !TryNormalise(column >= 0 ? FieldOf(line, separator, column) : FirstOf(line), out url, out fault))
            {
                faults++;
                if (refused.Count < MaxShown)
                {
                    refused.Add(new(number, line.Length > MaxShownText ? line[..MaxShownText].ToString() + "…" : line.ToString(), fault));
                }

                if (number > MaxLines)
                {
                    break;
                }
            }
            else if (seen.Add(url))
            {
                urls.Add(url);
            }
            else
            {
                doubled++;
            }
        }

        return new(urls, doubled, faults, refused);
    }

    /// <summary>One address of a site as people write it; where it is none, why.</summary>
    public static bool TryNormalise(string text, out string url, out string fault)
    {
        // More ways to defang than an address itself undoes.
        string whole = text.Trim().Replace("[dot]", ".", StringComparison.OrdinalIgnoreCase).Replace("[:]", ":", StringComparison.Ordinal).Replace("[://]", "://", StringComparison.Ordinal);
        bool read = SiteAddress.TryParse(whole, out SiteAddress? site);
        fault = read && (site!.Site.Contains('.') || site.Site.Contains(':')) ? ""
            : read ? "no public name"
            : whole.Length == 0 ? "no address in this column"
            : whole.Length > SiteAddress.MaxLength ? $"longer than {SiteAddress.MaxLength} characters"
            : whole.IndexOf("://", StringComparison.Ordinal) is > 0 and int at && !whole[..at].StartsWith("http", StringComparison.OrdinalIgnoreCase) && !whole[..at].StartsWith("hxxp", StringComparison.OrdinalIgnoreCase) ? "only http and https are visited"
            : whole.Contains('@') ? "a user name stands in it"
            : "no address of a site";
        url = fault.Length == 0 ? site!.Url : "";
        return fault.Length == 0;
    }

    private static bool IsHeader(ReadOnlySpan<char> line, out char separator, out int column)
    {
        foreach (char each in Separators)
        {
            List<string> fields = Split(line, each);
            column = fields.FindIndex(Columns.Contains);
            if (column >= 0)
            {
                separator = each;
                return true;
            }
        }

        (separator, column) = (',', -1);
        return false;
    }

    private static string FieldOf(ReadOnlySpan<char> line, char separator, int column) => Split(line, separator) is var fields && column < fields.Count ? fields[column] : "";

    // Without a header a comma ends the host, never a path: paths may hold commas.
    private static string FirstOf(ReadOnlySpan<char> line)
    {
        if (line[0] == '"')
        {
            return Split(line, ',')[0];
        }

        int scheme = line.IndexOf("://", StringComparison.Ordinal), from = scheme < 0 ? 0 : scheme + 3;
        int path = line[from..].IndexOfAny('/', '?') is >= 0 and int at ? from + at : line.Length;
        int end = line[from..path].IndexOfAny(Separators) is >= 0 and int cut ? from + cut : line.Length;
        ReadOnlySpan<char> one = line[..end];
        return (one.IndexOfAny(' ', '\t') is >= 0 and int space ? one[..space] : one).ToString();
    }

    private static List<string> Split(ReadOnlySpan<char> line, char separator)
    {
        // A quote that is left open ends with the line.
        _ = CsvRow.TryParse(line, separator, out List<string> cells);
        return [.. cells.Select(cell => cell.Trim())];
    }
}
