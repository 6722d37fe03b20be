using System.Security.Cryptography;
using System.Text;
using Whorl.Analysis.Campaigns.Linking;
using Whorl.Fingerprints.Fuzzy;
using Whorl.Kernel.Sites;

namespace Whorl.Tests.Campaigns;

/// <summary>
/// Sites of which it is known who is behind them. Four in ten belong to groups of 2 to 150 that share two or more things, each of which any member may lack; in
/// some groups only pages are alike, each a little different. Everyone also shows what strangers share: themes, scripts from content networks, addresses and
/// certificates of large hosts, trackers of hosting companies, default icons, and ids of brands that kits have copied.
/// </summary>
internal sealed class PlantedSites
{
    /// <summary>Ids that a kit copied from the brand it poses as; an operator would have them ignored.</summary>
    public static readonly IReadOnlySet<SiteFeature> BrandIds = Enumerable.Range(0, 10).Select(brand => new SiteFeature(FeatureKinds.Tracker, $"google-tag-manager:GTM-BRAND{brand}")).ToHashSet();

    private const double Lacking = 0.1;

    private static readonly int[] Sizes = [2, 2, 2, 3, 3, 4, 5, 5, 8, 12, 20, 40, 80, 150];

    private static readonly string[] Words = [.. MakeWords()];

    private readonly Random _random;
    private readonly List<SiteShown> _sites = [];
    private readonly Dictionary<string, int> _groups = new(StringComparer.Ordinal);
    private readonly int _count;

    public PlantedSites(int count, int seed)
    {
        (_count, _random) = (count, new(seed));
        int group = 0;
        while (_sites.Count < count * 4 / 10)
        {
            Plant(++group, Math.Min(Sizes[_random.Next(Sizes.Length)], count / 20));
        }

        while (_sites.Count < count)
        {
            Stranger();
        }

        // As reports come in: in no order.
        SiteShown[] shuffled = [.. _sites];
        _random.Shuffle(shuffled);
        (Sites, Groups) = (shuffled, group);
    }

    public IReadOnlyList<SiteShown> Sites { get; }

    /// <summary>How many groups were planted.</summary>
    public int Groups { get; }

    /// <summary>The group of a site; 0 for one that belongs to none.</summary>
    public int GroupOf(string site) => _groups.GetValueOrDefault(site);

    private void Plant(int group, int size)
    {
        string page = Text(500);
        int mode = _random.Next(5);
        for (int i = 0; i < size; i++)
        {
            string site = $"g{group}-{i}.example";
            List<SiteFeature> features = [];
            void Show(string kind, string value)
            {
                if (_random.NextDouble() >= Lacking)
                {
                    features.Add(new(kind, value));
                }
            }

            // What a group shares, two things at least; the pages of the last two modes differ in words all over.
            string own = mode switch
            {
                0 => Text(500),
                1 or 2 => page,
                _ => Mutated(page),
            };
            switch (mode)
            {
                case 0:
                    Show(FeatureKinds.Tracker, $"google-analytics:G-{group}");
                    Show(FeatureKinds.Contact, $"email:sales{group}@mail.example");
                    break;
                case 1:
                    Show(FeatureKinds.Certificate, Hash($"certificate {group}"));
                    Show(FeatureKinds.Address, $"2001:db8:{group / 65536:x}:{group % 65536:x}::1");
                    break;
                case 2:
                    Show(FeatureKinds.Wallet, $"btc:{group}");
                    break;
                case 3:
                    Show(FeatureKinds.IconMmh3, $"{group * 7919}");
                    Show(FeatureKinds.Contact, $"telegram:seller{group}");
                    break;
            }

            Page(own, Show);
            Common(features);
            Add(site, group, features);
        }
    }

    private void Stranger()
    {
        List<SiteFeature> features = [];
        Page(Text(500), (kind, value) => features.Add(new(kind, value)));
        Common(features);
        Add($"s{_sites.Count}.example", 0, features);
    }

    private void Add(string site, int group, List<SiteFeature> features)
    {
        _sites.Add(new(site, features));
        _groups.Add(site, group);
    }

    /// <summary>What a page comes to: all hashes of it, as a scan gives them.</summary>
    private void Page(string text, Action<string, string> show)
    {
        // A theme's markup around the words of the site; a theme has a hundred sites or more.
        int theme = Common(100);
        byte[] visible = Encoding.ASCII.GetBytes(text), page = [.. Markup(theme), .. visible];
        show(FeatureKinds.Page, Convert.ToHexStringLower(SHA256.HashData(page)));
        show(FeatureKinds.PageSsdeep, Ssdeep.Hash(page));
        show(FeatureKinds.PageTlsh, Tlsh.Hash(page));
        show(FeatureKinds.Text, Convert.ToHexStringLower(SHA256.HashData(visible)));
        show(FeatureKinds.TextSsdeep, Ssdeep.Hash(visible));
        show(FeatureKinds.TextTlsh, Tlsh.Hash(visible));
        show(FeatureKinds.Simhash, Convert.ToHexStringLower(SHA256.HashData(visible).AsSpan(0, 8)));
        show(FeatureKinds.Dom, Hash($"theme {theme}"));
        show(FeatureKinds.Style, Hash($"style {theme}"));
        show(FeatureKinds.Script, Hash($"script {theme}"));
    }

