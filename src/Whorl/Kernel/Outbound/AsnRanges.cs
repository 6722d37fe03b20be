using System.Globalization;
using System.IO.Compression;

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
        (ranges, fault) = (Empty, null);
        try
        {
            using FileStream file = File.OpenRead(path);
            Span<byte> magic = stackalloc byte[2];
            bool zipped = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false) == 2 && magic is [0x1F, 0x8B];
            file.Position = 0;
            using StreamReader text = new(zipped ? new GZipStream(file, CompressionMode.Decompress) : file);
            return TryRead(text, wanted, out ranges, out fault);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            fault = $"{path}: {error.Message}";
            return false;
        }
    }

    /// <summary>Reads tab-separated lines of start, end, number, country, name.</summary>
    public static bool TryRead(TextReader text, IReadOnlySet<uint> wanted, out AsnRanges ranges, out string? fault)
    {
        (ranges, fault) = (Empty, null);
        List<(UInt128 Start, UInt128 End, uint Asn)> found = [];
        int number = 0;
        while (text.ReadLine() is { } line)
        {
            number++;
            string[] fields = line.Split('\t', 4);
            if (fields.Length < 3 || !uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint asn))
            {
                fault = $"line {number}: not start, end and number of an autonomous system, parted by tabs";
                return false;
            }

            if (!wanted.Contains(asn))
            {
                continue;
            }

            if (!PeerAddress.TryParse(fields[0], out PeerAddress start) || !PeerAddress.TryParse(fields[1], out PeerAddress end) || end.Bits < start.Bits)
            {
                fault = $"line {number}: '{fields[0]}' to '{fields[1]}' is no range of addresses";
                return false;
            }

            found.Add((start.Bits, end.Bits, asn));
        }

        found.Sort((left, right) => left.Start.CompareTo(right.Start));
        ranges = new([.. found]);
        return number > 0 || Fail("the table is empty", out fault);
    }

    private static bool Fail(string why, out string? fault)
    {
        fault = why;
        return false;
    }
}
