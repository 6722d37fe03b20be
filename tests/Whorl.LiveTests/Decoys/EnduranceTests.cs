using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Whorl.LiveTests.Capture;
using Whorl.LiveTests.Foundation;
using Whorl.LiveTests.Processes;
using Whorl.Tests.Support;

namespace Whorl.LiveTests.Decoys;

/// <summary>What a decoy on the internet has to bear: thousands of guesses, thousands of peers that say nothing.</summary>
[Collection(nameof(Alone))]
public sealed class EnduranceTests
{
    private const int Idle = 5000;

    // Beside what the process takes without them: about 4 KB each, and as much again for a collector that has not run yet.
    private const long MaxIdleKilobytes = 50 * 1024;

    private static readonly (string, string)[] Wide =
    [
        ("Decoys:Limits:ConnectionsPerSource", "100000"), ("Decoys:Limits:ConnectionsPerMinute", "1000000"), ("Decoys:Limits:IdleTime", "0:10:00"),
    ];

    [Theory]
    [InlineData("ftp", 21, 1500)]
    [InlineData("ftp", 21, 10_000, Explicit = true)]
    [InlineData("ssh", 22, 40)]
    public async Task Hydra_tries_thousands_of_passwords_and_each_is_stored(string service, int port, int guesses)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/hydra"), "hydra is not installed");
        await using DecoyFleet fleet = await DecoyFleet.StartAsync($"services:\n  - {{ service: {service} }}\n", Wide);
        using TempFolder folder = new();
        await File.WriteAllLinesAsync(folder.File("passwords"), Enumerable.Range(0, guesses).Select(guess => $"guess{guess:00000}"));
        (_, string output, string error) = await RunningProcess.RunAsync(
            "hydra", ["-I", "-l", "root", "-P", folder.File("passwords"), "-t", "16", "-s", DecoyFleet.Port(port), fleet.Address, service], limit: TimeSpan.FromMinutes(4));
        output.ShouldContain("0 valid password", customMessage: error);

        // hydra tries one of its own first, so the number of attempts does not tell that the last guess is stored.
        await fleet.Whorl.UntilAsync(
            async () => (await StoredObservations.ReadAsync(fleet.Whorl.Data)).Where(one => one.Kind == "auth.attempt").Select(attempt => attempt["auth.secret"])
                .Where(secret => secret.StartsWith("guess", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).Count() == guesses,
            $"having stored {guesses} guesses", TimeSpan.FromSeconds(30));
        (await fleet.Whorl.Local.GetStringAsync("/metrics")).ShouldNotContain("whorl_decoys_faults_total{");
    }

    [Fact]
    public async Task Five_thousand_silent_peers_take_little_memory_and_others_are_served()
    {
        await using DecoyFleet fleet = await DecoyFleet.StartAsync("services:\n  - { service: ssh }\n  - { service: http, pages: [{ path: /, body: hello }] }\n", Wide);
        long before = ResidentKilobytes(fleet.Whorl.Id);
        List<Socket> sockets = [];
        try
        {
            for (int i = 0; i < Idle; i++)
            {
                Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                sockets.Add(socket);
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(fleet.Address), (i % 2 == 0 ? 22 : 80) + DecoyFleet.Offset));
            }

            await fleet.Whorl.UntilAsync(async () => (await fleet.Whorl.Local.GetStringAsync("/metrics")).Split('\n').Any(line => line.StartsWith("whorl_decoys_open", StringComparison.Ordinal) && line.EndsWith($" {Idle}", StringComparison.Ordinal)), "holding them all");
            (int code, string output, string error) = await RunningProcess.RunAsync("curl", ["-sS", "--max-time", "10", $"http://{fleet.Address}:{DecoyFleet.Port(80)}/"]);
            code.ShouldBe(0, error);
            output.ShouldBe("hello");
            long grown = ResidentKilobytes(fleet.Whorl.Id) - before;
            TestContext.Current.TestOutputHelper?.WriteLine($"{grown} KB for {Idle} silent peers");
            grown.ShouldBeLessThan(MaxIdleKilobytes);
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    }

    private static long ResidentKilobytes(int process) =>
        long.Parse(File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
}
