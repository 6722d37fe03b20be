using Whorl.Analysis.Campaigns;
using Whorl.Analysis.Campaigns.Linking;
using Whorl.Kernel.Sites;

namespace Whorl.Tests.Campaigns;

public sealed class CampaignEngineTests
{
    private int _ids;

    [Fact]
    public void Of_ten_thousand_sites_the_planted_groups_are_found_and_strangers_stay_apart()
    {
        PlantedSites planted = new(10_000, 1);
        CampaignEngine engine = Engine();

        engine.Apply(planted.Sites);

        PlantedMatch match = PlantedMatch.Of(planted, engine);
        match.ShouldSatisfyAllConditions(
            () => match.Precision.ShouldBeGreaterThan(0.95),
            () => match.Recall.ShouldBeGreaterThan(0.95),
            () => match.GroupPrecision.ShouldBeGreaterThan(0.95),
            () => match.GroupRecall.ShouldBeGreaterThan(0.95));
    }

    [Fact]
    public void Work_grows_with_the_number_of_sites_and_not_with_that_of_pairs()
    {
        long small = Work(1_500), large = Work(6_000);

        large.ShouldBeLessThan(small * 6, "four times the sites");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void One_scan_after_another_comes_to_the_same_as_all_at_once(int seed)
    {
        PlantedSites planted = new(400, seed);
        Random random = new(seed);
        CampaignEngine step = Engine(), whole = Engine();
        Dictionary<string, SiteShown> now = new(StringComparer.Ordinal);
        Dictionary<string, string> standings = new(StringComparer.Ordinal);
        Dictionary<CampaignId, int> sizes = [];
        for (int i = 0; i < 700; i++)
        {
            // Sites come, come again changed, and go.
            SiteShown site = planted.Sites[random.Next(planted.Sites.Count)];
            SiteShown shown = random.Next(4) switch
            {
                0 => site with { Features = [.. site.Features.Where(_ => random.Next(3) > 0)] },
                1 => site with { Features = planted.Sites[random.Next(planted.Sites.Count)].Features },
                _ => site,
            };
            now[site.Site] = shown;
            GroupChanges changes = step.Apply([shown]);
            Follow(changes, standings);
            foreach (GroupState state in changes.States)
            {
                sizes[state.Id] = state.Sites;
            }
        }

        GroupChanges all = whole.Apply([.. now.Values.OrderBy(_ => random.Next())]);

        Partition(step).ShouldBe(Partition(whole));
        step.Campaigns.ShouldBeGreaterThan(10);
        Dictionary<string, string> expected = new(StringComparer.Ordinal);
        Follow(all, expected);
        standings.Where(each => each.Value.Length > 0).OrderBy(each => each.Key, StringComparer.Ordinal).ShouldBe(expected.OrderBy(each => each.Key, StringComparer.Ordinal));
        sizes.Where(each => each.Value > 0).OrderBy(each => each.Key.Value).ShouldBe(step.All().Select(campaign => KeyValuePair.Create(campaign.Id, campaign.Sites.Count)).OrderBy(each => each.Key.Value));
    }

    [Fact]
    public void A_visit_that_keeps_the_links_of_a_site_leaves_the_rest_of_its_campaign_alone()
    {
        CampaignEngine engine = Engine();
        SiteShown[] sites = [.. Enumerable.Range(0, 300).Select(i => new SiteShown(
            $"s{i}.example", [new(FeatureKinds.Wallet, "btc:1"), new(FeatureKinds.Contact, $"email:{i / 100}@mail.example"), new(FeatureKinds.Page, $"page {i}")]))];
        engine.Apply(sites);

        // The page is another one; nobody else had the old one.
        engine.Apply([sites[7] with { Features = [.. sites[7].Features.SkipLast(1), new(FeatureKinds.Page, "new page")] }]).Looked.ShouldBe(["s7.example"]);

        // A contact is gone, but what holds the site is the wallet: none but those that it held best are looked at.
        engine.Apply([sites[107] with { Features = [sites[107].Features[0]] }]).Looked.Count.ShouldBeLessThan(150);

        // What held it is gone: the whole may fall apart.
        engine.Apply([sites[7] with { Features = [] }]).Looked.Count.ShouldBeGreaterThan(290);
        engine.All().Single().Sites.Count.ShouldBe(299);
    }

    private static void Follow(GroupChanges changes, Dictionary<string, string> standings)
    {
        foreach (Move move in changes.Moves)
        {
            standings[move.Site] = move.Now.Campaign is null ? "" : $"{move.Now.Firm} {move.Now.Strength:0.000} {move.Through}";
        }
    }

    private static string[] Partition(CampaignEngine engine) => [.. engine.All().Select(campaign => string.Join(' ', campaign.Sites)).Order(StringComparer.Ordinal)];

    private long Work(int sites)
    {
        CampaignEngine engine = Engine();
        engine.Apply(new PlantedSites(sites, 5).Sites);
        return engine.Work;
    }

    private CampaignEngine Engine() => new(PlantedSites.BrandIds.Contains, () => new(new Guid(++_ids, 0, 0, new byte[8])));
}
