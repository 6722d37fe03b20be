using System.Text.Json;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Records;
using Whorl.Sources.Sites.Scans;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites.Work;

/// <summary>The jobs of tests/fixtures, visited by a worker without a network: whatever system of record holds them, the results are those of tests/fixtures/results.json.</summary>
public abstract class SitesSmokeContract : IAsyncDisposable
{
    private protected static readonly string Fixtures = Path.Combine(Repository.Root, "tests", "fixtures");

    /// <summary>The clock of scans.</summary>
    internal ManualClock Clock { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task The_jobs_of_the_fixtures_give_the_results_of_the_fixtures()
    {
        (IJobSource jobs, IResultSink results) = await OpenAsync();
        await jobs.AddAsync(new JobFile(Path.Combine(Fixtures, "jobs.json")).Read([]).ToArray(), default);
        using WorkerRig rig = new(jobs, results, new FixtureScanner(await File.ReadAllTextAsync(FixtureScanner.File), Clock), Clock, WorkerRig.Impolite(options => options.Worker.Once = true));

        await rig.RunAsync();

        List<ScanRecord> found = [];
        foreach (SiteSummary site in await results.SitesAsync(new(), default))
        {
            found.AddRange(await results.ScansAsync(site.Site, 9, null, default));
        }

        Text(found).ShouldBe(Text(JsonSerializer.Deserialize<List<ScanRecord>>(await File.ReadAllTextAsync(Path.Combine(Fixtures, "results.json")), ScanJson.Options)!));
        rig.Published.Observations.Count.ShouldBe(7);
        JobCounts counts = await jobs.CountAsync(default);
        (counts.Jobs[JobState.Succeeded], counts.Jobs.Values.Sum(), counts.Due).ShouldBe((7L, 7L, 0L));
    }

    internal abstract Task<(IJobSource Jobs, IResultSink Results)> OpenAsync();

    protected virtual ValueTask CloseAsync() => default;

    // Ids are the records' own.
    private static string Text(IEnumerable<ScanRecord> scans) =>
        string.Join('\n', scans.OrderBy(scan => scan.Url, StringComparer.Ordinal).Select(scan => JsonSerializer.Serialize(scan with { Id = "", Time = default }, ScanJson.Options)));
}
