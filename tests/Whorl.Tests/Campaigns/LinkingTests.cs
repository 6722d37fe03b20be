using Whorl.Analysis.Campaigns.Linking;
using Whorl.Fingerprints.Fuzzy;
using Whorl.Kernel.Sites;

namespace Whorl.Tests.Campaigns;

public sealed class LinkingTests
{
    private readonly CampaignEngine _engine;
    private int _ids;

    public LinkingTests() => _engine = new(feature => feature.Value == "brand", () => new(new Guid(++_ids, 0, 0, new byte[8])));

    [Fact]
    public void Every_kind_of_feature_has_a_family() => FeatureKinds.All.Select(kind => FeatureFamilies.NumberOf(kind.Name)).ShouldAllBe(number => number >= 0);

    [Fact]
    public void What_follows_from_one_cause_is_one_witness()
    {
        Show("a", "page_sha256=1", "text_sha256=1", "dom_sha256=1", "title=1");
        Show("b", "page_sha256=1", "text_sha256=1", "dom_sha256=1", "title=1");

        _engine.Between("a", "b")!.Score.ShouldBe(0.9);
        _engine.Between("a", "b")!.Evidence.Count(each => each.Counts).ShouldBe(1);
    }

    [Fact]
    public void Many_weak_witnesses_do_not_add_up_to_a_firm_link()
    {
        string[] weak = ["title=1", "image_sha256=1", "name_server=ns.example"];
        Show("a", weak);
        Show("b", weak);

        _engine.Between("a", "b")!.Evidence.Count.ShouldBe(3);
        _engine.Between("a", "b")!.Score.ShouldBe(0, "no witness leads from one to the other");
        _engine.Campaigns.ShouldBe(0);
        LinkWeights.Together([0.3f, 0.4f, 0.49f]).ShouldBe(LinkWeights.Witness);
    }

    [Fact]
    public void A_chain_of_loose_links_melts_no_two_campaigns()
    {
        // A title and an address link loosely: x hangs on one campaign or the other, and joins them not.
        Show("a1", "wallet=1", "dom_sha256=1", "image_sha256=1");
        Show("a2", "wallet=1");
        Show("b1", "wallet=2", "dom_sha256=2", "name_server=2");
        Show("b2", "wallet=2");
        Show("x", "dom_sha256=2", "name_server=2", "jarm=2");
        Show("y", "dom_sha256=3", "name_server=2", "jarm=2");

        _engine.Between("x", "b1")!.Score.ShouldBeInRange(LinkWeights.Loose, LinkWeights.Firm);
        _engine.All().Select(campaign => string.Join(' ', campaign.Sites)).Order(StringComparer.Ordinal).ShouldBe(["a1 a2", "b1 b2 x"]);
    }

    [Fact]
    public void What_is_ignored_or_shown_by_too_many_links_nobody_and_is_never_made_into_pairs()
    {
        _engine.Apply([.. Enumerable.Range(0, 3000).Select(i => new SiteShown($"s{i}", [new("tracker", "everyone"), new("tracker", "brand")]))]);

        _engine.Campaigns.ShouldBe(0);
        _engine.Work.ShouldBe(0);
    }

