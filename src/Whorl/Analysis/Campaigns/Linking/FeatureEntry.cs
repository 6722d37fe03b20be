using Whorl.Kernel.Sites;

namespace Whorl.Analysis.Campaigns.Linking;

/// <summary>A feature, who shows it, and what else is like it.</summary>
internal sealed class FeatureEntry
{
    private readonly FeatureKind _kind;
    private readonly bool _ware;
    private int _single;
    private int[]? _sites;

    public FeatureEntry(SiteFeature feature, FeatureKind kind, int family, int number, bool ignored)
    {
        Feature = feature;
        _kind = kind;
        Family = family;
        Number = number;
        _ware = LinkWeights.IsWare(kind.Name);
        Weight = ignored ? 0 : (float)kind.Weight;
        IsFuzzy = Weight > 0 && kind.Match != FeatureMatch.Exact;
    }

    public SiteFeature Feature { get; }

    public FeatureMatch Match => _kind.Match;

    /// <summary>Place of its family in <see cref="FeatureFamilies.Names"/>.</summary>
    public int Family { get; }

    public int Number { get; }

    /// <summary>Of its kind; 0 where the operator ignores it.</summary>
    public float Weight { get; }

    /// <summary>Whether values that are alike count, and not only equal ones.</summary>
    public bool IsFuzzy { get; }

    /// <summary>How many sites show it.</summary>
    public int Count { get; private set; }

    /// <summary>How many sites show it or something like it.</summary>
    public int Reach { get; set; }

    /// <summary>What <see cref="Reach"/> amounted to when the table was settled last.</summary>
    public int Band { get; set; }

    /// <summary>Values that are like this one, with how much; kept the same from both ends.</summary>
    public Dictionary<FeatureEntry, float>? Near { get; set; }

    /// <summary>What sharing exactly this speaks.</summary>
    public float Worth { get; private set; }

    /// <summary>Whether it speaks for a link of anyone who shows it.</summary>
    public bool Links => Worth > 0 && Reach > 1;

    /// <summary>The sites that show it, in no order.</summary>
    public ReadOnlySpan<int> Sites => _sites is null ? Count == 0 ? [] : new ReadOnlySpan<int>(in _single) : _sites.AsSpan(0, Count);

    public void Add(int site)
    {
        if (Count == 0)
        {
            _single = site;
        }
        else
        {
            _sites ??= [_single, 0];
            if (Count == _sites.Length)
            {
                Array.Resize(ref _sites, Count * 2);
            }

            _sites[Count] = site;
        }

        Count++;
    }

    public void Remove(int site)
    {
        Count--;
        if (_sites is not null)
        {
            _sites[Array.IndexOf(_sites, site, 0, Count + 1)] = _sites[Count];
        }
    }

    /// <summary>Takes the present reach for what it is; how its rarity changed is returned: negative where it became more common.</summary>
    public int Settle()
    {
        int before = Band;
        Band = LinkWeights.Band(Reach);
        double was = LinkWeights.Rarity(before, _ware), rarity = LinkWeights.Rarity(Band, _ware);
        Worth = (float)(Weight * rarity);
        return Weight == 0 ? 0 : rarity.CompareTo(was);
    }

    /// <summary>What a likeness to another value speaks: the more common of the two decides.</summary>
    public float WorthOf(FeatureEntry other, float closeness) => closeness * Math.Min(Worth, other.Worth);
}
