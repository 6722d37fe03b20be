using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Whorl.Analysis.Journal;
using Whorl.Kernel;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Journal;

/// <summary>What the journal does, on every engine.</summary>
public abstract class JournalContract : IAsyncDisposable
{
    private readonly TestMeters _meters = new();
    private readonly ManualClock _clock = new();
    private IDatabase? _database;
    private JournalStore? _store;

    internal abstract IDatabase Open(params MigrationSet[] sets);

    [Fact]
    public async Task An_observation_is_found_by_its_id_with_everything_it_had()
    {
        JournalStore store = Store();
        Observation[] seen = [.. Enumerable.Range(0, 20).Select(n => Seen("http.request", $$"""{"client.ip":"192.0.2.{{n}}","n":{{n}}}"""))];
        await WriteAsync(store, "http.request", seen);

        Observation? found = await store.FindAsync(seen[13].Id, default);

        CloudEvents.Write(found.ShouldNotBeNull()).ShouldBe(CloudEvents.Write(seen[13]));
        (await store.FindAsync(ObservationId.New(_clock), default)).ShouldBeNull();
    }

    [Fact]
    public async Task A_block_that_comes_again_is_stored_once()
    {
        JournalStore store = Store();
        Observation[] seen = [Seen("a", "{}"), Seen("a", "{}")];

        await WriteAsync(store, "a", seen);
        await WriteAsync(store, "a", seen);

        (await store.SearchAsync(new(), default)).Observations.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_search_gives_the_newest_first_though_blocks_of_several_sensors_overlap()
    {
        JournalStore store = Store();
        Observation[] seen = [.. Enumerable.Range(0, 400).Select(_ => Seen("a", "{}"))];

        // Four sensors take turns, so their blocks lie across each other; some arrive late.
        foreach (IGrouping<int, Observation> block in seen.Select((observation, n) => (observation, n)).GroupBy(pair => (pair.n / 100 * 4) + (pair.n % 4), pair => pair.observation).OrderByDescending(block => block.Key))
        {
            await WriteAsync(store, "a", [.. block]);
        }

        ObservationId[] newest = [.. seen.Select(observation => observation.Id).Reverse()];
        (await store.SearchAsync(new() { Limit = 1000 }, default)).Observations.Select(observation => observation.Id).ShouldBe(newest);
        (await store.SearchAsync(new() { Limit = 150 }, default)).Observations.Select(observation => observation.Id).ShouldBe(newest[..150]);
        (await store.SearchAsync(new() { Limit = 150, Before = newest[149] }, default)).Observations.Select(observation => observation.Id).ShouldBe(newest[150..300]);
    }

    [Fact]
    public async Task A_search_is_narrowed_by_kind_and_time()
    {
        JournalStore store = Store();
        Observation[] early = [Seen("a", "{}"), Seen("a", "{}")];
        await WriteAsync(store, "a", early);
        _clock.Advance(TimeSpan.FromHours(1));
        DateTimeOffset between = _clock.GetUtcNow();
        Observation[] late = [Seen("a", "{}")];
        await WriteAsync(store, "a", late);
        await WriteAsync(store, "b", [Seen("b", "{}")]);

        async Task<IEnumerable<ObservationId>> FoundAsync(JournalQuery query) => (await store.SearchAsync(query, default)).Observations.Select(observation => observation.Id);
        (await FoundAsync(new() { Kind = "a" })).ShouldBe([late[0].Id, early[1].Id, early[0].Id]);
        (await FoundAsync(new() { Kind = "a", From = between })).ShouldBe([late[0].Id]);
        (await FoundAsync(new() { Kind = "a", To = between })).ShouldBe([early[1].Id, early[0].Id]);
    }

    [Fact]
    public async Task Needles_spare_parsing_and_never_hide_a_hit()
    {
        JournalStore store = Store();
        Observation[] seen =
        [
            Seen("a", """{"http.path":"/a+b<c>/needle","client.ip":"198.51.100.1"}"""),
            Seen("a", """{"http.path":"/hay","client.ip":"198.51.100.1"}"""),
            Seen("a", """{"http.path":"/a+b<c>/needle","client.ip":"198.51.100.2"}"""),
        ];
        await WriteAsync(store, "a", seen);

        int parsed = 0;
        JournalPage page = await store.SearchAsync(new()
        {
            Needles = ["/a+b<c>/needle", "198.51.100.1", "<>"],
            Match = observation =>
            {
                parsed++;
                return observation.Attributes.GetProperty("http.path").GetString() == "/a+b<c>/needle";
            },
        }, default);

        page.Observations.Select(observation => observation.Id).ShouldBe([seen[0].Id]);
        parsed.ShouldBe(1);
    }

    [Fact]
    public async Task A_search_of_many_pages_of_blocks_sees_every_one()
    {
        JournalStore store = Store();
        List<ObservationId> hits = [];
        for (int n = 0; n < 100; n++)
        {
            Observation observation = Seen("a", $$"""{"n":"{{(n % 10 == 0 ? "wanted" : "other")}}"}""");
            await WriteAsync(store, "a", [observation]);
            if (n % 10 == 0)
            {
                hits.Insert(0, observation.Id);
            }
        }

        (await store.SearchAsync(new() { Kind = "a", Needles = ["wanted"] }, default)).Observations.Select(observation => observation.Id).ShouldBe(hits);
    }

    [Fact]
    public async Task A_search_that_has_read_enough_says_how_far_it_came()
    {
        JournalStore store = Store();
        await WriteAsync(store, "a", [Seen("a", "{}")]);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Observation newest = Seen("a", "{}");
        await WriteAsync(store, "a", [newest]);

        JournalPage page = await store.SearchAsync(new() { MaxScannedBytes = 1 }, default);

        page.Observations.Select(observation => observation.Id).ShouldBe([newest.Id]);
        page.SearchedBackTo.ShouldNotBeNull();
    }

    [Fact]
    public async Task What_is_older_than_the_retention_goes_and_what_comes_too_late_is_not_stored()
    {
        JournalStore store = Store(new() { KeepDays = 2 });
        Observation old = Seen("a", "{}");
        await WriteAsync(store, "a", [old]);
        _clock.Advance(TimeSpan.FromDays(3));
        Observation young = Seen("a", "{}");
        await WriteAsync(store, "a", [young]);

        (await store.TrimAsync(default)).ShouldBe(1);
        await WriteAsync(store, "a", [old]);

        (await store.SearchAsync(new(), default)).Observations.Select(observation => observation.Id).ShouldBe([young.Id]);
        (await store.TrimAsync(default)).ShouldBe(0);
    }

    [Fact]
    public async Task Days_are_written_in_any_order()
    {
        JournalStore store = Store();
        List<Observation> days = [];
        for (int day = 0; day < 4; day++)
        {
            days.Add(Seen("a", "{}"));
            _clock.Advance(TimeSpan.FromDays(1));
        }

        foreach (Observation observation in Enumerable.Reverse(days))
        {
            await WriteAsync(store, "a", [observation]);
        }

        (await store.SearchAsync(new(), default)).Observations.Select(observation => observation.Id).ShouldBe(days.Select(observation => observation.Id).Reverse());
    }

    [Fact]
    public async Task A_message_whose_ids_lie_far_apart_becomes_several_blocks()
    {
        JournalStore store = Store();
        Observation first = Seen("a", "{}");
        _clock.Advance(TimeSpan.FromMinutes(5));
        Observation second = Seen("a", "{}");

        JournalBlock.Read("a", Batch([first, second])).ShouldNotBeNull().Count.ShouldBe(2);
        await WriteAsync(store, "a", [first, second]);

        (await store.FindAsync(first.Id, default)).ShouldNotBeNull();
        (await store.FindAsync(second.Id, default)).ShouldNotBeNull();
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        await CloseAsync();
        _meters.Dispose();
        GC.SuppressFinalize(this);
    }

    internal static byte[] Batch(IEnumerable<Observation> observations) =>
        [.. "[\n"u8, .. string.Join(",\n", observations.Select(observation => System.Text.Encoding.UTF8.GetString(CloudEvents.Write(observation)))).Select(c => (byte)c), .. "\n]"u8];

    protected abstract ValueTask CloseAsync();

    private static async Task WriteAsync(JournalStore store, string kind, Observation[] observations)
    {
        foreach (ObservationBatch block in JournalBlock.Read(kind, Batch(observations))!)
        {
            await store.WriteAsync(block, default);
        }
    }

    private Observation Seen(string kind, string attributes)
    {
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        return new(ObservationId.New(_clock), kind, _clock.GetUtcNow(), "node", new Subject("ip:192.0.2.1"), JsonDocument.Parse(attributes).RootElement);
    }

    private JournalStore Store(JournalOptions? options = null)
    {
        _database = Open(JournalTables.Migrations);
        BatchWriters writers = new(_database, TimeProvider.System, new StoreMetrics(_meters), NullLoggerFactory.Instance);
        return _store = new(_database, writers, Options.Create(options ?? new()), _clock);
    }
}
