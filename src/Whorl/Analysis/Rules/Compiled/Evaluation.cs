using Whorl.Kernel;

namespace Whorl.Analysis.Rules.Compiled;

/// <summary>
/// One evaluation of a rule set: which comparisons are known to be true. Lives on the stack. A comparison is a bit; a probe finds
/// out about all comparisons of one field at once, and runs at most once an evaluation.
/// </summary>
internal readonly ref struct Evaluation(IFacts facts, Span<ulong> truth, Span<ulong> probed)
{
    private readonly Span<ulong> _truth = truth;
    private readonly Span<ulong> _probed = probed;

    public IFacts Facts { get; } = facts;

    public Span<ulong> Truth => _truth;

    public bool IsTrue(int leaf) => (_truth[leaf >> 6] & (1UL << leaf)) != 0;

    public void SetTrue(int leaf) => _truth[leaf >> 6] |= 1UL << leaf;

    public void SetTrue(int[] leaves)
    {
        foreach (int leaf in leaves)
        {
            SetTrue(leaf);
        }
    }

    public void Ensure(Probe probe)
    {
        ref ulong word = ref _probed[probe.Index >> 6];
        ulong bit = 1UL << probe.Index;
        if ((word & bit) == 0)
        {
            word |= bit;
            probe.Run(this);
        }
    }
}

/// <summary>Finds out which comparisons of one field are true; those it does not set stay false.</summary>
internal abstract class Probe(int index)
{
    public int Index { get; } = index;

    public abstract void Run(in Evaluation evaluation);
}
