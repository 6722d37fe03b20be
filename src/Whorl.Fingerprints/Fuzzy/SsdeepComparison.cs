using System.Globalization;
using System.Numerics;

namespace Whorl.Fingerprints.Fuzzy;

/// <summary>The score of two ssdeep digests, as libfuzzy 2.14 gives it.</summary>
internal static class SsdeepComparison
{
    public const int NotADigest = -1;

    // Parts that share no run of this many characters score 0: the length of the rolling window.
    private const int CommonRun = 7;

    // Runs of one character say little; longer ones are cut to this before comparing.
    private const int LongestRepeat = 3;

    private const int MaxPart = SsdeepHasher.PartLength;

    // From this block size on a score is not capped.
    private const ulong UncappedBlock = 45;

    private const int Alphabet = 128;

    public static int Score(ReadOnlySpan<char> first, ReadOnlySpan<char> second)
    {
        if (!TryBlock(ref first, out ulong firstBlock) || !TryBlock(ref second, out ulong secondBlock))
        {
            return NotADigest;
        }

        if (firstBlock != secondBlock && !IsDouble(firstBlock, secondBlock) && !IsDouble(secondBlock, firstBlock))
        {
            return 0;
        }

        Span<char> first1 = stackalloc char[MaxPart];
        Span<char> first2 = stackalloc char[MaxPart];
        Span<char> second1 = stackalloc char[MaxPart];
        Span<char> second2 = stackalloc char[MaxPart];
        if (!TryParts(first, first1, first2, out int first1Length, out int first2Length)
            || !TryParts(second, second1, second2, out int second1Length, out int second2Length))
        {
            return NotADigest;
        }

        first1 = first1[..first1Length];
        first2 = first2[..first2Length];
        second1 = second1[..second1Length];
        second2 = second2[..second2Length];

        if (firstBlock != secondBlock)
        {
            return firstBlock < secondBlock ? Score(first2, second1, secondBlock) : Score(first1, second2, firstBlock);
        }

        if (first1.SequenceEqual(second1) && first2.SequenceEqual(second2))
        {
            return 100;
        }

        // A block size that cannot be doubled has no second part worth a look.
        int score = Score(first1, second1, firstBlock);
        return firstBlock > ulong.MaxValue / 2 ? score : Math.Max(score, Score(first2, second2, firstBlock * 2));
    }

    private static bool IsDouble(ulong block, ulong other) => block <= ulong.MaxValue / 2 && block * 2 == other;

    /// <summary>
    /// Reads the number in front, by the rules of C's strtoul. As in libfuzzy the text up to the colon is not looked at, and a missing colon
    /// is noticed only after the block sizes were compared.
    /// </summary>
    private static bool TryBlock(ref ReadOnlySpan<char> digest, out ulong block)
    {
        digest = digest.TrimStart(" \t\n\v\f\r");
        bool negative = digest.StartsWith('-');
        digest = negative || digest.StartsWith('+') ? digest[1..] : digest;
        int digits = digest.IndexOfAnyExceptInRange('0', '9');
        digits = digits < 0 ? digest.Length : digits;
        if (!ulong.TryParse(digest[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out block))
        {
            block = ulong.MaxValue;
        }
        else if (negative)
        {
            block = 0 - block;
        }

        int colon = digest.IndexOf(':');
        digest = colon < 0 ? default : digest[(colon + 1)..];
        return digits > 0;
    }

    private static bool TryParts(ReadOnlySpan<char> digest, Span<char> part1, Span<char> part2, out int length1, out int length2)
    {
        int colon = digest.IndexOf(':');
        length1 = colon < 0 ? -1 : Shorten(digest[..colon], part1);
        ReadOnlySpan<char> rest = digest[(colon + 1)..];
        int comma = rest.IndexOf(',');
        length2 = Shorten(comma < 0 ? rest : rest[..comma], part2);
        return length1 >= 0 && length2 >= 0;
    }

    /// <summary>Copies a part without the ends of its long runs; the length, or -1 where it is not ASCII or too long.</summary>
    private static int Shorten(ReadOnlySpan<char> source, Span<char> part)
    {
        int length = 0;
        int repeat = 0;
        char previous = '\0';
        foreach (char c in source)
        {
            repeat = c == previous ? repeat + 1 : 1;
            previous = c;
            if (repeat > LongestRepeat)
            {
                continue;
            }

            if (length == part.Length || c >= Alphabet)
            {
                return -1;
            }

            part[length++] = c;
        }

        return length;
    }

    private static int Score(ReadOnlySpan<char> a, ReadOnlySpan<char> b, ulong block)
    {
        if (a.Length < CommonRun || b.Length < CommonRun)
        {
            return 0;
        }

        // Bit i of places[c] tells whether a[i] is c: both the run search and the edit distance work on whole words.
        Span<ulong> places = stackalloc ulong[Alphabet];
        for (int i = 0; i < a.Length; i++)
        {
            places[a[i]] |= 1UL << i;
        }

        if (!ShareRun(places, b))
        {
            return 0;
        }

        int both = a.Length + b.Length;
        int edits = both - (2 * LongestSubsequence(places, a.Length, b));
        int score = 100 - (100 * (edits * MaxPart / both) / MaxPart);
        return block >= UncappedBlock
            ? score
            : (int)Math.Min((ulong)score, block / SsdeepHasher.SmallestBlock * (ulong)Math.Min(a.Length, b.Length));
    }

    private static bool ShareRun(ReadOnlySpan<ulong> places, ReadOnlySpan<char> b)
    {
        for (int end = CommonRun - 1; end < b.Length; end++)
        {
            ulong at = places[b[end]];
            for (int back = 1; back < CommonRun && at != 0; back++)
            {
                at &= places[b[end - back]] << back;
            }

            if (at != 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// The length of the longest common subsequence, 64 columns at a time. Insertions and deletions cost 1 and a replacement 2,
    /// so the edit distance is what this leaves of both strings.
    /// </summary>
    private static int LongestSubsequence(ReadOnlySpan<ulong> places, int length, ReadOnlySpan<char> b)
    {
        ulong free = ulong.MaxValue;
        foreach (char c in b)
        {
            ulong hits = free & places[c];
            free = (free + hits) | (free - hits);
        }

        return BitOperations.PopCount(~free & (ulong.MaxValue >> (64 - length)));
    }
}
