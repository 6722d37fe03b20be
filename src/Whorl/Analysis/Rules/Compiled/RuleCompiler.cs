using Whorl.Analysis.Rules.Language;
using Whorl.Kernel;

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
    private double[] _ordinary = [];

    public static RuleSet Compile(RuleSource source) => new RuleCompiler().Build(source);

    private RuleSet Build(RuleSource source)
    {
        Node[] plain = [.. source.Rules.Select(rule => Normalise(rule.When, negated: false))];
        Probe[] probes = _leaves.BuildProbes(out int[] probeOf);
        _ordinary = OrdinaryRequest.ShareOfTrue(probes, probeOf);
        Node[] roots = [.. plain.Select(Arrange)];

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
                return Group(all: !negated, all.Conditions, negated);
            case AnyOf any:
                return Group(all: negated, any.Conditions, negated);
            case Presence presence when negated:
                return new Node(_leaves.Add(presence with { Present = !presence.Present }), Negated: false);
            default:
                return new Node(_leaves.Add((Comparison)condition), negated);
        }
    }

    private Node Group(bool all, IReadOnlyList<Condition> conditions, bool negated) =>
        new(-1, Negated: false) { All = all, Children = [.. conditions.Select(child => Normalise(child, negated))] };

    // Puts first what settles the matter soonest: the cheap, and of those what an ordinary request decides.
    private Node Arrange(Node node)
    {
        // No comparison is so sure that the next one is never reached.
        const double Least = 0.02;
        if (node.Children.Length == 0)
        {
            double share = node.Negated ? 1 - _ordinary[node.Leaf] : _ordinary[node.Leaf];
            return node with { Cost = CostOf(_leaves[node.Leaf]), Share = Math.Clamp(share, Least, 1 - Least) };
        }

        Node[] children = [.. node.Children.Select(Arrange).OrderBy(child => child.Cost / (node.All ? 1 - child.Share : child.Share))];
        double none = children.Aggregate(1.0, (product, child) => product * (node.All ? child.Share : 1 - child.Share));
        return node with { Children = children, Cost = children.Sum(child => child.Cost), Share = node.All ? none : 1 - none };
    }

    // Rough: a bit that is nearly always known already, a field to fetch, a header to look up, a pattern.
    private static double CostOf(Comparison comparison) => comparison switch
    {
        PatternComparison => 100,
        { Field.Index: < 0 } => 20,
        { Field.Type: FieldType.Text } when comparison.Field == Fields.HttpUserAgent || comparison.Field == Fields.HttpPath || comparison.Field == Fields.HttpMethod => 1,
        { Field.Type: FieldType.Text } => 5,
        _ => 0.5,
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
            return new([leaf], _ordinary[leaf] > 0 ? 1_000 : CostOf(_leaves[leaf]));
        }

        Anchors?[] children = [.. node.Children.Select(AnchorsOf)];
        if (node.All)
        {
            return children.OfType<Anchors>().MinBy(anchors => anchors.Cost);
        }

        return children.Contains(null) ? null : new([.. children.SelectMany(child => child!.Leaves).Distinct()], children.Sum(child => child!.Cost));
    }

    private sealed record Anchors(int[] Leaves, double Cost);

    private sealed record Node(int Leaf, bool Negated)
    {
        public bool All { get; init; }

        public Node[] Children { get; init; } = [];

        public double Cost { get; init; }

        /// <summary>The part of ordinary requests it is true of.</summary>
        public double Share { get; init; }
    }
}
