using System.Text;

namespace Whorl.Fingerprints.Http;

/// <summary>
/// Reads the names out of the first header block of a connection (RFC 7541), when the dynamic table is still empty.
/// Values are only measured: they decide what the dynamic table evicts.
/// </summary>
internal static class Hpack
{
    // Kestrel stops at 100 headers, Apache at 100, nginx by size; more than this is an attack.
    private const int MaxHeaders = 256;

    // SETTINGS_HEADER_TABLE_SIZE before the server has said otherwise (RFC 9113 §6.5.2).
    private const int MaxTableSize = 4096;

    // RFC 7541 §4.1: every entry counts 32 bytes more than its texts.
    private const int EntryOverhead = 32;

    // RFC 7541 Appendix A, names only, from index 1.
    private static readonly string[] StaticNames =
    [
        ":authority", ":method", ":method", ":path", ":path", ":scheme", ":scheme", ":status", ":status", ":status", ":status",
        ":status", ":status", ":status", "accept-charset", "accept-encoding", "accept-language", "accept-ranges", "accept",
        "access-control-allow-origin", "age", "allow", "authorization", "cache-control", "content-disposition", "content-encoding",
        "content-language", "content-length", "content-location", "content-range", "content-type", "cookie", "date", "etag", "expect",
        "expires", "from", "host", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "last-modified",
        "link", "location", "max-forwards", "proxy-authenticate", "proxy-authorization", "range", "referer", "refresh", "retry-after",
        "server", "set-cookie", "strict-transport-security", "transfer-encoding", "user-agent", "vary", "via", "www-authenticate",
    ];

    // Lengths of the values that stand in the static table, where an entry may be copied by index.
    private static int StaticValueLength(int index) => index switch
    {
        2 or 8 or 9 or 10 or 11 or 12 or 13 or 14 => 3,
        3 or 6 => 4,
        4 => 1,
        5 => 11,
        7 => 5,
        16 => 13,
        _ => 0,
    };

    public static bool TryReadNames(ReadOnlySpan<byte> block, out string[]? names)
    {
        names = null;
        List<string> found = [];
        List<(string Name, int Size)> table = [];
        int tableLimit = MaxTableSize;
        while (!block.IsEmpty)
        {
            byte first = block[0];
            bool sizeUpdate = first >> 5 == 1;
            bool indexed = first >> 7 == 1;
            bool stored = first >> 6 == 1;
            int prefix = indexed ? 7 : stored ? 6 : sizeUpdate ? 5 : 4;
            if (!TryReadInteger(ref block, prefix, out int index))
            {
                return false;
            }

            if (!indexed && !stored && sizeUpdate)
            {
                if (index > MaxTableSize)
                {
                    return false;
                }

                tableLimit = index;
                Evict(table, tableLimit);
                continue;
            }

            if (!TryReadField(ref block, index, indexed, table, out string name, out int size) || found.Count == MaxHeaders)
            {
                return false;
            }

            found.Add(name);
            if (stored)
            {
                table.Insert(0, (name, size));
                Evict(table, tableLimit);
            }
        }

        names = [.. found];
        return true;
    }

    private static bool TryReadField(
        ref ReadOnlySpan<byte> block,
        int index,
        bool indexed,
        List<(string Name, int Size)> table,
        out string name,
        out int size)
    {
        size = 0;
        name = "";
        if (index == 0)
        {
            if (indexed || !TryReadText(ref block, out byte[]? literal, out _, keep: true))
            {
                return false;
            }

            name = Encoding.Latin1.GetString(literal!);
        }
        else if (index <= StaticNames.Length)
        {
            name = StaticNames[index - 1];
            size = StaticValueLength(index);
        }
        else if (index - StaticNames.Length - 1 < table.Count)
        {
            (name, size) = table[index - StaticNames.Length - 1];
        }
        else
        {
            return false;
        }

        if (!indexed)
        {
            if (!TryReadText(ref block, out _, out int valueLength, keep: false))
            {
                return false;
            }

            size = EntryOverhead + name.Length + valueLength;
        }

        return true;
    }

    private static void Evict(List<(string Name, int Size)> table, int limit)
    {
        int total = 0;
        for (int i = 0; i < table.Count; i++)
        {
            total += table[i].Size;
            if (total > limit)
            {
                table.RemoveRange(i, table.Count - i);
                return;
            }
        }
    }

    // RFC 7541 §5.1. Numbers beyond 2^28 can be neither an index nor a length here.
    private static bool TryReadInteger(ref ReadOnlySpan<byte> block, int prefixBits, out int value)
    {
        value = 0;
        if (block.IsEmpty)
        {
            return false;
        }

        int mask = (1 << prefixBits) - 1;
        value = block[0] & mask;
        block = block[1..];
        if (value < mask)
        {
            return true;
        }

        for (int shift = 0; shift <= 21; shift += 7)
        {
            if (block.IsEmpty)
            {
                return false;
            }

            byte next = block[0];
            block = block[1..];
            value += (next & 0x7F) << shift;
            if (next < 0x80)
            {
                return true;
            }
        }

        return false;
    }

    private static bool TryReadText(ref ReadOnlySpan<byte> block, out byte[]? text, out int length, bool keep)
    {
        text = null;
        length = 0;
        bool huffman = !block.IsEmpty && block[0] >= 0x80;
        if (!TryReadInteger(ref block, 7, out int coded) || coded > block.Length)
        {
            return false;
        }

        ReadOnlySpan<byte> bytes = block[..coded];
        block = block[coded..];
        if (huffman)
        {
            return HpackHuffman.TryDecode(bytes, keep, out text, out length);
        }

        text = keep ? bytes.ToArray() : null;
        length = coded;
        return true;
    }
}