    private void Common(List<SiteFeature> features)
    {
        features.Add(new(FeatureKinds.ExternalDomain, "cdn.example"));
        features.Add(new(FeatureKinds.ExternalDomain, $"fonts{_random.Next(3)}.example"));
        features.Add(new(FeatureKinds.Script, Hash($"library {_random.Next(5)}")));
        features.Add(new(FeatureKinds.Generator, "WordPress 6.5"));
        features.Add(new(FeatureKinds.Jarm, Hash($"jarm {_random.Next(12)}")));
        features.Add(new(FeatureKinds.HeaderNames, Hash($"headers {_random.Next(40)}")[..32]));
        features.Add(new(FeatureKinds.CookieName, $"session{_random.Next(20)}"));
        features.Add(new(FeatureKinds.NameServer, $"ns{_random.Next(30)}.host.example"));
        features.Add(new(FeatureKinds.IconMmh3, $"{_random.Next(4)}"));
        features.Add(new(FeatureKinds.Title, _random.Next(3) == 0 ? "Welcome" : $"Shop {_random.Next()}"));
        if (_random.Next(3) == 0)
        {
            features.Add(new(FeatureKinds.Tracker, "google-analytics:G-HOSTER"));
        }

        if (_random.Next(12) == 0)
        {
            features.Add(BrandIds.ElementAt(_random.Next(BrandIds.Count)));
        }

        // Large hosts: many sites behind one address with one certificate.
        int host = Common(150);
        features.Add(new(FeatureKinds.Address, $"198.51.100.{host}"));
        if (_random.Next(2) == 0)
        {
            features.Add(new(FeatureKinds.Certificate, Hash($"host {host}")));
            features.Add(new(FeatureKinds.CertificateName, $"*.host{host}.example"));
        }
    }

    // One of so many things that each has about as many sites as asked for; some are far more popular than others.
    private int Common(int sites) => (int)(Math.Pow(_random.NextDouble(), 1.5) * Math.Max(1, _count / sites / 2));

    private string Text(int words) => string.Join(' ', Enumerable.Range(0, words).Select(_ => Words[_random.Next(Words.Length)]));

    private string Mutated(string text)
    {
        string[] words = text.Split(' ');
        for (int i = 0; i < words.Length / 40; i++)
        {
            words[_random.Next(words.Length)] = Words[_random.Next(Words.Length)];
        }

        return string.Join(' ', words);
    }

    private static byte[] Markup(int theme) => Encoding.ASCII.GetBytes(string.Join("", Enumerable.Range(0, 20).Select(i => $"<div class='t{theme}-{i * theme % 17}'><a href=#>")));

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static IEnumerable<string> MakeWords()
    {
        Random random = new(99);
        return Enumerable.Range(0, 3000).Select(_ => string.Concat(Enumerable.Range(0, random.Next(3, 10)).Select(_ => (char)('a' + random.Next(26)))));
    }
}

/// <summary>How well campaigns match what was planted.</summary>
/// <param name="Precision">Of the pairs that are together in a campaign, those that were planted together.</param>
/// <param name="Recall">Of the pairs that were planted together, those that are together in a campaign.</param>
/// <param name="GroupPrecision">Of a campaign the part that is of one group; the mean over campaigns.</param>
/// <param name="GroupRecall">Of a group the part that is in one campaign; the mean over groups.</param>
internal sealed record PlantedMatch(double Precision, double Recall, double GroupPrecision, double GroupRecall)
{
    public static PlantedMatch Of(PlantedSites planted, CampaignEngine engine)
    {
        (string Site, int Group, Guid Campaign)[] sites = [.. planted.Sites.Select(site => (site.Site, planted.GroupOf(site.Site), engine.CampaignOf(site.Site)?.Value ?? default))];
        double together = Pairs(sites.Where(site => site.Campaign != default).GroupBy(site => site.Campaign.ToString()));
        double plantedTogether = Pairs(sites.Where(site => site.Group > 0).GroupBy(site => $"{site.Group}"));
        double both = Pairs(sites.Where(site => site.Group > 0 && site.Campaign != default).GroupBy(site => $"{site.Group} {site.Campaign}"));
        return new(
            both / together,
            both / plantedTogether,
            sites.Where(site => site.Campaign != default).GroupBy(site => site.Campaign).Average(campaign => (double)campaign.GroupBy(site => site.Group).Max(part => part.Key == 0 ? 1 : part.Count()) / campaign.Count()),
            sites.Where(site => site.Group > 0).GroupBy(site => site.Group).Average(group => (double)group.GroupBy(site => site.Campaign).Max(part => part.Key == default ? 0 : part.Count()) / group.Count()));
    }

    private static double Pairs(IEnumerable<IGrouping<string, (string, int, Guid)>> parts) => parts.Sum(part => part.LongCount() * (part.LongCount() - 1) / 2.0);
}
