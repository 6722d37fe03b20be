using Whorl.Analysis.Campaigns.Linking;
using Whorl.Tests.Campaigns;

namespace Whorl.Bench.Campaigns;

/// <summary>Groups that were planted among 10,000 to 100,000 sites: what is found, what it costs, and how that grows.</summary>
internal static class CampaignsBench
{
    private const int Rescans = 2000;

    /// <param name="sizes">How many sites; 10,000, 30,000 and 100,000 where none is given.</param>
    public static void Report(int[] sizes)
    {
        Console.WriteLine("| sites | features | groups | campaigns | precision | recall | per campaign | per group | CPU s | pairs looked at | memory MB | one more scan, ms | its pairs |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (int sites in sizes.Length > 0 ? sizes : [10_000, 30_000, 100_000])
        {
            Report(sites);
        }
    }

    private static void Report(int sites)
    {
        PlantedSites planted = new(sites, 1);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        CampaignEngine engine = new(PlantedSites.BrandIds.Contains, () => new(Guid.CreateVersion7()));
        TimeSpan begin = Environment.CpuUsage.TotalTime;
        engine.Apply(planted.Sites);
        double seconds = (Environment.CpuUsage.TotalTime - begin).TotalSeconds;
        long work = engine.Work;
        double memory = (GC.GetTotalMemory(forceFullCollection: true) - before) / 1e6;
        PlantedMatch match = PlantedMatch.Of(planted, engine);

        // Sites come again and look like another one of theirs, or of strangers: features go and come.
        Random random = new(7);
        begin = Environment.CpuUsage.TotalTime;
        for (int i = 0; i < Rescans; i++)
        {
            SiteShown site = planted.Sites[random.Next(sites)];
            engine.Apply([site with { Features = [.. site.Features.Where(_ => random.Next(10) > 0)] }]);
        }

        double each = (Environment.CpuUsage.TotalTime - begin).TotalMilliseconds / Rescans;
        Console.WriteLine(FormattableString.Invariant(
            $"| {sites} | {engine.Features} | {planted.Groups} | {engine.Campaigns} | {match.Precision:0.0000} | {match.Recall:0.0000} | {match.GroupPrecision:0.0000} | {match.GroupRecall:0.0000} | {seconds:0.0} | {work} | {memory:0} | {each:0.00} | {(engine.Work - work) / Rescans} |"));
    }
}
