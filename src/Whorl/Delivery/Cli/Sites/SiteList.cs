using Whorl.Sources.Sites.Scans;

namespace Whorl.Delivery.Cli.Sites;

/// <summary>Addresses of sites as people hand them in: pasted lines, or CSV with a header that names the column. Each is kept once, in its one form.</summary>
internal sealed class SiteList
{
    // A reported address is one line of a list, not a document.
    private const int MaxLine = 16 * 1024;

    // After so many the list is something else than a list of sites.
    private const int MaxFaults = 1000;

    private static readonly string[] Columns = ["url", "domain", "site", "host", "hostname", "address"];

    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    public List<string> Urls { get; } = [];

    /// <summary>What could not be taken, each with its place.</summary>
    public List<string> Faults { get; } = [];

    public async Task ReadAsync(TextReader reader, CancellationToken cancel)
    {
        int number = 0, column = -1;
        while (await reader.ReadLineAsync(cancel) is { } line)
        {
            number++;
            string text = line.Length > MaxLine ? "" : line.Trim().TrimStart('\uFEFF');
            if (text.Length == 0 || text[0] == '#')
            {
                if (line.Length > MaxLine)
                {
                    Fault($"line {number}: longer than {MaxLine} characters");
                }

                continue;
            }

            List<string> cells = Cells(text);
            if (number == 1 && cells.FindIndex(cell => Columns.Contains(cell.Trim(), StringComparer.OrdinalIgnoreCase)) is >= 0 and int named)
            {
                column = named;
                continue;
            }

            string wanted = column < 0 ? cells[0] : column < cells.Count ? cells[column] : "";
            Take(wanted, $"line {number}");
        }
    }

    public void Take(string text, string place)
    {
        if (!SiteAddress.TryParse(text, out SiteAddress? address))
        {
            Fault(place == text ? $"'{text}' is no address of a site" : $"{place}: '{text}' is no address of a site");
        }
        else if (_seen.Add(address.Url))
        {
            Urls.Add(address.Url);
        }
    }

    private void Fault(string fault)
    {
        if (Faults.Count < MaxFaults)
        {
            Faults.Add(fault);
        }
    }

    /// <summary>Cells of a line of CSV (RFC 4180), or of one parted by semicolons or tabs.</summary>
    private static List<string> Cells(string line)
    {
        char comma = line.Contains(',') ? ',' : line.Contains(';') ? ';' : '\t';
        List<string> cells = [];
        System.Text.StringBuilder cell = new();
        bool quoted = false;
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (quoted && c == '"' && i + 1 < line.Length && line[i + 1] == '"')
            {
                cell.Append(c);
                i++;
            }
            else if (c == '"')
            {
                quoted = !quoted;
            }
            else if (c == comma && !quoted)
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
        return cells;
    }
}
