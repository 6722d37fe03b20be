using System.Collections.Frozen;
using System.Numerics;
using Whorl.Kernel.Sites;

namespace Whorl.Analysis.Campaigns.Linking;

/// <summary>
/// How much a shared feature speaks for one hand behind two sites: the weight of its kind, times how rare it is, times how alike the values are. Rarity goes by
/// doublings: it changes where the number of sites that show a feature reaches a power of two and nowhere else, so that one more site weighs its own links
/// anew and, now and then, those of a list that has doubled.
/// </summary>
internal static class LinkWeights
{
    /// <summary>What so many sites show speaks for nothing, and is never made into pairs: a campaign that one thing alone holds together has half as many at most.</summary>
    public const int MaxShown = 1024;

    /// <summary>
    /// The same for what strangers share because they bought from one shop: themes, scripts, icons, addresses, certificates. Only identities and the page itself
    /// keep their weight beyond some dozens.
    /// </summary>
    public const int MaxShownOfWares = MaxShown >> WareDoublings;

    /// <summary>Links of this score hold sites together.</summary>
    public const double Firm = 0.61;

    /// <summary>Links of this score let a site join that nothing firmer holds anywhere. Nothing joins through it.</summary>
    public const double Loose = 0.52;

    /// <summary>One family at least must say as much; where none does, the score is no more than this, however many there are. Hearsay does not add up.</summary>
    public const float Witness = 0.5f;

    /// <summary>What shared features come to below this is no likeness worth showing.</summary>
    public const double Least = 0.25;

    /// <summary>Values that are alike lead from one site to another where they speak as much; equal ones only as a <see cref="Witness"/>. What speaks less adds to what others say.</summary>
    public const float Lead = 0.22f;

    private const int Bands = 11;
    private const int WareDoublings = 3;
    private const int Steepness = 5;

    private static readonly double[] Rarities = [.. Enumerable.Range(0, Bands).Select(band => band <= 1 ? 1 : 1 - Math.Pow((band - 1) / (double)(Bands - 2), Steepness))];

    private static readonly FrozenSet<string> Own = FrozenSet.Create(
        StringComparer.Ordinal,
        FeatureKinds.Page, FeatureKinds.PageSsdeep, FeatureKinds.PageTlsh, FeatureKinds.Text, FeatureKinds.TextSsdeep, FeatureKinds.TextTlsh, FeatureKinds.Simhash, FeatureKinds.Tracker,
        FeatureKinds.PaymentKey, FeatureKinds.SiteKey, FeatureKinds.Contact, FeatureKinds.Wallet, FeatureKinds.FinalHost);

    /// <summary>How often the number of sites has doubled: 0 for one site, 1 for two and three, and so on up to <see cref="MaxShown"/>.</summary>
    public static int Band(int shown) => shown <= 1 ? 0 : Math.Min(BitOperations.Log2((uint)shown), Bands - 1);

    /// <summary>Whether a kind is something that many buy in the same shop.</summary>
    public static bool IsWare(string kind) => !Own.Contains(kind);

    /// <summary>1 for what a few show, falling slowly at first, to 0 at <see cref="MaxShown"/> or <see cref="MaxShownOfWares"/>.</summary>
    public static double Rarity(int band, bool ware) => Rarities[ware && band > 1 ? Math.Min(band + WareDoublings, Bands - 1) : band];

    /// <summary>What sharing one value of a kind speaks, where so many sites show it.</summary>
    public static double Worth(FeatureKind kind, int shown) => kind.Weight * Rarity(Band(shown), IsWare(kind.Name));

    /// <summary>One number of what several families say, as of witnesses that know nothing of each other.</summary>
    public static double Together(ReadOnlySpan<float> families)
    {
        double against = 1;
        float best = 0;
        foreach (float weight in families)
        {
            against *= 1 - weight;
            best = Math.Max(best, weight);
        }

        return best < Witness ? Math.Min(1 - against, Witness) : 1 - against;
    }
}
