using System.Collections.Frozen;
using System.Globalization;
using System.Text.RegularExpressions;
using Whorl.Analysis.Rules.Language;
using Whorl.Kernel;

namespace Whorl.Analysis.Rules.Compiled;

/// <summary>
/// Gives every distinct comparison of a rule set a number, its leaf, whichever rules ask it and how often, and builds the probes that answer
/// all comparisons of a field together.
/// </summary>
internal sealed class LeafTable
{
    private readonly Dictionary<string, int> _leaves = new(StringComparer.Ordinal);
    private readonly List<Comparison> _comparisons = [];
    private readonly List<int> _guards = [];

    public int Count => _comparisons.Count;

    public Comparison this[int leaf] => _comparisons[leaf];

    /// <summary>For a leaf that is a pattern: the leaf of the text it cannot match without, or -1.</summary>
    public int GuardOf(int leaf) => _guards[leaf];

    public int Add(Comparison comparison) => Add(comparison, KeyOf(comparison));

    private int Add(Comparison comparison, string key)
    {
        if (_leaves.TryGetValue(key, out int leaf))
        {
            return leaf;
        }

        int guard = comparison is PatternComparison patterns ? AddGuard(patterns) : -1;
        leaf = _comparisons.Count;
        _leaves.Add(key, leaf);
        _comparisons.Add(comparison);
        _guards.Add(guard);
        return leaf;
    }

    /// <summary>Builds the probes; <paramref name="probeOf"/> then holds the index of the probe that answers each leaf.</summary>
    public Probe[] BuildProbes(out int[] probeOf)
    {
        probeOf = new int[Count];
        List<Probe> probes = [];
        foreach (IGrouping<string, int> field in Enumerable.Range(0, Count).Where(leaf => _comparisons[leaf] is not PatternComparison).GroupBy(leaf => _comparisons[leaf].Field.Name, StringComparer.Ordinal))
        {
            int[] leaves = [.. field];
            Probe probe = BuildProbe(probes.Count, _comparisons[leaves[0]].Field, leaves);
            probes.Add(probe);
            foreach (int leaf in leaves)
            {
                probeOf[leaf] = probe.Index;
            }
        }

        foreach (int leaf in Enumerable.Range(0, Count))
        {
            if (_comparisons[leaf] is PatternComparison comparison)
            {
                TextProbe? guard = _guards[leaf] < 0 ? null : (TextProbe)probes[probeOf[_guards[leaf]]];
                probeOf[leaf] = probes.Count;
                probes.Add(new PatternProbe(probes.Count, comparison.Field, leaf, comparison.Patterns, guard, _guards[leaf]));
            }
        }

        return [.. probes];
    }

    private int AddGuard(PatternComparison comparison)
    {
        List<string> literals = [];
        foreach (Regex pattern in comparison.Patterns)
        {
            if (RequiredLiteral.Of(pattern.ToString()) is not { } literal)
            {
                return -1;
            }

            literals.Add(literal);
        }

        // A leaf of its own: for texts beyond ASCII a guard says yes without looking, and a rule that asks for the same text must not hear that.
        TextComparison guard = new(comparison.Field, TextOperator.Contains, literals, CaseSensitive: false);
        return Add(guard, "Guard\0" + KeyOf(guard));
    }

    private Probe BuildProbe(int index, Field field, int[] leaves) => field.Type switch
    {
        FieldType.Text => BuildText(index, field, leaves),
        FieldType.Number => new NumberProbe(index, field, [.. leaves.Select(leaf => (TestOf(_comparisons[leaf]), leaf))]),
        FieldType.Flag => new FlagProbe(
            index, field, Find(leaves, new FlagComparison(field, true)), Find(leaves, new FlagComparison(field, false)),
            Find(leaves, new Presence(field, true)), Find(leaves, new Presence(field, false))),
        _ => new AddressProbe(
            index, field, [.. leaves.Where(leaf => _comparisons[leaf] is AddressComparison).Select(leaf => (new AddressRanges(((AddressComparison)_comparisons[leaf]).Networks), leaf))],
            new AddressRanges(leaves.Select(leaf => _comparisons[leaf]).OfType<AddressComparison>().SelectMany(comparison => comparison.Networks)),
            Find(leaves, new Presence(field, true)), Find(leaves, new Presence(field, false))),
    };

