using System.Numerics;
using Whorl.Analysis.Rules.Language;
using Whorl.Kernel;

namespace Whorl.Analysis.Rules.Compiled;

/// <summary>One step of a compiled condition: a leaf, the probe that answers it, and where to go. Below zero stands a result.</summary>
internal readonly record struct Step(int Leaf, int Probe, int OnTrue, int OnFalse)
{
    public const int Match = -1;

    public const int NoMatch = -2;
}

/// <summary>What <see cref="RuleCompiler"/> makes of a set of rules.</summary>
/// <param name="Probes">All, by index.</param>
/// <param name="Eager">Those that answer an anchor: run first, always.</param>
/// <param name="Starts">First step of each rule.</param>
/// <param name="Always">Bits of the rules without anchors.</param>
/// <param name="Anchored">For each leaf, the rules it is an anchor of.</param>
internal sealed record CompiledRules(Probe[] Probes, Probe[] Eager, Step[] Steps, int[] Starts, ulong[] Always, int[]?[] Anchored, int LeafCount);

/// <summary>Rules ready to be asked. Immutable and shared by all requests; evaluation is synchronous and allocates nothing.</summary>
internal sealed class RuleSet
{
    // Bits on the stack for one evaluation: 16 KiB at most, which 10,000 rules with a dozen comparisons each reach.
    private const int MaxWords = 2_048;

    private readonly CompiledRules _compiled;
    private readonly RuleInfo[] _infos;
    private readonly ulong[] _anchors;

    public RuleSet(RuleSource source, CompiledRules compiled)
    {
        Source = source;
        _compiled = compiled;
        _infos = [.. source.Rules.Select(rule => rule.Info)];
        _anchors = new ulong[(compiled.LeafCount + 63) / 64];
        for (int leaf = 0; leaf < compiled.LeafCount; leaf++)
        {
            _anchors[leaf >> 6] |= compiled.Anchored[leaf] is null ? 0 : 1UL << leaf;
        }
    }

    public static RuleSet Empty { get; } = RuleCompiler.Compile(new([], [], []));

    /// <summary>What it was made from.</summary>
    public RuleSource Source { get; }

    public int Count => _infos.Length;

    /// <summary>The action for a sum of weights; allow below every threshold.</summary>
    public DecisionAction ActionFor(int score)
    {
        IReadOnlyList<Threshold> thresholds = Source.Thresholds;
        DecisionAction action = DecisionAction.Allow;
        for (int i = 0; i < thresholds.Count && score >= thresholds[i].Score; i++)
        {
            action = thresholds[i].Action;
        }

        return action;
    }

    /// <summary>Adds the rules that match to <paramref name="hits"/>, in the order in which they are written.</summary>
    public void Evaluate(IFacts facts, List<RuleInfo> hits)
    {
        int words = _anchors.Length + ((_compiled.Probes.Length + 63) / 64) + _compiled.Always.Length;
        Span<ulong> bits = words <= MaxWords ? stackalloc ulong[words] : new ulong[words];
        Span<ulong> truth = bits[.._anchors.Length];
        Span<ulong> candidates = bits[^_compiled.Always.Length..];
        Evaluation evaluation = new(facts, truth, bits[_anchors.Length..^_compiled.Always.Length]);
        foreach (Probe probe in _compiled.Eager)
        {
            evaluation.Ensure(probe);
        }

        _compiled.Always.CopyTo(candidates);
        for (int word = 0; word < truth.Length; word++)
        {
            for (ulong rest = truth[word] & _anchors[word]; rest != 0; rest &= rest - 1)
            {
                foreach (int rule in _compiled.Anchored[(word << 6) + BitOperations.TrailingZeroCount(rest)]!)
                {
                    candidates[rule >> 6] |= 1UL << rule;
                }
            }
        }

        for (int word = 0; word < candidates.Length; word++)
        {
            for (ulong rest = candidates[word]; rest != 0; rest &= rest - 1)
            {
                int rule = (word << 6) + BitOperations.TrailingZeroCount(rest);
                if (Matches(_compiled.Starts[rule], evaluation))
                {
                    hits.Add(_infos[rule]);
                }
            }
        }
    }

    private bool Matches(int at, in Evaluation evaluation)
    {
        while (at >= 0)
        {
            Step step = _compiled.Steps[at];
            evaluation.Ensure(_compiled.Probes[step.Probe]);
            at = evaluation.IsTrue(step.Leaf) ? step.OnTrue : step.OnFalse;
        }

        return at == Step.Match;
    }
}
