using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.LiveTests.Processes;
using Whorl.Sources.Probes;
using Whorl.Sources.Probes.Targets;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.LiveTests.Probes;

/// <summary>kill -9 in the middle of its work, and again.</summary>
public sealed class KilledProberTests
{
    private const int Targets = 60;

    [Fact]
    public async Task A_prober_that_is_killed_goes_on_with_whoever_is_left_and_accounts_for_what_it_had_begun()
    {
        using TempFolder folder = new();
        await using SimulatedTargets simulated = new();
        string seen = folder.File("seen.jsonl");
        await File.WriteAllLinesAsync(seen, Enumerable.Range(0, Targets / 2).Select(Line));
        await using WhorlProcess whorl = await WhorlProcess.StartAsync(
            new Dictionary<string, string?>
            {
                ["Outbound:Allow:0"] = "127.0.0.0/8",
                ["Probes:Logs:0:Path"] = seen,
                ["Probes:Logs:0:Field"] = "ip",
                ["Probes:Timeout"] = "0:00:01",
                ["Probes:TargetsAtOnce"] = "5",
                ["Probes:JarmPorts:0"] = $"{simulated.TlsPort}",
                ["Probes:HasshPorts:0"] = $"{simulated.SshPort}",
                ["Probes:TcpPorts:0"] = $"{simulated.SshPort}",
                ["Probes:HttpPorts:0"] = $"{simulated.WebPort}",
            },
            null, "run", "--roles", "prober,console");
        using SqliteDatabase database = new(Path.Combine(whorl.Data, "whorl.db"), [ProbesTables.Migrations], TimeProvider.System);
        using TestMeters meters = new();
        await using ProbesStore store = new(
            database, new BatchWriters(database, TimeProvider.System, new StoreMetrics(meters), NullLoggerFactory.Instance), Options.Create(new ProbesOptions()), Options.Create(new NodeOptions { Name = "watcher" }), TimeProvider.System);

        for (int killed = 1; killed <= 2; killed++)
        {
            int enough = killed * 8;
            await whorl.UntilAsync(async () => await VisitedAsync() >= enough && (await store.QueueAsync(Targets, default)).Any(entry => entry.Owner.Length > 0), "in the middle of its work");
            await whorl.KillAsync();
            (await store.AuditAsync(null, null, 10_000, default)).Count(entry => entry.Outcome == ProbesStore.Begun).ShouldBeGreaterThan(0);
            if (killed == 1)
            {
                // What is logged while nobody reads is read after.
                await File.AppendAllLinesAsync(seen, Enumerable.Range(Targets / 2, Targets / 2).Select(Line));
            }

            await whorl.StartAgainAsync();
        }

        await whorl.UntilAsync(async () => await VisitedAsync() == Targets, "through with all targets");
        IReadOnlyList<QueueEntry> queue = await store.QueueAsync(Targets + 1, default);
        queue.Count.ShouldBe(Targets);

        // A visit that had ended is not made again; one that was broken off does not count.
        queue.ShouldAllBe(entry => entry.Visits == 1);

        async Task<int> VisitedAsync() => (await store.QueueAsync(Targets + 1, default)).Count(entry => entry.Visits > 0);
    }

    private static string Line(int number) => $$"""{"ip":"{{SimulatedTargets.Address(number)}}"}""";
}
