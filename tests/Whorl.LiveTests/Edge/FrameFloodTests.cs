using Whorl.LiveTests.Foundation;
using Whorl.LiveTests.Processes;

namespace Whorl.LiveTests.Edge;

/// <summary>HTTP/2 connections that send frames for their own sake, against the real process: each is answered frame by frame or cut off by a limit.</summary>
[Collection(nameof(Alone))]
public sealed class FrameFloodTests(FrameFloodTests.Flooded flooded) : IClassFixture<FrameFloodTests.Flooded>
{
    private const string Browser = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

    private const int Connections = 8;

    private const int ChunkFrames = 5000;

    // What is to be answered: so many frames of each connection.
    private const int Answered = 20 * ChunkFrames;

    // What is to end by a limit goes on until it does; half a gigabyte is more than the kernel takes unread.
    private const int Endless = 10_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // A connection may hold Kestrel's buffers of both directions and ours; the rest is the first thousands of requests of a new process.
    private const long MaxGrowthKiB = 96 * 1024;

    private static readonly byte[] Get = FrameClient.Request(post: false, Browser);

    private static readonly byte[] Post = FrameClient.Request(post: true, Browser);

    // One field of 100 bytes that no table keeps.
    private static readonly byte[] Literal = [0x00, 1, (byte)'x', 100, .. Enumerable.Repeat((byte)'y', 100)];

    [Theory]
    [InlineData("rapid reset", true)]
    [InlineData("rapid reset", false)]
    [InlineData("continuation", true)]
    [InlineData("continuation", false)]
    [InlineData("settings", true)]
    [InlineData("settings", false)]
    [InlineData("ping", true)]
    [InlineData("ping", false)]
    [InlineData("empty data", true)]
    [InlineData("empty data", false)]
    public async Task A_flood_of_frames_is_answered_or_ended_by_a_limit_while_others_are_served(string flood, bool reads)
    {
        (WhorlProcess whorl, int tls) = await flooded.StartedAsync();
        (await GoodAsync(tls)).ShouldContain("the site");
        long before = HostilePeersTests.MemoryKiB(whorl.Id), most = 0;

        Task<string[]> floods = Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => FloodAsync(tls, flood, reads)));
        int served = 0;
        do
        {
            (await GoodAsync(tls)).ShouldContain("the site");
            served++;
            most = Math.Max(most, HostilePeersTests.MemoryKiB(whorl.Id));
        }
        while (!floods.IsCompleted);

        string expected = flood == "ping" && reads ? "answered" : "ended";
        (await floods).ShouldAllBe(end => end == expected, string.Join(", ", await floods));
        (most - before).ShouldBeLessThan(MaxGrowthKiB);
        (await GoodAsync(tls)).ShouldContain("the site");
        whorl.Alarms.ShouldBeEmpty();
        TestContext.Current.TestOutputHelper?.WriteLine($"{served} good requests meanwhile, {most - before} KiB more");
    }

    private static async Task<string> FloodAsync(int port, string flood, bool reads)
    {
        using CancellationTokenSource late = new(Patience);
        await using FrameClient client = await FrameClient.ConnectAsync(port, reads);
        bool answers = flood == "ping" && reads;
        try
        {
            if (!await client.SendAsync(Chunk(flood), answers ? Answered / ChunkFrames : Endless, late.Token))
            {
                return "ended";
            }

            await client.ReceivedAsync(FrameClient.Ping, Answered, late.Token);
            return client.Received(FrameClient.Ping) == Answered ? "answered" : "neither";
        }
        catch (OperationCanceledException)
        {
            return "neither";
        }
    }

    private static Func<int, byte[]> Chunk(string flood) => flood switch
    {
        "rapid reset" => static chunk => Repeat(frame =>
        [
            .. FrameClient.Frame(FrameClient.Headers, FrameClient.EndStream | FrameClient.EndHeaders, Stream(chunk, frame), Get),
            .. FrameClient.Frame(FrameClient.ResetStream, 0, Stream(chunk, frame), [0, 0, 0, 8]),
        ]),
        "continuation" => static chunk => chunk == 0 ? FrameClient.Frame(FrameClient.Headers, FrameClient.EndStream, 1, Get) : Repeat(static _ => FrameClient.Frame(FrameClient.Continuation, 0, 1, Literal)),
        "settings" => static _ => Repeat(static _ => FrameClient.Frame(FrameClient.Settings, 0, 0, [])),
        "ping" => static _ => Repeat(static _ => FrameClient.Frame(FrameClient.Ping, 0, 0, new byte[8])),
        _ => static chunk => chunk == 0 ? FrameClient.Frame(FrameClient.Headers, FrameClient.EndHeaders, 1, Post) : Repeat(static _ => FrameClient.Frame(FrameClient.Data, 0, 1, [])),
    };

    private static int Stream(int chunk, int frame) => (((chunk * ChunkFrames) + frame) * 2) + 1;

    private static byte[] Repeat(Func<int, byte[]> frame) => [.. Enumerable.Range(0, ChunkFrames).SelectMany(frame)];

    /// <summary>Another client, whom a decision lets pass, over HTTP/2.</summary>
    private static async Task<string> GoodAsync(int port)
    {
        (_, string output, string error) = await RunningProcess.RunAsync("curl", ["-s", "-S", "-k", "--http2", "--interface", "127.0.0.2", "--max-time", "10", "-A", Browser, $"https://127.0.0.1:{port}/"]);
        return output + error;
    }

    /// <summary>One edge for all floods: what one leaves behind, the next would tell.</summary>
    public sealed class Flooded : IAsyncDisposable
    {
        private readonly int _tls = RunningProcess.FreePort();
        private NginxSite? _site;
        private WhorlProcess? _whorl;

        internal async Task<(WhorlProcess Whorl, int Tls)> StartedAsync()
        {
            if (_whorl is null)
            {
                _site = await NginxSite.StartAsync();
                _whorl = await FirstMinutesTests.StartAsync(_site, RunningProcess.FreePort(), new Dictionary<string, string?>(StringComparer.Ordinal)
                {
                    ["Edge:Listen:1"] = $"https://127.0.0.1:{_tls}",
                    ["Edge:Limits:KeepAliveTime"] = "00:00:03",
                    ["Edge:Limits:IdleTime"] = "00:00:03",
                });
                (await _whorl.CliAsync("decisions", "add", "--ip", "127.0.0.2", "--action", "allow")).Code.ShouldBe(0);
            }

            return (_whorl, _tls);
        }

        public async ValueTask DisposeAsync()
        {
            await (_whorl?.DisposeAsync() ?? default);
            await (_site?.DisposeAsync() ?? default);
        }
    }
}
