using System.Text.RegularExpressions;
using Whorl.Kernel;

namespace Whorl.Analysis.Rules.Compiled;

/// <summary>One comparison with patterns; looked at only where a text that every match contains was found, if there is such a text.</summary>
internal sealed class PatternProbe(int index, Field field, int leaf, IReadOnlyList<Regex> patterns, TextProbe? guardProbe, int guardLeaf) : Probe(index)
{
    private readonly Regex[] _patterns = [.. patterns];

    public override void Run(in Evaluation evaluation)
    {
        if (guardProbe is not null)
        {
            evaluation.Ensure(guardProbe);
            if (!evaluation.IsTrue(guardLeaf))
            {
                return;
            }
        }

        if (evaluation.Facts.Text(field) is not { } text)
        {
            return;
        }

        foreach (Regex pattern in _patterns)
        {
            if (pattern.IsMatch(text))
            {
                evaluation.SetTrue(leaf);
                return;
            }
        }
    }
}

/// <summary>All comparisons of one number field.</summary>
internal sealed class NumberProbe(int index, Field field, (NumberTest Test, int Leaf)[] tests) : Probe(index)
{
    public override void Run(in Evaluation evaluation)
    {
        double? number = evaluation.Facts.Number(field);
        foreach ((NumberTest test, int leaf) in tests)
        {
            if (test.IsTrueOf(number))
            {
                evaluation.SetTrue(leaf);
            }
        }
    }
}

/// <summary>True where a number lies inside one of some closed ranges; a test without ranges asks for absence.</summary>
internal sealed record NumberTest((double Least, double Most)[] Ranges)
{
    public bool IsTrueOf(double? number)
    {
        if (number is not { } value)
        {
            return Ranges.Length == 0;
        }

        foreach ((double least, double most) in Ranges)
        {
            if (value >= least && value <= most)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>All comparisons of one flag: the leaf for true, for false, for known and for unknown, or -1.</summary>
internal sealed class FlagProbe(int index, Field field, int whenTrue, int whenFalse, int whenKnown, int whenUnknown) : Probe(index)
{
    public override void Run(in Evaluation evaluation)
    {
        bool? flag = evaluation.Facts.Flag(field);
        Set(flag is null ? whenUnknown : whenKnown, evaluation);
        Set(flag switch { true => whenTrue, false => whenFalse, null => -1 }, evaluation);
    }

    private static void Set(int leaf, in Evaluation evaluation)
    {
        if (leaf >= 0)
        {
            evaluation.SetTrue(leaf);
        }
    }
}

/// <summary>All comparisons of one address field.</summary>
internal sealed class AddressProbe(int index, Field field, (AddressRanges Ranges, int Leaf)[] tests, AddressRanges any, int present, int absent) : Probe(index)
{
    public override void Run(in Evaluation evaluation)
    {
        if (evaluation.Facts.Address(field) is not { } address)
        {
            if (absent >= 0)
            {
                evaluation.SetTrue(absent);
            }

            return;
        }

        if (present >= 0)
        {
            evaluation.SetTrue(present);
        }

        // Most clients are in none of them.
        if (!any.Contains(address))
        {
            return;
        }

        foreach ((AddressRanges ranges, int leaf) in tests)
        {
            if (ranges.Contains(address))
            {
                evaluation.SetTrue(leaf);
            }
        }
    }
}

/// <summary>Addresses of some prefixes as sorted ranges that do not touch; found by halving.</summary>
internal sealed class AddressRanges
{
    private readonly UInt128[] _first;
    private readonly UInt128[] _last;

    public AddressRanges(IEnumerable<Network> networks)
    {
        List<(UInt128 First, UInt128 Last)> merged = [];
        foreach (Network network in networks.OrderBy(network => network.First.Bits).ThenBy(network => network.Length))
        {
            // Prefixes nest or are apart; they never overlap in part.
            if (merged.Count == 0 || network.First.Bits > merged[^1].Last)
            {
                merged.Add((network.First.Bits, network.Last.Bits));
            }
        }

        _first = [.. merged.Select(range => range.First)];
        _last = [.. merged.Select(range => range.Last)];
    }

    public bool Contains(PeerAddress address)
    {
        // How many begin at or before it; Array.BinarySearch compares through an interface.
        int low = 0;
        int high = _first.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_first[middle] <= address.Bits)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low > 0 && address.Bits <= _last[low - 1];
    }
}