    [Fact]
    public void Rarity_falls_with_each_doubling_and_ends_sooner_for_wares()
    {
        double[] own = [.. Enumerable.Range(0, 11).Select(band => LinkWeights.Rarity(band, ware: false))];
        own.ShouldBe(own.OrderDescending());
        (own[1], own[10]).ShouldBe((1, 0));
        LinkWeights.Worth(FeatureKinds.ByName["ip"], LinkWeights.MaxShownOfWares - 1).ShouldBeGreaterThan(0);
        LinkWeights.Worth(FeatureKinds.ByName["ip"], LinkWeights.MaxShownOfWares).ShouldBe(0);
        LinkWeights.Worth(FeatureKinds.ByName["wallet"], LinkWeights.MaxShown - 1).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Indexes_find_what_comparing_all_pairs_finds()
    {
        Random random = new(3);
        string[] texts = [.. Enumerable.Range(0, 40).SelectMany(_ => Family(random))];
        (IFuzzyIndex Index, Func<string, string> Hash, Func<string, string, bool> Alike)[] methods =
        [
            (new SsdeepIndex(), text => Ssdeep.Hash(Bytes(text)), (a, b) => Ssdeep.Compare(a, b) >= 60),
            (new TlshIndex(), text => Tlsh.Hash(Bytes(text)), (a, b) => Tlsh.Distance(a, b) <= 30),
        ];
        foreach ((IFuzzyIndex index, Func<string, string> hash, Func<string, string, bool> alike) in methods)
        {
            string[] values = [.. texts.Select(hash).Distinct()];
            for (int i = 0; i < values.Length; i++)
            {
                index.TryAdd(i, values[i], new List<int>()).ShouldBeTrue();
            }

            int pairs = 0, found = 0;
            for (int i = 0; i < values.Length; i++)
            {
                HashSet<int> near = [.. index.Near(i).Select(each => each.Key)];
                near.ShouldAllBe(other => index.Near(other).Any(each => each.Key == i));
                for (int other = 0; other < i; other++)
                {
                    if (alike(values[i], values[other]))
                    {
                        pairs++;
                        found += near.Contains(other) ? 1 : 0;
                    }
                }
            }

            pairs.ShouldBeGreaterThan(50);
            ((double)found / pairs).ShouldBeGreaterThan(0.97, index.GetType().Name);
            index.Comparisons.ShouldBeLessThan((long)values.Length * values.Length / 4);
        }
    }

    [Fact]
    public void Digests_of_pages_that_have_one_pair_of_bytes_in_common_are_not_even_compared()
    {
        byte[] code = [.. Enumerable.Range(0, 32).Select(i => (byte)i)], one = [.. code.Select(b => (byte)(b + 100))], two = [.. one];
        code.AsSpan(4, 2).CopyTo(one.AsSpan(4));
        code.AsSpan(4, 3).CopyTo(two.AsSpan(4));
        TlshIndex index = new();
        index.TryAdd(1, $"T1000000{Convert.ToHexString(code)}", new List<int>()).ShouldBeTrue();
        index.TryAdd(2, $"T1000000{Convert.ToHexString(one)}", new List<int>()).ShouldBeTrue();

        index.Near(1);
        index.Comparisons.ShouldBe(0);

        index.TryAdd(3, $"T1000000{Convert.ToHexString(two)}", new List<int>()).ShouldBeTrue();
        index.Near(1);
        index.Comparisons.ShouldBe(1);
    }

    [Fact]
    public void Values_of_64_bits_are_found_up_to_seven_bits_apart()
    {
        HammingIndex index = new();
        ulong value = 0x0123456789ABCDEF;
        index.TryAdd(0, $"{value:x16}", new List<int>()).ShouldBeTrue();
        index.TryAdd(1, $"{value ^ 0x0003_0003_0003_0001:x16}", new List<int>()).ShouldBeTrue();
        index.TryAdd(2, $"{value ^ 0x0003_0003_0003_0003:x16}", new List<int>()).ShouldBeTrue();
        index.TryAdd(3, "no hash", new List<int>()).ShouldBeFalse();

        index.Near(0).Select(each => each.Key).ShouldBe([1]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("3")]
    [InlineData("3:abc")]
    [InlineData("99999999999999999999:abcdefgh:abcdefgh")]
    [InlineData("-3:abcdefgh:abcdefgh")]
    [InlineData("3:äbcdefghi:abcdefgh")]
    public void What_is_no_digest_is_taken_as_none(string text)
    {
        new SsdeepIndex().TryAdd(1, text, new List<int>()).ShouldBeFalse();
        new TlshIndex().TryAdd(1, text, new List<int>()).ShouldBeFalse();
    }

    private static IEnumerable<string> Family(Random random)
    {
        string[] words = [.. Enumerable.Range(0, 400).Select(_ => string.Concat(Enumerable.Range(0, 6).Select(_ => (char)('a' + random.Next(26)))))];
        for (int i = 0; i < 4; i++)
        {
            yield return string.Join(' ', words);
            words[random.Next(words.Length)] = "changed";
        }
    }

    private static byte[] Bytes(string text) => System.Text.Encoding.ASCII.GetBytes(text);

    private void Show(string site, params string[] features) =>
        _engine.Apply([new(site, [.. features.Select(text => SiteFeature.TryParse(text, out SiteFeature feature) ? feature : throw new FormatException(text))])]);
}
