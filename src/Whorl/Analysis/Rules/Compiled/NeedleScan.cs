using System.Buffers;

namespace Whorl.Analysis.Rules.Compiled;

/// <summary>
/// Looks for many texts in one text at once, whatever their case. A vectorised search finds the places where any of them may stand,
/// which an ordinary request has few of; only there are the candidates compared one by one.
/// </summary>
internal sealed class NeedleScan
{
    // Up to this many texts SearchValues uses its vectorised search (Teddy); beyond, a slower automaton. So they are dealt out in groups.
    private const int MaxGroup = 80;

    private const int BucketCount = 1024;

    private readonly Group[] _groups;

    // Needles of one character would stop the search everywhere; each has a search of its own.
    private readonly (char Upper, char Lower, Needle Needle)[] _single;

    public NeedleScan(IReadOnlyList<Needle> needles)
    {
        _single = [.. needles.Where(needle => needle.Text.Length == 1).Select(needle => (char.ToUpperInvariant(needle.Text[0]), char.ToLowerInvariant(needle.Text[0]), needle))];

        // Sorted, so that a group shares beginnings and the vectorised search has fewer of them to tell apart.
        _groups = [.. needles.Where(needle => needle.Text.Length > 1)
            .OrderBy(needle => needle.Text, StringComparer.OrdinalIgnoreCase)
            .Chunk(MaxGroup).Select(chunk => new Group(chunk))];
    }

    public void Run(ReadOnlySpan<char> text, in Evaluation evaluation)
    {
        foreach (Group group in _groups)
        {
            group.Run(text, evaluation);
        }

        foreach ((char upper, char lower, Needle needle) in _single)
        {
            RunSingle(text, upper, lower, needle, evaluation);
        }
    }

    private static void RunSingle(ReadOnlySpan<char> text, char upper, char lower, Needle needle, in Evaluation evaluation)
    {
        for (int at = 0; at < text.Length; at++)
        {
            int step = text[at..].IndexOfAny(upper, lower);
            if (step < 0)
            {
                return;
            }

            at += step;
            if (needle.StandsAt(text, at))
            {
                evaluation.SetTrue(needle.Leaves);
                return;
            }
        }
    }

    private static int BucketOf(char first, char second) =>
        ((char.ToUpperInvariant(first) * 31) + char.ToUpperInvariant(second)) & (BucketCount - 1);

    private sealed class Group
    {
        private readonly SearchValues<string> _any;
        private readonly Needle[]?[] _buckets = new Needle[]?[BucketCount];

        public Group(IReadOnlyList<Needle> needles)
        {
            _any = SearchValues.Create([.. needles.Select(needle => needle.Text).Distinct(StringComparer.OrdinalIgnoreCase)], StringComparison.OrdinalIgnoreCase);
            foreach (IGrouping<int, Needle> bucket in needles.GroupBy(needle => BucketOf(needle.Text[0], needle.Text[1])))
            {
                _buckets[bucket.Key] = [.. bucket];
            }
        }

        public void Run(ReadOnlySpan<char> text, in Evaluation evaluation)
        {
            int at = 0;
            while (at + 1 < text.Length)
            {
                int step = text[at..].IndexOfAny(_any);
                if (step < 0)
                {
                    return;
                }

                at += step;
                foreach (Needle needle in _buckets[BucketOf(text[at], text[at + 1])] ?? [])
                {
                    if (needle.StandsAt(text, at))
                    {
                        evaluation.SetTrue(needle.Leaves);
                    }
                }

                at++;
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
