using System.Globalization;
using System.IO.Compression;

namespace Whorl.Kernel.Outbound;

/// <summary>A line of a table of autonomous systems.</summary>
internal readonly record struct AsnRow(UInt128 Start, UInt128 End, uint Asn, string Country, string Name);

/// <summary>Reads tables as iptoasn.com publishes them: tab-separated lines of start, end, number, country, name; gzipped or not.</summary>
internal static class AsnTsv
{
    /// <summary>Reads a file; what is wrong with it otherwise.</summary>
    public static bool TryReadFile(string path, Predicate<uint> wanted, Action<AsnRow> take, out string? fault)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            Span<byte> magic = stackalloc byte[2];
            bool zipped = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false) == 2 && magic is [0x1F, 0x8B];
            file.Position = 0;
            using StreamReader text = new(zipped ? new GZipStream(file, CompressionMode.Decompress) : file);
            return TryRead(text, wanted, take, out fault);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            fault = $"{path}: {error.Message}";
            return false;
        }
    }

    /// <summary>Hands over the rows of the systems that are wanted; the first faulty line ends it.</summary>
    public static bool TryRead(TextReader text, Predicate<uint> wanted, Action<AsnRow> take, out string? fault)
    {
        fault = null;
        int number = 0;
        Span<Range> fields = stackalloc Range[5];
        while (text.ReadLine() is { } line)
        {
            number++;
            int count = line.AsSpan().Split(fields, '\t');
            if (count < 3 || !uint.TryParse(line.AsSpan()[fields[2]], NumberStyles.None, CultureInfo.InvariantCulture, out uint asn))
            {
                fault = $"line {number}: not start, end and number of an autonomous system, parted by tabs";
                return false;
            }

            if (!wanted(asn))
            {
                continue;
            }

            ReadOnlySpan<char> first = line.AsSpan()[fields[0]], last = line.AsSpan()[fields[1]];
            if (!PeerAddress.TryParse(first, out PeerAddress start) || !PeerAddress.TryParse(last, out PeerAddress end) || end.Bits < start.Bits)
            {
                fault = $"line {number}: '{first}' to '{last}' is no range of addresses";
                return false;
            }

            take(new(start.Bits, end.Bits, asn, count > 3 ? line[fields[3]] : "", count > 4 ? line[fields[4]] : ""));
        }

        fault = number > 0 ? null : "the table is empty";
        return number > 0;
    }
}
