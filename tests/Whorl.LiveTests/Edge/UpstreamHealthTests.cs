using System.Net;
using Whorl.LiveTests.Foundation;
using Whorl.LiveTests.Processes;

namespace Whorl.LiveTests.Edge;

/// <summary>A server behind the edge that dies and comes back, as visitors and the operator see it.</summary>
public sealed class UpstreamHealthTests
{
    [Fact]
    public async Task A_dead_upstream_is_found_by_asking_its_sibling_answers_everything_and_it_is_taken_back_when_it_lives()
    {
        int port = RunningProcess.FreePort(), dying = RunningProcess.FreePort();
        await using NginxSite sibling = await NginxSite.StartAsync(Says("sibling"));
        NginxSite first = await NginxSite.StartAsync(Says("first"), dying);
        await using WhorlProcess whorl = await FirstMinutesTests.StartAsync(sibling, port, new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Edge:Sites:0:Name"] = "shop",
            ["Edge:Sites:0:LoadBalancing"] = "RoundRobin",
            ["Edge:Sites:0:Upstreams:1:Url"] = first.Address,
            ["Edge:Sites:0:HealthPath"] = "/alive",
            ["Edge:Sites:0:HealthInterval"] = "00:00:01",
            ["Edge:Sites:0:FailurePause"] = "00:00:01",
        });

        // Nobody visits: only a health check can know.
        await first.DisposeAsync();
        await whorl.UntilHealthSaysAsync($"upstream 127.0.0.1:{dying} of shop does not answer");
        (await whorl.Local.GetStringAsync("/health/ready")).ShouldContain("\"degraded\"");
        using Visitors visitors = new(port);
        await whorl.UntilAsync(() => Task.FromResult(visitors.Count > 50), "served by the sibling");
        visitors.HaveSeen("first").ShouldBeFalse();

        first = await NginxSite.StartAsync(Says("first"), dying);
        await whorl.UntilAsync(() => Task.FromResult(visitors.HaveSeen("first")), "served by the one that came back");
        await whorl.UntilAsync(async () => !(await whorl.Local.GetStringAsync("/health/ready")).Contains("does not answer", StringComparison.Ordinal), "well again");

        // And now in the middle of visits.
        await first.DisposeAsync();
        await whorl.UntilHealthSaysAsync($"upstream 127.0.0.1:{dying} of shop does not answer");
        visitors.Forget();
        await whorl.UntilAsync(() => Task.FromResult(visitors.Count > 50), "served by the sibling again");

        (await visitors.EndAsync()).ShouldBeEmpty();
    }

    private static string Says(string name) => $$"""
        location / { default_type text/html; return 200 "{{name}}\n"; }
        location /alive { return 204; }
        """;

    /// <summary>Asks all the time, one request after the other, and keeps what was not a page.</summary>
    private sealed class Visitors : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Lock _gate = new();
        private readonly Dictionary<string, int> _seen = new(StringComparer.Ordinal);
        private readonly List<string> _wrong = [];
        private readonly Task _asking;

        public Visitors(int port) => _asking = AskAsync(port);

        public int Count
        {
            get
            {
                lock (_gate)
                {
                    return _seen.Values.Sum();
                }
            }
        }

        public bool HaveSeen(string name)
        {
            lock (_gate)
            {
                return _seen.ContainsKey(name);
            }
        }

        public void Forget()
        {
            lock (_gate)
            {
                _seen.Clear();
            }
        }

        public async Task<IReadOnlyList<string>> EndAsync()
        {
            await _stop.CancelAsync();
            await _asking;
            return _wrong;
        }

        public void Dispose()
        {
            _stop.Cancel();
            _stop.Dispose();
        }

        private async Task AskAsync(int port)
        {
            using HttpClient client = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}/"), Timeout = TimeSpan.FromSeconds(20) };
            client.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0");
            while (!_stop.IsCancellationRequested)
            {
                string answer;
                try
                {
                    using HttpResponseMessage response = await client.GetAsync("/");
                    answer = (response.StatusCode == HttpStatusCode.OK ? "" : $"{response.StatusCode}: ") + (await response.Content.ReadAsStringAsync()).Trim();
                }
                catch (HttpRequestException fault)
                {
                    answer = fault.Message;
                }

                lock (_gate)
                {
                    if (answer is "first" or "sibling")
                    {
                        _seen[answer] = _seen.GetValueOrDefault(answer) + 1;
                    }
                    else
                    {
                        _wrong.Add(answer);
                    }
                }

                await Task.Delay(5);
            }
        }
    }
}
