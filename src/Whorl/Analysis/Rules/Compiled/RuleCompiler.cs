using Whorl.Analysis.Rules.Language;

namespace Whorl.Analysis.Rules.Compiled;

/// <summary>
/// Turns rules into a <see cref="RuleSet"/>. A condition becomes a chain of steps, each a leaf and where to go when it is true or false.
/// Of every rule some leaves are picked, one of which must be true before the rule can be: its anchors. A rule none of whose anchors is true is
/// not looked at, so anchors are picked among leaves that are false for ordinary browsers.
/// </summary>
internal sealed class RuleCompiler
{
    private readonly LeafTable _leaves = new();
    private readonly List<Step> _steps = [];
    private bool[] _ordinary = [];

    public static RuleSet Compile(RuleSource source) => new RuleCompiler().Build(source);

    private RuleSet Build(RuleSource source)
    {
        Node[] roots = [.. source.Rules.Select(rule => Normalise(rule.When, negated: false))];
        Probe[] probes = _leaves.BuildProbes(out int[] probeOf);
        _ordinary = OrdinaryRequest.TrueLeaves(probes, probeOf);

        int[] starts = new int[roots.Length];
        List<int>[] anchored = new List<int>[_leaves.Count];
        ulong[] always = new ulong[(roots.Length + 63) / 64];
        HashSet<int> eager = [];
        for (int rule = 0; rule < roots.Length; rule++)
        {
            starts[rule] = Emit(roots[rule], Step.Match, Step.NoMatch);
            if (AnchorsOf(roots[rule]) is not { } anchors)
            {
                always[rule >> 6] |= 1UL << rule;
                continue;
            }

            foreach (int leaf in anchors.Leaves)
            {
                (anchored[leaf] ??= []).Add(rule);
                eager.Add(probeOf[leaf]);
            }
        }

        for (int i = 0; i < _steps.Count; i++)
        {
            _steps[i] = _steps[i] with { Probe = probeOf[_steps[i].Leaf] };
        }

        return new RuleSet(source, new CompiledRules(
            probes, [.. eager.Order().Select(index => probes[index])], [.. _steps], starts, always,
            [.. anchored.Select(rules => rules?.Distinct().ToArray())], _leaves.Count));
    }

    // Pushes "not" down to the leaves, where it costs nothing.
    private Node Normalise(Condition condition, bool negated)
    {
        switch (condition)
        {
            case NotOf not:
                return Normalise(not.Inner, !negated);
            case AllOf all:
                return Sorted(all: !negated, all.Conditions, negated);
            case AnyOf any:
                return Sorted(all: negated, any.Conditions, negated);
            case Presence presence when negated:
                return new Node(_leaves.Add(presence with { Present = !presence.Present }), false, false, [], 0);
            default:
                Comparison comparison = (Comparison)condition;
                return new Node(_leaves.Add(comparison), negated, false, [], CostOf(comparison));
        }
    }

    private Node Sorted(bool all, IReadOnlyList<Condition> conditions, bool negated)
    {
        Node[] children = [.. conditions.Select(child => Normalise(child, negated)).OrderBy(child => child.Cost)];
        return new Node(-1, false, all, children, children.Sum(child => child.Cost));
    }

    // Rough, to put the cheap first: a bit of a probed field, a header not looked at yet, a pattern.
    private static int CostOf(Comparison comparison) => comparison switch
    {
        PatternComparison => 100,
        { Field.Index: < 0 } => 2,
        _ => 1,
    };

    // Written from the end: the place of the first step of a node depends on where its exits lead.
    private int Emit(Node node, int onTrue, int onFalse)
    {
        if (node.Children.Length == 0)
        {
            _steps.Add(node.Negated ? new Step(node.Leaf, 0, onFalse, onTrue) : new Step(node.Leaf, 0, onTrue, onFalse));
            return _steps.Count - 1;
        }

        int next = node.All ? onTrue : onFalse;
        for (int i = node.Children.Length - 1; i >= 0; i--)
        {
            next = node.All ? Emit(node.Children[i], next, onFalse) : Emit(node.Children[i], onTrue, next);
        }

        return next;
    }

    // Null: the condition may hold with every leaf false.
    private Anchors? AnchorsOf(Node node)
    {
        if (node.Children.Length == 0)
        {
            if (node.Negated)
            {
                return null;
            }

            int leaf = _leaves.GuardOf(node.Leaf) is >= 0 and int guard ? guard : node.Leaf;
            return new([leaf], _ordinary[leaf] ? 1_000 : _leaves[leaf] is PatternComparison ? 100 : 1);
        }

        Anchors?[] children = [.. node.Children.Select(AnchorsOf)];
        if (node.All)
        {
            return children.OfType<Anchors>().MinBy(anchors => anchors.Cost);
        }

        return children.Contains(null) ? null : new([.. children.SelectMany(child => child!.Leaves).Distinct()], children.Sum(child => child!.Cost));
    }

    private sealed record Anchors(int[] Leaves, int Cost);

    private sealed record Node(int Leaf, bool Negated, bool All, Node[] Children, int Cost);
}
