using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Whorl.Bus;
using Whorl.Delivery.WebConsole.Overview;
using Whorl.Delivery.WebConsole.Requests;
using Whorl.Kernel;
using Whorl.Tests.Support;

namespace Whorl.Tests.WebConsole;

public sealed class LiveTests(ConsoleHost host) : IClassFixture<ConsoleHost>
{
    [Fact]
    public async Task A_request_on_the_bus_reaches_the_browsers_whose_filter_it_passes()
    {
        HttpClient client = await host.MemberAsync();
        await using Stream all = await client.GetStreamAsync("/stream/requests?q=");
        await using Stream bots = await client.GetStreamAsync("/stream/requests?q=" + Uri.EscapeDataString("http.user_agent: *bot*"));
        IAsyncEnumerator<SseItem<string>> allEvents = SseParser.Create(all).EnumerateAsync().GetAsyncEnumerator();
        IAsyncEnumerator<SseItem<string>> botEvents = SseParser.Create(bots).EnumerateAsync().GetAsyncEnumerator();
        (await NextAsync(allEvents)).EventType.ShouldBe("hello");
        (await NextAsync(botEvents)).EventType.ShouldBe("hello");

        Observation person = ConsoleHost.Request(("http.user_agent", "Mozilla/5.0 <b>")), bot = ConsoleHost.Request(("http.user_agent", "GPTBot/1.2"));
        await host.Services.GetRequiredService<IBus>().PublishAsync(new("observation.http.request", ConsoleHost.Batch(person, bot), CloudEvents.BatchContentType), default);

        SseItem<string> both = await NextAsync(allEvents), one = await NextAsync(botEvents);
        both.EventType.ShouldBe("rows");
        both.Data.IndexOf(bot.Id.ToString(), StringComparison.Ordinal).ShouldBeInRange(0, both.Data.IndexOf(person.Id.ToString(), StringComparison.Ordinal));
        both.Data.ShouldNotContain("<b>");
        one.Data.ShouldContain(bot.Id.ToString());
        one.Data.ShouldNotContain(person.Id.ToString());
        one.Data.ShouldContain(Uri.EscapeDataString("http.user_agent: *bot* and client.ip: 203.0.113.9"), Case.Sensitive, "a click narrows the filter in force");
    }

    [Fact]
    public void More_than_a_list_can_show_is_counted_not_read()
    {
        ManualClock clock = new();
        LiveRequests live = new(clock);
        using LiveRequests.Watcher watcher = live.Watch()!;
        Observation[] flood = [.. Enumerable.Range(0, LiveRequests.MaxPerSecond + 200).Select(_ => ConsoleHost.Request())];

        live.Add(ConsoleHost.Batch(flood));
        live.Skipped.ShouldBe(200);
        live.Newest()[0].Id.ShouldBe(flood[^1].Id, "the newest are read first");
        live.Add(ConsoleHost.Batch(flood[0]));
        live.Skipped.ShouldBe(201);
        watcher.Take().Skipped.ShouldBe(201);

        clock.Advance(TimeSpan.FromSeconds(1));
        live.Add(ConsoleHost.Batch(flood[0]));
        live.Newest()[0].Id.ShouldBe(flood[0].Id);
        for (int i = 0; i < 10; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            live.Add(ConsoleHost.Batch(flood));
        }

        live.Newest().Count.ShouldBe(LiveRequests.MaxKept);
    }

    [Fact]
    public void Bytes_that_are_no_batch_are_passed_over()
    {
        LiveRequests live = new(new ManualClock());
        foreach (string text in (string[])["", "[]", "{", "[\n{}\n]", "null", "[\n{\"specversion\":\"1.0\"},\n]", "\n\n\n", "{}\n{}\n{}"])
        {
            live.Add(Encoding.UTF8.GetBytes(text));
        }

        live.Newest().ShouldBeEmpty();
    }

    [Fact]
    public void Watchers_are_bounded_and_leave_room_when_they_go()
    {
        LiveRequests live = new(new ManualClock());
        List<LiveRequests.Watcher> watchers = [.. Enumerable.Range(0, LiveRequests.MaxWatchers).Select(_ => live.Watch()!)];
        live.Watch().ShouldBeNull();
        watchers[0].Dispose();
        live.Watch().ShouldNotBeNull();
    }

    [Fact]
    public void Summaries_of_several_edges_add_up_by_second_and_age_out()
    {
        ManualClock clock = new();
        SummaryHistory history = new(clock);
        foreach (string edge in (string[])["edge1", "edge2"])
        {
            history.Add(Summary(clock, edge, """{"edge.requests":10,"edge.verdicts":{"allow":7,"block":3},"edge.dropped":1,"edge.top":[{"client.ip":"203.0.113.9","requests":5,"refused":3}],"edge.duration_us_p99":900}"""));
        }

        history.Add(Summary(clock, "edge3", """{"edge.requests":"many","edge.verdicts":[],"edge.top":[1,{"client.ip":7}],"edge.dropped":-5}"""));

        SecondSummary second = history.Since(clock.GetUtcNow().AddSeconds(-1)).ShouldHaveSingleItem();
        (second.Requests, second.Stopped, second.Dropped, second.P99).ShouldBe((20, 6, 2, 900));
        second.Talkers["203.0.113.9"].ShouldBe((10, 6));

        clock.Advance(SummaryHistory.Span + TimeSpan.FromSeconds(2));
        history.Add(Summary(clock, "edge1", """{"edge.requests":1}"""));
        history.Since(DateTimeOffset.UnixEpoch).ShouldHaveSingleItem().Requests.ShouldBe(1);
    }

    [Fact]
    public async Task The_overview_shows_what_edges_said_and_its_pulse_goes_on()
    {
        HttpClient client = await host.MemberAsync();
        host.Services.GetRequiredService<SummaryHistory>().Add(Summary(
            TimeProvider.System, "edge1", """{"edge.requests":1234567,"edge.verdicts":{"allow":1,"block":1},"edge.dropped":17,"edge.top":[{"client.ip":"203.0.113.41","requests":5,"refused":3}]}"""));

        string html = System.Net.WebUtility.HtmlDecode(await client.GetStringAsync("/"));
        html.ShouldContain("203.0.113.41");
        html.ShouldContain("<dd data-pulse=\"dropped\">17</dd>");

        await using Stream stream = await client.GetStreamAsync("/stream/overview");
        IAsyncEnumerator<SseItem<string>> events = SseParser.Create(stream).EnumerateAsync().GetAsyncEnumerator();
        SseItem<string> first = await NextAsync(events), second = await NextAsync(events);
        first.EventType.ShouldBe("pulse");
        JsonDocument.Parse(second.Data).RootElement.GetProperty("point").GetProperty("time").GetInt64()
            .ShouldBeGreaterThanOrEqualTo(JsonDocument.Parse(first.Data).RootElement.GetProperty("point").GetProperty("time").GetInt64());
    }

    private static Observation Summary(TimeProvider clock, string edge, string facts) =>
        new(ObservationId.New(clock), "edge.summary", clock.GetUtcNow(), edge, new("edge:" + edge), JsonDocument.Parse(facts).RootElement);

    private static async Task<SseItem<string>> NextAsync(IAsyncEnumerator<SseItem<string>> events)
    {
        (await events.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10))).ShouldBeTrue();
        return events.Current;
    }
}
