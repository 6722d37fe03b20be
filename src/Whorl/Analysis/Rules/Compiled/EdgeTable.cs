namespace Whorl.Analysis.Rules.Compiled;

/// <summary>Texts that a text may begin with (or end with), sorted by their outermost character so that few are compared.</summary>
internal sealed class EdgeTable
{
    // One bucket for each ASCII character, one for all others.
    private const int Others = 128;

    private readonly bool _suffix;
    private readonly Needle[]?[] _buckets = new Needle[]?[Others + 1];

    public EdgeTable(IReadOnlyList<Needle> needles, bool suffix)
    {
        _suffix = suffix;
        foreach (IGrouping<int, Needle> bucket in needles.GroupBy(needle => BucketOf(suffix ? needle.Text[^1] : needle.Text[0])))
        {
            _buckets[bucket.Key] = [.. bucket];
        }
    }

    public void Run(ReadOnlySpan<char> text, in Evaluation evaluation)
    {
        if (text.IsEmpty)
        {
            return;
        }

        foreach (Needle needle in _buckets[BucketOf(_suffix ? text[^1] : text[0])] ?? [])
        {
            StringComparison comparison = needle.CaseSensitive ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
            if (_suffix ? text.EndsWith(needle.Text, comparison) : text.StartsWith(needle.Text, comparison))
            {
                evaluation.SetTrue(needle.Leaves);
            }
        }
    }

    private static int BucketOf(char edge) => Math.Min((int)char.ToUpperInvariant(edge), Others);
}
