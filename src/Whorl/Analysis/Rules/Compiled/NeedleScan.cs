using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Whorl.Analysis.Rules.Compiled;

/// <summary>
/// Looks for many texts in one text at once, whatever their case. Three characters at every second place of the text are looked up in a
/// table of the threes that the texts have there; an ordinary request meets few of them, and only there are candidates compared. One pass
/// for hundreds of texts, where SearchValues stops at every other character once it holds more than a few dozen; that serves for the few
/// that are too short for this.
/// </summary>
internal sealed class NeedleScan
{
    // A text of four characters has a three at an even and one at an odd place, so looking at every second place finds one of them.
    private const int MinLength = 4;
    private const int Stride = 2;

    // Three characters of four that were read, with the bit that tells small letters from capitals set. What falls together is told apart later.
    private const ulong Three = 0x0000_FFFF_FFFF_FFFF;
    private const ulong SmallLetters = 0x0000_0020_0020_0020;
    private const ulong Spread = 0x9E37_79B9_7F4A_7C15;

    // Up to this many SearchValues finds faster, and without a table in the cache.
    private const int MaxFew = 6;

    // Bits of the table for each three in it: one place in 32 is then taken for a match wrongly.
    private const int BitsForEach = 32;
    private const int MaxHashBits = 15;

    // Threes that stand in the requests of ordinary browsers: a needle is looked for by others of its threes, if it has them.
    private static readonly HashSet<int> Common = [.. OrdinaryRequest.Texts.SelectMany(text => Enumerable.Range(0, Math.Max(0, text.Length - 2)).Select(at => HashOf(text, at)))];

    private readonly ulong[] _threes = [];
    private readonly Entry[]?[] _buckets = [];
    private readonly int _shift;
    private readonly FewNeedles? _few;

    public NeedleScan(IReadOnlyList<Needle> needles)
    {
        // Beyond ASCII the two cases of a letter differ in other bits.
        Needle[] rest = [.. needles.Where(needle => needle.Text.Length < MinLength || !Ascii.IsValid(needle.Text))];
        Needle[] most = [.. needles.Except(rest)];
        if (needles.Count <= MaxFew)
        {
            (rest, most) = ([.. needles], []);
        }

        _few = rest.Length == 0 ? null : new FewNeedles(rest);
        if (most.Length == 0)
        {
            return;
        }

        int bits = Math.Clamp(BitOperations.Log2((uint)(most.Length * Stride * BitsForEach)) + 1, 8, MaxHashBits);
        _shift = MaxHashBits - bits;
        _threes = new ulong[(1 << bits) / 64];
        _buckets = new Entry[]?[_threes.Length];
        foreach (IGrouping<int, Entry> bucket in most.SelectMany(EntriesOf).GroupBy(entry => entry.Hash >> _shift >> 6))
        {
            _buckets[bucket.Key] = [.. bucket];
            foreach (Entry entry in bucket)
            {
                _threes[bucket.Key] |= 1UL << (entry.Hash >> _shift);
            }
        }
    }

    public void Run(ReadOnlySpan<char> text, in Evaluation evaluation)
    {
        _few?.Run(text, evaluation);
        if (_threes.Length == 0)
        {
            return;
        }

        // Without checks of bounds: this loop is most of what a request costs (RuleSetBench: 80 against 200 ns for a user agent). Places are
        // within the text by the loop's condition, and within the table since the shift leaves as many bits as it has.
        int shift = 64 - MaxHashBits + _shift;
        ref byte start = ref Unsafe.As<char, byte>(ref MemoryMarshal.GetReference(text));
        ref ulong threes = ref MemoryMarshal.GetArrayDataReference(_threes);
        int at = 0;

        // Eight bytes are read for the six that count, so the last place is left to the end.
        for (; at + 4 <= text.Length; at += Stride)
        {
            ulong four = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, at * 2));
            uint place = (uint)((((four & Three) | SmallLetters) * Spread) >> shift);
            if (((Unsafe.Add(ref threes, place >> 6) >> (int)(place & 63)) & 1) != 0)
            {
                Compare(text, at, HashOf(four), evaluation);
            }
        }

        if (at + 3 == text.Length)
        {
            Compare(text, at, HashOf(text, at), evaluation);
        }
    }

    private void Compare(ReadOnlySpan<char> text, int at, int hash, in Evaluation evaluation)
    {
        foreach (Entry entry in _buckets[hash >> _shift >> 6] ?? [])
        {
            if (entry.Hash == hash && at >= entry.Offset && entry.Needle.StandsAt(text, at - entry.Offset))
            {
                evaluation.SetTrue(entry.Needle.Leaves);
            }
        }
    }

    // Two neighbouring threes of the needle, uncommon ones if there are such.
    private static Entry[] EntriesOf(Needle needle)
    {
        int best = 0;
        int fewest = int.MaxValue;
        for (int offset = 0; offset + MinLength <= needle.Text.Length; offset++)
        {
            int common = (Common.Contains(HashOf(needle.Text, offset)) ? 1 : 0) + (Common.Contains(HashOf(needle.Text, offset + 1)) ? 1 : 0);
            if (common < fewest)
            {
                (best, fewest) = (offset, common);
            }
        }

        return [new(HashOf(needle.Text, best), best, needle), new(HashOf(needle.Text, best + 1), best + 1, needle)];
    }

    private static int HashOf(ReadOnlySpan<char> text, int at) => HashOf(text[at] | ((ulong)text[at + 1] << 16) | ((ulong)text[at + 2] << 32));

    private static int HashOf(ulong characters) => (int)((((characters & Three) | SmallLetters) * Spread) >> (64 - MaxHashBits));

    private sealed record Entry(int Hash, int Offset, Needle Needle);

    /// <summary>Those that are too few, too short or written beyond ASCII.</summary>
    private sealed class FewNeedles(Needle[] needles)
    {
        private readonly SearchValues<string> _any =
            SearchValues.Create([.. needles.Select(needle => needle.Text).Distinct(StringComparer.OrdinalIgnoreCase)], StringComparison.OrdinalIgnoreCase);

        public void Run(ReadOnlySpan<char> text, in Evaluation evaluation)
        {
            for (int at = 0; at < text.Length; at++)
            {
                int step = text[at..].IndexOfAny(_any);
                if (step < 0)
                {
                    return;
                }

                at += step;
                foreach (Needle needle in needles)
                {
                    if (needle.StandsAt(text, at))
                    {
                        evaluation.SetTrue(needle.Leaves);
                    }
                }
            }
        }
    }
}

/// <summary>A text to look for.</summary>
/// <param name="Token">True where no letter, digit, dash or underscore may stand before or after it.</param>
/// <param name="Leaves">The comparisons that are true where it is found.</param>
internal sealed record Needle(string Text, bool CaseSensitive, bool Token, int[] Leaves)
{
    public bool StandsAt(ReadOnlySpan<char> text, int at) =>
        text[at..].StartsWith(Text, CaseSensitive ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase)
        && (!Token || (!IsInside(text, at - 1) && !IsInside(text, at + Text.Length)));

    private static bool IsInside(ReadOnlySpan<char> text, int at) =>
        (uint)at < (uint)text.Length && (char.IsLetterOrDigit(text[at]) || text[at] is '-' or '_');
}
