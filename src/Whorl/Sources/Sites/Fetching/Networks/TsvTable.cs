using System.Globalization;
using Whorl.Kernel;
using Whorl.Kernel.Outbound;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Fetching.Networks;

/// <summary>A table of iptoasn.com in memory: half a million ranges take about 30 MB. Immutable.</summary>
internal sealed class TsvTable : IAddressTable
{
    private readonly UInt128[] _starts;
    private readonly UInt128[] _ends;
    private readonly int[] _owners;
    private readonly (uint Asn, string Country, string Name)[] _names;

    private TsvTable(List<(UInt128 Start, UInt128 End, int Owner)> rows, (uint, string, string)[] names)
    {
        rows.Sort((left, right) => left.Start.CompareTo(right.Start));
        _starts = [.. rows.Select(row => row.Start)];
        _ends = [.. rows.Select(row => row.End)];
        _owners = [.. rows.Select(row => row.Owner)];
        _names = names;
    }

    public static TsvTable? TryOpen(string path, out string? fault)
    {
        List<(UInt128, UInt128, int)> rows = [];
        Dictionary<(uint, string, string), int> owners = [];
        bool read = AsnTsv.TryReadFile(path, asn => asn != 0, row =>
        {
            (uint, string, string) owner = (row.Asn, row.Country, row.Name);
            if (!owners.TryGetValue(owner, out int index))
            {
                owners[owner] = index = owners.Count;
            }

            rows.Add((row.Start, row.End, index));
        }, out fault);
        return read ? new(rows, [.. owners.Keys]) : null;
    }

    public AddressFact Find(PeerAddress address)
    {
        int at = Array.BinarySearch(_starts, address.Bits);
        at = at >= 0 ? at : ~at - 1;
        if (at < 0 || address.Bits > _ends[at])
        {
            return new() { Ip = address.ToString() };
        }

        (uint asn, string country, string name) = _names[_owners[at]];
        return new()
        {
            Ip = address.ToString(),
            Asn = asn,
            AsName = name.Length > 0 ? name : null,
            Country = country.Length == 2 ? country.ToUpperInvariant() : null,
            Prefix = Prefix(address, _starts[at], _ends[at]),
        };
    }

    /// <summary>The largest prefix around an address that lies within a range: tables have ranges, people and rules prefixes.</summary>
    public static string Prefix(PeerAddress address, UInt128 start, UInt128 end)
    {
        int length = address.IsV4 ? 96 : 0;
        UInt128 mask, first;
        for (; ; length++)
        {
            mask = length == 0 ? 0 : UInt128.MaxValue << (128 - length);
            first = address.Bits & mask;
            if (first >= start && (first | ~mask) <= end)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{new PeerAddress(first)}/{(address.IsV4 ? length - 96 : length)}");
            }
        }
    }
}
