using System.Text.Json;
using Whorl.Kernel;
using Whorl.Sources.Edge.Recording;

namespace Whorl.Tests.Edge.Recording;

public sealed class RecordingTests
{
    [Fact]
    public void What_is_written_by_hand_is_what_the_kernel_reads_and_writes()
    {
        RuleInfo rule = new("a/b", 2, "q\"\\\u0001\n", -5, DecisionAction.Throttle, true);
        RequestRecord record = new()
        {
            Id = new(new EventClock(TimeProvider.System).Next()),
            ClientText = "203.0.113.9"u8.ToArray(),
            Direct = true,
            Wire = RecordEncoder.Fragment((Fields.TlsJa4, "t13d"), (Fields.TlsSni, null), (Fields.HttpHeaderOrder, "Host,\"X")),
            Site = "shop"u8.ToArray(),
            Upstream = "127.0.0.1:80"u8.ToArray(),
            Method = "GET",
            Scheme = "https",
            Host = "example.org",
            Path = "/ä\u0007\ud800/你",
            Query = "a=\"b\"",
            Version = "2",
            UserAgent = "x\ty",
            Status = 200,
            ResponseBytes = 12345678901,
            DurationMicroseconds = 42,
            Done = DecisionAction.Allow,
            Verdict = new()
            {
                Action = DecisionAction.Allow,
                WouldBe = DecisionAction.Block,
                Score = -7,
                Decision = new(DecisionId.New(TimeProvider.System), DecisionScope.Range, DecisionAction.Block, true, "import:list", "manual", "\"why\""),
            },
        };
        record.SetRules([rule, rule with { Action = null, Simulated = false }]);
        Utf8JsonBuffer json = new(16);
        new RecordEncoder("node-1").Write(ref json, record);

        CloudEvents.TryRead(json.ToArray(), out Observation? read).ShouldBeTrue(System.Text.Encoding.UTF8.GetString(json.Written));

        read!.Id.ShouldBe(record.Id);
        read.Kind.ShouldBe("http.request");
        read.Sensor.ShouldBe("node-1");
        read.Subject.Text.ShouldBe("ip:203.0.113.9");
        read.Schema.ShouldBe(CloudEvents.SchemaPrefix + "http.request");
        Uuid7.TimeOf(record.Id.Value).ToUnixTimeMilliseconds().ShouldBe(read.Time.ToUnixTimeMilliseconds());
        read.Get("http.path").ShouldBe("/ä\u0007\ufffd/你");
        read.Get("http.query").ShouldBe("a=\"b\"");
        read.Get("http.user_agent").ShouldBe("x\ty");
        read.Get("http.header_order").ShouldBe("Host,\"X");
        read.Get("tls.ja4").ShouldBe("t13d");
        read.Get("tls.sni").ShouldBeNull();
        read.Get("http.response_bytes").ShouldBe("12345678901");
        read.Get("verdict.would_be").ShouldBe("block");
        read.Get("verdict.score").ShouldBe("-7");
        JsonElement rules = read.Attributes.GetProperty("verdict.rules");
        rules.GetArrayLength().ShouldBe(2);
        rules[0].GetProperty("description").GetString().ShouldBe("q\"\\\u0001\n");
        rules[0].GetProperty("action").GetString().ShouldBe("throttle");
        rules[1].TryGetProperty("action", out _).ShouldBeFalse();
        read.Attributes.GetProperty("verdict.decision").GetProperty("reason").GetString().ShouldBe("\"why\"");
        CloudEvents.TryRead(CloudEvents.Write(read), out Observation? again).ShouldBeTrue();
        JsonElement.DeepEquals(again!.Attributes, read.Attributes).ShouldBeTrue();
        again.Time.ShouldBe(read.Time);
    }

    [Fact]
    public void Ids_are_in_order_of_time_and_never_equal()
    {
        EventClock clock = new(TimeProvider.System);
        Guid[] ids = [.. Enumerable.Range(0, 1000).Select(_ => clock.Next())];

        ids.Distinct().Count().ShouldBe(1000);
        ids.Select(id => id.Version).ShouldAllBe(version => version == 7);
        ids.Select(EventClock.TimeOf).ShouldBeInOrder();
    }

    [Fact]
    public void The_busiest_addresses_are_found_among_many_in_bounded_room()
    {
        TopTalkers talkers = new();
        for (int i = 0; i < 100_000; i++)
        {
            talkers.Add(new((UInt128)(uint)(1000 + i)), 1, refused: false);
            if (i % 10 == 0)
            {
                talkers.Add(new(7), 1, refused: true);
            }
        }

        (PeerAddress address, int requests, int refused) = talkers.Top(5).First();

        address.Bits.ShouldBe((UInt128)7);
        refused.ShouldBe(10_000);
        requests.ShouldBeGreaterThanOrEqualTo(10_000);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(1000)]
    [InlineData(123_456)]
    public void Quantiles_are_right_to_a_tenth(long value)
    {
        DurationHistogram histogram = new();
        for (int i = 0; i < 100; i++)
        {
            histogram.Add(value);
        }

        ((double)histogram.Quantile(0.99) / value).ShouldBeInRange(0.88, 1.12);
    }

    [Fact]
    public async Task A_second_of_traffic_is_summed_up()
    {
        await using RawUpstream upstream = RawUpstream.Answering(RawUpstream.Ok("x"));
        await using TestEdge edge = await TestEdge.StartAsync(_ => { }, upstream.Url);
        edge.Judge.Says = static (facts, _, _) => facts.Text(Fields.HttpPath) == "/no" ? new() { Action = DecisionAction.Block } : default;
        using HttpClient client = edge.Client();
        await client.GetStringAsync("/");
        using HttpResponseMessage refused = await client.GetAsync("/no");

        IReadOnlyList<Observation> summaries = await edge.ObservationsAsync(1, "edge.summary");

        summaries.Sum(summary => summary.Attributes.GetProperty("edge.requests").GetInt32()).ShouldBe(2);
        JsonElement first = summaries[0].Attributes;
        first.GetProperty("edge.verdicts").EnumerateObject().ShouldNotBeEmpty();
        first.GetProperty("edge.top")[0].GetProperty("client.ip").GetString().ShouldBe("127.0.0.1");
        first.GetProperty("edge.duration_us_p50").GetInt64().ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_sink_or_judge_that_fails_never_stops_the_proxying()
    {
        await using RawUpstream upstream = RawUpstream.Answering(RawUpstream.Ok("still here"));
        await using TestEdge edge = await TestEdge.StartAsync(_ => { }, upstream.Url);
        edge.Sink.Broken = true;
        edge.Judge.Says = static (_, _, _) => throw new InvalidOperationException("rules are broken");
        using HttpClient client = edge.Client();

        for (int i = 0; i < 3; i++)
        {
            (await client.GetStringAsync("/")).ShouldBe("still here");
        }

        edge.Worker.Server!.Recorder.Flush();
        edge.Worker.Server.Recorder.Dropped.ShouldBeGreaterThan(0);
        edge.Log.Lines.Count(line => line.Text.StartsWith("Judging failed", StringComparison.Ordinal)).ShouldBe(1);
    }
}
