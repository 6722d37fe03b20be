using System.Globalization;

namespace Whorl.Kernel.Outbound;

/// <summary>An entry of a list of those who are left alone: a prefix, or an autonomous system by number.</summary>
/// <param name="Prefix">The prefix, where <paramref name="Asn"/> is 0.</param>
/// <param name="Asn">The system's number, or 0.</param>
internal readonly record struct OptOut(Network Prefix, uint Asn)
{
    /// <summary>Reads <c>203.0.113.0/24</c>, <c>2001:db8::/32</c>, an address, or <c>AS64500</c>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out OptOut entry)
    {
        text = text.Trim();
        if (text.StartsWith("AS", StringComparison.OrdinalIgnoreCase))
        {
            bool read = uint.TryParse(text[2..], NumberStyles.None, CultureInfo.InvariantCulture, out uint asn) && asn != 0;
            entry = new(default, asn);
            return read;
        }

        bool parsed = Network.TryParse(text, out Network prefix);
        entry = new(prefix, 0);
        return parsed;
    }

    /// <summary>Reads a file of entries, one a line; the first faulty line is named.</summary>
    public static bool TryReadFile(string path, out IReadOnlyList<OptOut> entries, out string? fault)
    {
        List<OptOut> list = [];
        (entries, fault) = (list, null);
        try
        {
            int number = 0;
            foreach (string line in File.ReadLines(path))
            {
                number++;
                ReadOnlySpan<char> text = line.AsSpan();
                int remark = text.IndexOf('#');
                text = (remark < 0 ? text : text[..remark]).Trim();
                if (text.IsEmpty)
                {
                    continue;
                }

                if (!TryParse(text, out OptOut entry))
                {
                    fault = $"{path}:{number}: neither a prefix like 203.0.113.0/24 nor an autonomous system like AS64500";
                    return false;
                }

                list.Add(entry);
            }

            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            fault = error.Message;
            return false;
        }
    }

    public override string ToString() => Asn != 0 ? $"AS{Asn}" : Prefix.ToString();
}
