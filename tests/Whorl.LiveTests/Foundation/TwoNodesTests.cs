using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Whorl.LiveTests.Processes;
using Whorl.LiveTests.Servers;

namespace Whorl.LiveTests.Foundation;

/// <summary>Two real nodes that share a real PostgreSQL and a real RabbitMQ.</summary>
public sealed class TwoNodesTests : IAsyncLifetime
{
    private const string Browser = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

    private readonly int _firstPort = RunningProcess.FreePort();
    private readonly int _secondPort = RunningProcess.FreePort();
    private PostgresServer _postgres = null!;
    private RabbitServer _rabbit = null!;
    private NginxSite _site = null!;
    private WhorlProcess _first = null!;
    private WhorlProcess _second = null!;

    public async ValueTask InitializeAsync()
    {
        _postgres = await PostgresServer.StartNewAsync();
        _rabbit = await RabbitServer.StartNewAsync();
        _site = await NginxSite.StartAsync();
        string database = await _postgres.NewDatabaseAsync();
        _first = await StartAsync("first", _firstPort, database);
        _second = await StartAsync("second", _secondPort, database);
    }

    public async ValueTask DisposeAsync()
    {
        await (_first?.DisposeAsync() ?? default);
        await (_second?.DisposeAsync() ?? default);
        await (_site?.DisposeAsync() ?? default);
        await (_rabbit?.DisposeAsync() ?? default);
        await (_postgres?.DisposeAsync() ?? default);
    }

    [Fact]
    public async Task A_decision_made_at_one_node_is_enforced_at_the_other_with_the_broker_and_without_it()
    {
        (await StatusAsync(_secondPort, "127.0.0.2")).ShouldBe(200);

        // Sooner than the catch-up query (30 s here) can be relied on for: it came by the bus.
        await DecideAsync(_first, "127.0.0.2");
        TimeSpan byBus = await UntilRefusedAsync(_secondPort, "127.0.0.2", TimeSpan.FromSeconds(5));

        await _rabbit.StopAsync();
        await DecideAsync(_first, "127.0.0.3");
        (await StatusAsync(_firstPort, "127.0.0.3")).ShouldBe(403);
        TimeSpan byCatchUp = await UntilRefusedAsync(_secondPort, "127.0.0.3", TimeSpan.FromSeconds(60));
        TestContext.Current.TestOutputHelper?.WriteLine($"enforced at the other node after {byBus.TotalMilliseconds:F0} ms by bus, {byCatchUp.TotalSeconds:F1} s by catch-up");
    }

    [Fact]
    public async Task No_observation_is_lost_while_the_broker_is_away_nor_a_decision_by_kill_9()
    {
        // Load all along; the broker goes away and comes back in the middle of it.
        List<string> references = [];
        for (int i = 0; i < 60; i++)
        {
            if (i == 20)
            {
                await _rabbit.StopAsync();
            }
            else if (i == 40)
            {
                await _rabbit.StartAsync();
            }

            string answer = await FirstMinutesTests.CurlAsync(_firstPort, "-A", "GPTBot/1.2");
            answer.ShouldStartWith("HTTP/1.1 403");
            references.Add(FirstMinutesTests.ReferenceOf(answer));
        }

        foreach (string reference in references)
        {
            string explained = "";
            await _second.UntilAsync(
                async () =>
                {
                    using HttpResponseMessage answer = await _second.Local.GetAsync($"/api/v1/explain/{reference}");
                    explained = await answer.Content.ReadAsStringAsync();
                    return answer.IsSuccessStatusCode;
                },
                $"knowing {reference}");
            using JsonDocument document = JsonDocument.Parse(explained);
            document.RootElement.GetProperty("observation").GetProperty("verdict.action").GetString().ShouldBe("block");
        }

        // Killed in the middle of writes: what was acknowledged is there when it comes back, and the other node has it too.
        List<string> acknowledged = [];
        using CancellationTokenSource killed = new();
        Task writing = Task.Run(async () =>
        {
            for (int i = 1; !killed.IsCancellationRequested && i < 250; i++)
            {
                string address = string.Create(CultureInfo.InvariantCulture, $"192.0.2.{i}");
                try
                {
                    using HttpResponseMessage answer = await _first.Local.PostAsync("/api/v1/decisions", Json($$"""{"scope":"ip","value":"{{address}}","action":"block"}"""));
                    if (answer.IsSuccessStatusCode)
                    {
                        acknowledged.Add(address);
                    }
                }
                catch (HttpRequestException)
                {
                    // The process is gone; this one was not acknowledged.
                    return;
                }
            }
        });
        await WaitUntilAsync(() => acknowledged.Count >= 20);
        await _first.KillAsync();
        await killed.CancelAsync();
        await writing;
        await _first.StartAgainAsync();

        foreach (WhorlProcess node in (WhorlProcess[])[_first, _second])
        {
            (int code, string output, string error) = await node.CliAsync("decisions", "list", "--json", "--limit", "1000");
            code.ShouldBe(0, error);
            foreach (string address in acknowledged)
            {
                output.ShouldContain($"\"{address}\"");
            }
        }
    }

    private async Task<WhorlProcess> StartAsync(string name, int port, string database) => await FirstMinutesTests.StartAsync(_site, port, new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["Node:Name"] = name,
        ["Store:Provider"] = "postgres",
        ["Store:ConnectionString"] = database,
        ["Bus:Provider"] = "rabbitmq",
        ["Bus:Uri"] = _rabbit.Uri,
        ["Decisions:CatchUp"] = "00:00:30",
    });

    private static StringContent Json(string text) => new(text, System.Text.Encoding.UTF8, "application/json");

    private static async Task DecideAsync(WhorlProcess node, string address)
    {
        using HttpResponseMessage answer = await node.Local.PostAsync("/api/v1/decisions", Json($$"""{"scope":"ip","value":"{{address}}","action":"block"}"""));
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync());
    }

    private static async Task<TimeSpan> UntilRefusedAsync(int port, string from, TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        while (await StatusAsync(port, from) != 403)
        {
            Stopwatch.GetElapsedTime(start).ShouldBeLessThan(limit);
            await Task.Delay(20);
        }

        return Stopwatch.GetElapsedTime(start);
    }

    private static async Task<int> StatusAsync(int port, string from)
    {
        string answer = await FirstMinutesTests.CurlAsync(port, "-A", Browser, "--interface", from);
        return int.Parse(answer.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private static async Task WaitUntilAsync(Func<bool> reached)
    {
        for (int tries = 0; !reached(); tries++)
        {
            tries.ShouldBeLessThan(600);
            await Task.Delay(50);
        }
    }
}
