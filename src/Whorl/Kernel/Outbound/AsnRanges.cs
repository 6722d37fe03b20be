namespace Whorl.Kernel.Outbound;

/// <summary>Which addresses belong to some autonomous systems, out of a table of all. Immutable.</summary>
internal sealed class AsnRanges
{
    public static readonly AsnRanges Empty = new([]);

    // Sorted by start; ranges of such a table do not overlap.
    private readonly (UInt128 Start, UInt128 End, uint Asn)[] _ranges;

    private AsnRanges((UInt128 Start, UInt128 End, uint Asn)[] ranges) => _ranges = ranges;

    /// <summary>The system that an address belongs to, of those that were asked for; 0 for any other.</summary>
    public uint Find(PeerAddress address)
    {
        int low = 0, high = _ranges.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            (UInt128 start, UInt128 end, uint asn) = _ranges[middle];
            if (address.Bits < start)
            {
                high = middle - 1;
            }
            else if (address.Bits > end)
            {
                low = middle + 1;
            }
            else
            {
                return asn;
            }
        }

        return 0;
    }

    /// <summary>Reads the ranges of <paramref name="wanted"/> out of the file; what is wrong with it otherwise.</summary>
    public static bool TryReadFile(string path, IReadOnlySet<uint> wanted, out AsnRanges ranges, out string? fault)
    {
        List<(UInt128 Start, UInt128 End, uint Asn)> found = [];
        bool read = AsnTsv.TryReadFile(path, wanted.Contains, row => found.Add((row.Start, row.End, row.Asn)), out fault);
        ranges = read ? Of(found) : Empty;
        return read;
    }

    /// <summary>Reads the ranges of <paramref name="wanted"/>.</summary>
    public static bool TryRead(TextReader text, IReadOnlySet<uint> wanted, out AsnRanges ranges, out string? fault)
    {
        List<(UInt128 Start, UInt128 End, uint Asn)> found = [];
        bool read = AsnTsv.TryRead(text, wanted.Contains, row => found.Add((row.Start, row.End, row.Asn)), out fault);
        ranges = read ? Of(found) : Empty;
        return read;
    }

    private static AsnRanges Of(List<(UInt128 Start, UInt128 End, uint Asn)> found)
    {
        found.Sort((left, right) => left.Start.CompareTo(right.Start));
        return new([.. found]);
    }
}