    private TextProbe BuildText(int index, Field field, int[] leaves)
    {
        List<Needle> inside = [.. NeedlesOf(leaves, TextOperator.Contains), .. NeedlesOf(leaves, TextOperator.Token)];
        List<Needle> prefixes = NeedlesOf(leaves, TextOperator.Prefix);
        List<Needle> suffixes = NeedlesOf(leaves, TextOperator.Suffix);
        List<Needle> whole = NeedlesOf(leaves, TextOperator.Equals);
        return new TextProbe(index, field)
        {
            Present = Find(leaves, new Presence(field, true)),
            Absent = Find(leaves, new Presence(field, false)),
            Equal = ExactOf(whole.Where(needle => !needle.CaseSensitive), StringComparer.OrdinalIgnoreCase),
            EqualByCase = ExactOf(whole.Where(needle => needle.CaseSensitive), StringComparer.Ordinal),
            Scan = inside.Count == 0 ? null : new NeedleScan(inside),
            Prefixes = prefixes.Count == 0 ? null : new EdgeTable(prefixes, suffix: false),
            Suffixes = suffixes.Count == 0 ? null : new EdgeTable(suffixes, suffix: true),
            Leaves = BitsOf(leaves),
            WhenBeyondAscii = [.. _guards.Where(guard => guard >= 0 && leaves.Contains(guard)).Distinct()],
        };
    }

    private ulong[] BitsOf(int[] leaves)
    {
        ulong[] bits = new ulong[(Count + 63) / 64];
        foreach (int leaf in leaves)
        {
            bits[leaf >> 6] |= 1UL << leaf;
        }

        return bits;
    }

    // One needle for each distinct text, case and operator; it knows every leaf that names it.
    private List<Needle> NeedlesOf(int[] leaves, TextOperator kind) =>
    [
        .. leaves.Where(leaf => _comparisons[leaf] is TextComparison text && text.Operator == kind)
            .SelectMany(leaf => ((TextComparison)_comparisons[leaf]).Values.Select(value => (Leaf: leaf, ((TextComparison)_comparisons[leaf]).CaseSensitive, Value: value)))
            .GroupBy(one => (one.CaseSensitive, Key: one.CaseSensitive ? one.Value : one.Value.ToUpperInvariant()))
            .Select(group => new Needle(group.First().Value, group.Key.CaseSensitive, kind == TextOperator.Token, [.. group.Select(one => one.Leaf).Distinct()])),
    ];

    private static FrozenDictionary<string, int[]>? ExactOf(IEnumerable<Needle> needles, StringComparer comparer)
    {
        FrozenDictionary<string, int[]> exact = needles.ToFrozenDictionary(needle => needle.Text, needle => needle.Leaves, comparer);
        return exact.Count == 0 ? null : exact;
    }

    private int Find(int[] leaves, Comparison comparison) =>
        _leaves.TryGetValue(KeyOf(comparison), out int leaf) && leaves.Contains(leaf) ? leaf : -1;

    private static NumberTest TestOf(Comparison comparison) => comparison switch
    {
        NumberComparison { Operator: NumberOperator.Equals } equal => new([.. equal.Values.Select(value => (value, value))]),
        NumberComparison { Operator: NumberOperator.Greater } greater => new([(Math.BitIncrement(greater.Values[0]), double.PositiveInfinity)]),
        NumberComparison less => new([(double.NegativeInfinity, Math.BitDecrement(less.Values[0]))]),
        Presence { Present: true } => new([(double.NegativeInfinity, double.PositiveInfinity)]),
        _ => new([]),
    };

    private static string KeyOf(Comparison comparison)
    {
        string question = comparison switch
        {
            TextComparison text => $"{text.Operator}{(text.CaseSensitive ? "!" : "")}\0{string.Join('\0', text.Values.Select(value => text.CaseSensitive ? value : value.ToUpperInvariant()).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))}",
            PatternComparison patterns => "Pattern\0" + string.Join('\0', patterns.Patterns.Select(pattern => $"{(int)pattern.Options}{pattern}")),
            NumberComparison number => $"{number.Operator}\0{string.Join('\0', number.Values.Select(value => value.ToString("R", CultureInfo.InvariantCulture)))}",
            FlagComparison flag => $"Flag\0{flag.Value}",
            AddressComparison address => "Networks\0" + string.Join('\0', address.Networks),
            Presence presence => $"Presence\0{presence.Present}",
            _ => throw new InvalidOperationException($"A comparison without a key: {comparison.GetType().Name}."),
        };
        return comparison.Field.Name + '\0' + question;
    }
}
