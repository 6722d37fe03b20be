using System.Collections.Frozen;
using System.Text;
using Whorl.Kernel;

namespace Whorl.Analysis.Rules.Compiled;

/// <summary>All comparisons of one text field except patterns.</summary>
internal sealed class TextProbe(int index, Field field) : Probe(index)
{
    private const int None = -1;

    private readonly ProbeMemory _memory = new();

    public int Present { get; set; } = None;

    public int Absent { get; set; } = None;

    public FrozenDictionary<string, int[]>? Equal { get; set; }

    public FrozenDictionary<string, int[]>? EqualByCase { get; set; }

    public NeedleScan? Scan { get; set; }

    public EdgeTable? Prefixes { get; set; }

    public EdgeTable? Suffixes { get; set; }

    /// <summary>
    /// Guards of patterns that ignore case: set for any text beyond ASCII, where a pattern's idea of case (K also stands for the Kelvin sign)
    /// is wider than that of the search for texts.
    /// </summary>
    public int[] WhenBeyondAscii { get; set; } = [];

    /// <summary>The leaves of this probe as bits.</summary>
    public ulong[] Leaves { get; set; } = [];

    public override void Run(in Evaluation evaluation)
    {
        string? text = evaluation.Facts.Text(field);
        if (text is null)
        {
            Set(Absent, evaluation);
        }
        else if (text.Length > ProbeMemory.MaxLength)
        {
            Compare(text, evaluation);
        }
        else if (_memory.Find(text) is { } known)
        {
            for (int word = 0; word < known.Length; word++)
            {
                evaluation.Truth[word] |= known[word];
            }
        }
        else
        {
            Compare(text, evaluation);
            _memory.Offer(text, Leaves, evaluation.Truth);
        }
    }

    private void Compare(string text, in Evaluation evaluation)
    {
        Set(Present, evaluation);
        if (Equal is not null && Equal.TryGetValue(text, out int[]? leaves))
        {
            evaluation.SetTrue(leaves);
        }

        if (EqualByCase is not null && EqualByCase.TryGetValue(text, out leaves))
        {
            evaluation.SetTrue(leaves);
        }

        Scan?.Run(text, evaluation);
        Prefixes?.Run(text, evaluation);
        Suffixes?.Run(text, evaluation);
        if (WhenBeyondAscii.Length > 0 && !Ascii.IsValid(text))
        {
            evaluation.SetTrue(WhenBeyondAscii);
        }
    }

    private static void Set(int leaf, in Evaluation evaluation)
    {
        if (leaf != None)
        {
            evaluation.SetTrue(leaf);
        }
    }
}

/// <summary>
/// What a probe found out about texts it met lately, by reference: the edge gives the same string object for the same header of a connection,
/// and often of all connections. A text is remembered when it is met a second time, so that texts that differ every time cost no memory.
/// Read and written by all requests at once without a lock; what is lost to a race is found out again.
/// </summary>
internal sealed class ProbeMemory
{
    // User agents are shorter; what is longer is rare, and might be kept alive on purpose.
    public const int MaxLength = 512;

    private const int Slots = 128;

    private readonly Known?[] _known = new Known?[Slots];
    private readonly string?[] _seenOnce = new string?[Slots];

    public ulong[]? Find(string text) => _known[SlotOf(text)] is { } known && ReferenceEquals(known.Text, text) ? known.Truth : null;

    public void Offer(string text, ulong[] leaves, ReadOnlySpan<ulong> truth)
    {
        ref string? seen = ref _seenOnce[SlotOf(text)];
        if (!ReferenceEquals(seen, text))
        {
            seen = text;
            return;
        }

        ulong[] found = new ulong[leaves.Length];
        for (int word = 0; word < found.Length; word++)
        {
            found[word] = truth[word] & leaves[word];
        }

        _known[SlotOf(text)] = new(text, found);
    }

    private static int SlotOf(string text) =>
        text.Length == 0 ? 0 : (text.Length + (text[^1] * 31) + (text[text.Length >> 1] * 7)) & (Slots - 1);

    private sealed record Known(string Text, ulong[] Truth);
}
