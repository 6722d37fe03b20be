using System.Buffers;
using System.Globalization;
using System.Text;

namespace Whorl.Sources.Sites.Pages;

/// <summary>
/// 64 bits of a text that change little where the text changes little (Charikar 2002).
/// Words are runs of letters, marks and numbers of the basic plane; a character of a script without spaces (Han, kana, hangul, Thai) is a word.
/// Every three words in a row, joined by spaces, are hashed: FNV-1a of the UTF-8 bytes, 64 bits, then MurmurHash3's last mixing.
/// Each distinct hash counts once: bit i of the result is set where more of them have it than have it not. Fewer than three words are one.
/// </summary>
internal static class Simhash
{
    private const int Words = 3;

    // Characters that are read; what makes two texts alike shows long before.
    private const int MaxText = 1 << 20;

    /// <summary>In hex; null where the text has no word.</summary>
    public static string? Of(string text)
    {
        // Where the last words began; with the end of the newest, each shingle is a slice of `flat`.
        ReadOnlySpan<char> rest = text.AsSpan(0, Math.Min(text.Length, MaxText));
        byte[] flat = ArrayPool<byte>.Shared.Rent((rest.Length * 4) + 16);
        Span<int> starts = stackalloc int[Words];
        HashSet<ulong> seen = [];
        int words = 0;
        int length = 0;
        while (NextWord(ref rest, out ReadOnlySpan<char> word))
        {
            if (words > 0)
            {
                flat[length++] = (byte)' ';
            }

            starts[words % Words] = length;
            length += Encoding.UTF8.GetBytes(word, flat.AsSpan(length));
            words++;
            if (words >= Words)
            {
                seen.Add(Hash(flat.AsSpan(starts[words % Words]..length)));
            }
        }

        if (words is > 0 and < Words)
        {
            seen.Add(Hash(flat.AsSpan(0, length)));
        }

        ArrayPool<byte>.Shared.Return(flat);
        return words == 0 ? null : Sum(seen).ToString("x16", CultureInfo.InvariantCulture);
    }

    private static ulong Sum(HashSet<ulong> seen)
    {
        Span<int> set = stackalloc int[64];
        foreach (ulong hash in seen)
        {
            for (int bit = 0; bit < 64; bit++)
            {
                set[bit] += (int)(hash >> bit) & 1;
            }
        }

        ulong sum = 0;
        for (int bit = 0; bit < 64; bit++)
        {
            sum |= set[bit] * 2 > seen.Count ? 1UL << bit : 0;
        }

        return sum;
    }

    private static bool NextWord(ref ReadOnlySpan<char> text, out ReadOnlySpan<char> word)
    {
        int start = 0;
        while (start < text.Length && !IsWordChar(text[start]))
        {
            start++;
        }

        int end = start;
        if (end < text.Length)
        {
            do
            {
                end++;
            }
            while (end < text.Length && !IsWordAlone(text[end - 1]) && IsWordChar(text[end]) && !IsWordAlone(text[end]));
        }

        word = text[start..end];
        text = text[end..];
        return !word.IsEmpty;
    }

    private static bool IsWordChar(char c) => c < 128
        ? char.IsAsciiLetterOrDigit(c)
        : CharUnicodeInfo.GetUnicodeCategory(c) <= UnicodeCategory.OtherNumber;

    private static bool IsWordAlone(char c) => c is (>= '\u0E00' and <= '\u0E7F') or (>= '\u3040' and <= '\u30FF') or (>= '\u3400' and <= '\u9FFF') or (>= '\uAC00' and <= '\uD7AF');

    private static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (byte each in bytes)
        {
            hash = (hash ^ each) * 0x100000001B3;
        }

        hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCD;
        hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53;
        return hash ^ (hash >> 33);
    }
}
