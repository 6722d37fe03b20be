using Whorl.Analysis.Campaigns.Linking;

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
            step.Apply([shown]);
        }

        whole.Apply([.. now.Values.OrderBy(_ => random.Next())]);

        Partition(step).ShouldBe(Partition(whole));
        step.Campaigns.ShouldBeGreaterThan(10);
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
