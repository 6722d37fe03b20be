using Whorl.LiveTests.Processes;

namespace Whorl.LiveTests.Capture;

/// <summary>A sensor that is killed in the middle of its work.</summary>
public sealed class KilledSensorTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task What_was_stored_outlives_kill_9_and_what_was_told_is_told_again_only_once_by_each_process()
    {
        await using TestNetwork network = await TestNetwork.CreateAsync();
        await using DecoyServices services = await DecoyServices.StartAsync(network);
        await using WhorlProcess whorl = await WhorlProcess.StartUnderAsync(
            TestNetwork.Inside(network.Sensor), new Dictionary<string, string?>(StringComparer.Ordinal), null, "run", "--roles", "capture,analyst,console");
        await whorl.UntilHealthSaysAsync("s0: listening", Soon);

        // The same again and again within the window: told once.
        await RequestAsync(network, 5);
        await whorl.UntilAsync(async () => (await RequestsAsync(whorl)).Count == 1, "storing the request", Soon);
        IReadOnlyList<Stored> before = await StoredObservations.ReadAsync(whorl.Data);

        // Killed while the attacker goes on.
        Task requests = RequestAsync(network, 40);
        await whorl.KillAsync();
        await requests;
        await whorl.StartAgainAsync();
        await whorl.UntilHealthSaysAsync("s0: listening", Soon);
        await RequestAsync(network, 5);
        await whorl.UntilAsync(async () => (await RequestsAsync(whorl)).Count >= 2, "storing the request of the second life", Soon);

        // A clean end tells what was counted and not told yet.
        (await whorl.StopAsync()).ShouldBe(0);
        IReadOnlyList<Stored> after = await StoredObservations.ReadAsync(whorl.Data);
        after.Select(one => one.Id).ShouldBeUnique();
        before.Select(one => one.Id).Except(after.Select(one => one.Id)).ShouldBeEmpty();
        List<Stored> told = [.. after.Where(one => one.Kind == "http.request")];
        told.Count(one => one["count"].Length == 0).ShouldBe(2);
        told.Where(one => one["count"].Length > 0).ShouldHaveSingleItem()["count"].ShouldBe("4");
    }

    private static async Task<List<Stored>> RequestsAsync(WhorlProcess whorl) =>
        [.. (await StoredObservations.ReadAsync(whorl.Data)).Where(one => one.Kind == "http.request")];

    private static async Task RequestAsync(TestNetwork network, int times)
    {
        for (int i = 0; i < times; i++)
        {
            (await TestNetwork.RunAsync(network.Attacker, "curl", "-sS", "-m", "10", $"http://{TestNetwork.DecoyV4}/same")).Output.ShouldContain("decoy");
        }
    }
}
