using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.LiveTests.Processes;
using Whorl.Sources.Probes;
using Whorl.Sources.Probes.Asking;
using Whorl.Sources.Probes.Targets;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.LiveTests.Probes;

/// <summary>A thousand targets, three hundred of them hostile, in one go.</summary>
public sealed class ThousandTargetsTests
{
    private const int Targets = 1000;
    private const int Rate = 2000;
    private const int Connections = 1000;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    // A measurement: it depends on what else the machine does, so it is run by name, and its figures stand in bench/results.
    [Fact(Explicit = true)]
    public async Task The_whole_set_of_probes_takes_less_than_twice_the_ideal_and_little_memory()
    {
        using TempFolder folder = new();
        await using SimulatedTargets simulated = new();
        await File.WriteAllLinesAsync(folder.File("seen.jsonl"), Enumerable.Range(0, Targets).Select(number => $$"""{"ip":"{{SimulatedTargets.Address(number)}}"}"""));
        int[] closed = [.. Enumerable.Range(0, 9).Select(_ => RunningProcess.FreePort())];
        Dictionary<string, string?> settings = new()
        {
            ["Outbound:Allow:0"] = "127.0.0.0/8",
            ["Probes:Logs:0:Path"] = folder.File("seen.jsonl"),
            ["Probes:Logs:0:Field"] = "ip",
            ["Probes:Timeout"] = Timeout.ToString(),
            ["Probes:Connections"] = $"{Connections}",
            ["Probes:ConnectionsPerSecond"] = $"{Rate}",
            ["Probes:TargetConnectionsPerSecond"] = "10000",
        };
        Ports("Jarm", [simulated.TlsPort, .. closed]);
        Ports("Hassh", [simulated.SshPort, .. closed[..3]]);
        Ports("Tcp", [simulated.TlsPort, simulated.SshPort, simulated.WebPort, .. closed[..4]]);
        Ports("Http", [simulated.WebPort, simulated.TlsPort, .. closed[..2]]);

        settings["Node:Data"] = folder.File("data");
        await using RunningProcess whorl = RunningProcess.Start(
            WhorlProcess.Executable, ["run", "--roles", "prober"], settings.ToDictionary(setting => "WHORL_" + setting.Key.Replace(":", "__", StringComparison.Ordinal), setting => setting.Value));
        await whorl.UntilAsync(() => Task.FromResult(whorl.Output.Contains("The prober begins", StringComparison.Ordinal)), "at work");
        using SqliteDatabase database = new(folder.File("data", "whorl.db"), [ProbesTables.Migrations], TimeProvider.System);
        using TestMeters meters = new();
        await using ProbesStore store = new(
            database, new BatchWriters(database, TimeProvider.System, new StoreMetrics(meters), NullLoggerFactory.Instance), Options.Create(new ProbesOptions()), Options.Create(new NodeOptions { Name = "watcher" }), TimeProvider.System);
        await whorl.UntilAsync(async () => (await store.QueueAsync(Targets + 1, default)) is { Count: Targets } queue && queue.All(entry => entry.Visits == 1), "through with all targets", TimeSpan.FromMinutes(3));

        IReadOnlyList<AuditEntry> audit = await store.AuditAsync(null, null, int.MaxValue, default);
        long memory = Peak(whorl.Id);
        TimeSpan took = await TookAsync(database, audit);

        // No schedule is faster than its budget of connections a second, nor than the waiting that its budget of connections allows, nor than one target's
        // longest chain: JARM and then the web at one port.
        double waits = audit.Count(entry => entry.Outcome == ProbeFailure.TimedOut.Word());
        TimeSpan ideal = new[] { TimeSpan.FromSeconds(audit.Sum(entry => entry.Sent) / (double)Rate), Timeout * (waits / Connections), Timeout * 2 }.Max();
        string report = string.Create(CultureInfo.InvariantCulture, $"{audit.Count} asks, {audit.Sum(entry => entry.Sent)} connections and packets, {waits} waited for in vain: {took.TotalSeconds:0.0} s, ideal {ideal.TotalSeconds:0.0} s; peak memory {memory / 1024} MB");
        TestContext.Current.SendDiagnosticMessage(report);

        // Every healthy one was known by all its answers, and no hostile one by any that waits for a word.
        audit.Count(entry => entry is { Name: ProbeName.Jarm, Outcome: "answered" }).ShouldBe(Targets * 7 / 10, report);
        audit.Count(entry => entry is { Name: ProbeName.Certificate, Outcome: "answered" }).ShouldBe(Targets * 7 / 10, report);
        audit.Count(entry => entry is { Name: ProbeName.Hassh, Outcome: "answered" }).ShouldBe(Targets * 7 / 10, report);
        audit.Count(entry => entry is { Name: ProbeName.Http, Outcome: "answered" }).ShouldBe(Targets * 7 / 10, report);
        took.ShouldBeLessThan(ideal * 2, report);
        memory.ShouldBeLessThan(200 * 1024, report);

        void Ports(string probe, int[] ports)
        {
            for (int i = 0; i < ports.Length; i++)
            {
                settings[$"Probes:{probe}Ports:{i}"] = $"{ports[i]}";
            }
        }
    }

    private static async Task<TimeSpan> TookAsync(SqliteDatabase database, IReadOnlyList<AuditEntry> audit)
    {
        await using System.Data.Common.DbConnection connection = await database.OpenAsync(default);
        await using System.Data.Common.DbCommand command = connection.CreateCommand();
        command.CommandText = "SELECT MAX(visited) FROM probe_targets";
        long last = (long)(await command.ExecuteScalarAsync())!;
        return TimeSpan.FromMicroseconds(last - audit.Min(entry => entry.Micros));
    }

    // VmHWM, in kB.
    private static long Peak(int id) => long.Parse(
        File.ReadLines($"/proc/{id}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
