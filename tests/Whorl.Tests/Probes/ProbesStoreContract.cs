using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Sources.Probes;
using Whorl.Sources.Probes.Asking;
using Whorl.Sources.Probes.Targets;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Probes;

/// <summary>What the prober's store does, on every engine.</summary>
public abstract class ProbesStoreContract : IAsyncDisposable
{
    private readonly TestMeters _meters = new();
    private readonly ManualClock _clock = new();
    private readonly List<ProbesStore> _stores = [];
    private IDatabase? _database;

    internal abstract IDatabase Open(params MigrationSet[] sets);

    [Fact]
    public async Task Whoever_is_found_is_due_at_once_and_is_taken_by_one_prober_alone()
    {
        ProbesStore one = Store("one"), two = Store("two");
        await one.AddAsync(Found("192.0.2.1", "192.0.2.2", "2001:db8::1"), null, default);
        await two.AddAsync(Found("192.0.2.2"), null, default);
        (await one.CountAsync(default)).ShouldBe(new(3, 3));

        IReadOnlyList<DueTarget> first = await one.ClaimAsync(2, TimeSpan.FromMinutes(1), default);
        IReadOnlyList<DueTarget> second = await two.ClaimAsync(9, TimeSpan.FromMinutes(1), default);
        first.Count.ShouldBe(2);
        second.Count.ShouldBe(1);
        first.Concat(second).Select(target => target.Address.ToString()).Order(StringComparer.Ordinal).ShouldBe(["192.0.2.1", "192.0.2.2", "2001:db8::1"]);
        first[0].Rank.ShouldBe(TargetRank.Fresh);
        (await one.ClaimAsync(9, TimeSpan.FromMinutes(1), default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_a_dead_prober_had_in_work_is_taken_up_again()
    {
        ProbesStore dead = Store("dead"), other = Store("other");
        await dead.AddAsync(Found("192.0.2.1"), null, default);
        (await dead.ClaimAsync(9, TimeSpan.FromMinutes(1), default)).Count.ShouldBe(1);
        (await other.ClaimAsync(9, TimeSpan.FromMinutes(1), default)).ShouldBeEmpty();

        // Another waits for the lease to run out; the same node has it back when it starts.
        _clock.Advance(TimeSpan.FromSeconds(30));
        await dead.RenewAsync(Found("192.0.2.1").Select(target => target.Address), TimeSpan.FromMinutes(1), default);
        _clock.Advance(TimeSpan.FromSeconds(45));
        (await other.ClaimAsync(9, TimeSpan.FromMinutes(1), default)).ShouldBeEmpty();
        _clock.Advance(TimeSpan.FromSeconds(20));
        (await other.ClaimAsync(9, TimeSpan.FromMinutes(1), default)).Count.ShouldBe(1);
        (await other.ReleaseAsync(default)).ShouldBe(1);
        (await dead.ClaimAsync(9, TimeSpan.FromMinutes(1), default)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_visit_is_accounted_for_before_anything_is_sent_and_ends_with_what_came_of_it()
    {
        ProbesStore store = Store("one");
        DueTarget target = await TakenAsync(store, "192.0.2.1");
        Guid visit = Uuid7.New(_clock);
        VisitBegun begun = new(visit, target.Address, _clock.GetUtcNow(), false, [new(443, ProbeName.Jarm), new(443, ProbeName.Certificate), new(22, ProbeName.Hassh)]);
        await store.BeginAsync(begun, default);
        await store.BeginAsync(begun, default); // a commit whose answer was lost is done again
        (await store.AuditAsync(target.Address, null, 9, default)).Select(entry => entry.Outcome).ShouldBe(["begun", "begun", "begun"]);

        await EndAsync(store, visit, target, 0, new EndedAsk(443, ProbeName.Jarm, "not_this_protocol", 10), new EndedAsk(22, ProbeName.Hassh, "answered", 1));
        IReadOnlyList<AuditEntry> audit = await store.AuditAsync(null, null, 9, default);
        audit.OrderBy(entry => entry.Port).Select(entry => (entry.Address, entry.Port, entry.Name, entry.Outcome, entry.Sent, entry.Node))
            .ShouldBe([("192.0.2.1", 22, ProbeName.Hassh, "answered", 1, "one"), ("192.0.2.1", 443, ProbeName.Jarm, "not_this_protocol", 10, "one")]);
    }

    [Fact]
    public async Task A_dry_run_says_what_would_have_been_sent()
    {
        ProbesStore store = Store("one");
        DueTarget target = await TakenAsync(store, "192.0.2.1");
        Guid visit = Uuid7.New(_clock);
        await store.BeginAsync(new(visit, target.Address, _clock.GetUtcNow(), true, [new(443, ProbeName.Jarm)]), default);
        await EndAsync(store, visit, target, 0);
        (await store.AuditAsync(null, null, 9, default)).ShouldHaveSingleItem().Outcome.ShouldBe("dry_run");
    }

    [Fact]
    public async Task A_visited_target_is_due_again_when_it_was_said_and_sooner_when_it_rotates()
    {
        ProbesStore store = Store("one");
        DueTarget target = await TakenAsync(store, "192.0.2.1");
        await EndAsync(store, Uuid7.New(_clock), target, 0);
        _clock.Advance(TimeSpan.FromMinutes(59));
        (await store.ClaimAsync(9, TimeSpan.FromMinutes(1), default)).ShouldBeEmpty();
        _clock.Advance(TimeSpan.FromMinutes(2));
        target = (await store.ClaimAsync(9, TimeSpan.FromMinutes(1), default)).ShouldHaveSingleItem();
        (target.Visits, target.Rank).ShouldBe((1, TargetRank.Routine));

        await EndAsync(store, Uuid7.New(_clock), target, 0);
        await store.HastenAsync(target.Address, _clock.GetUtcNow().AddDays(1), default);
        _clock.Advance(TimeSpan.FromMinutes(31));
        target = (await store.ClaimAsync(9, TimeSpan.FromMinutes(1), default)).ShouldHaveSingleItem();
        target.Rank.ShouldBe(TargetRank.Rotating);
        await EndAsync(store, Uuid7.New(_clock), target, 0);
        _clock.Advance(TimeSpan.FromMinutes(21));
        (await store.ClaimAsync(9, TimeSpan.FromMinutes(1), default)).ShouldHaveSingleItem().Rank.ShouldBe(TargetRank.Rotating);
    }

    [Fact]
    public async Task Who_is_asked_for_again_during_a_visit_is_due_when_it_ends()
    {
        ProbesStore store = Store("one");
        DueTarget target = await TakenAsync(store, "192.0.2.1");
        DateTimeOffset begun = _clock.GetUtcNow();
        _clock.Advance(TimeSpan.FromSeconds(1));
        await store.AgainAsync(target.Address, default);
        (await store.ClaimAsync(9, TimeSpan.FromMinutes(1), default)).ShouldBeEmpty();
        await store.EndAsync(new(Uuid7.New(_clock), target.Address, begun, _clock.GetUtcNow(), [], 0, _clock.GetUtcNow().AddHours(1), _clock.GetUtcNow().AddHours(1)), default);
        (await store.ClaimAsync(9, TimeSpan.FromMinutes(1), default)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task The_silent_are_asked_as_usual_once_they_show_themselves_again()
    {
        ProbesStore store = Store("one");
        DueTarget target = await TakenAsync(store, "192.0.2.1");
        await store.EndAsync(new(Uuid7.New(_clock), target.Address, _clock.GetUtcNow(), _clock.GetUtcNow(), [], 3, _clock.GetUtcNow().AddDays(7), _clock.GetUtcNow().AddDays(7)), default);
        _clock.Advance(TimeSpan.FromHours(7));
        (await store.ClaimAsync(9, TimeSpan.FromMinutes(1), default)).ShouldBeEmpty();
        await store.AddAsync(Found("192.0.2.1"), null, default);
        (await store.ClaimAsync(9, TimeSpan.FromMinutes(1), default)).ShouldHaveSingleItem().Silent.ShouldBe(0);
    }

    [Fact]
    public async Task The_fresh_go_before_those_that_rotate_and_these_before_the_others()
    {
        ProbesStore store = Store("one");
        foreach (string address in (string[])["192.0.2.1", "192.0.2.2"])
        {
            await EndAsync(store, Uuid7.New(_clock), await TakenAsync(store, address), 0);
        }

        await store.HastenAsync(Found("192.0.2.2")[0].Address, _clock.GetUtcNow().AddDays(1), default);
        _clock.Advance(TimeSpan.FromHours(2));
        await store.AddAsync(Found("192.0.2.3"), null, default);
        List<string> order = [];
        for (int i = 0; i < 3; i++)
        {
            order.Add((await store.ClaimAsync(1, TimeSpan.FromMinutes(1), default))[0].Address.ToString());
        }

        order.ShouldBe(["192.0.2.3", "192.0.2.2", "192.0.2.1"]);
    }

    [Fact]
    public async Task A_flood_of_fresh_ones_leaves_the_others_their_turn()
    {
        ProbesStore store = Store("one");
        foreach (string address in (string[])["192.0.2.1", "192.0.2.2"])
        {
            await EndAsync(store, Uuid7.New(_clock), await TakenAsync(store, address), 0);
        }

        await store.HastenAsync(Found("192.0.2.2")[0].Address, _clock.GetUtcNow().AddDays(1), default);
        _clock.Advance(TimeSpan.FromHours(2));
        await store.AddAsync(Found([.. Enumerable.Range(10, 90).Select(number => $"192.0.2.{number}")]), null, default);
        List<DueTarget> taken = [];
        for (int i = 0; i < 8; i++)
        {
            taken.AddRange(await store.ClaimAsync(1, TimeSpan.FromMinutes(1), default));
        }

        taken.CountBy(target => target.Rank).OrderBy(pair => pair.Key).Select(pair => (pair.Key, pair.Value)).ShouldBe([(TargetRank.Routine, 1), (TargetRank.Rotating, 1), (TargetRank.Fresh, 6)]);
    }

    [Fact]
    public async Task One_network_of_IPv6_has_few_places_and_its_neighbour_its_own()
    {
        ProbesStore store = Store("one");
        IReadOnlyList<TargetRefusal> refused = await store.AddAsync(Found([.. Enumerable.Range(1, 20).Select(number => $"2001:db8:0:1::{number}"), "2001:db8:0:2::1", "192.0.2.1"]), null, default);
        refused.ShouldBe(Enumerable.Repeat(TargetRefusal.NetworkFull, 12));
        (await store.CountAsync(default)).Known.ShouldBe(10);
        (await store.AddAsync(Found("2001:db8:0:1::1"), null, default)).ShouldBeEmpty("who is known may show themselves again");
    }

    [Fact]
    public async Task Who_was_silent_in_most_visits_makes_room_where_there_is_none()
    {
        ProbesStore store = Store("one", new ProbesOptions { MaxTargets = 3 });
        foreach ((string address, int silent) in (List<(string, int)>)[("192.0.2.1", 2), ("192.0.2.2", 5), ("192.0.2.3", 0)])
        {
            await EndAsync(store, Uuid7.New(_clock), await TakenAsync(store, address), silent);
        }

        (await store.AddAsync(Found("192.0.2.3", "192.0.2.4"), null, default)).ShouldBeEmpty();
        (await KnownAsync()).ShouldBe(["192.0.2.1", "192.0.2.3", "192.0.2.4"]);
        (await store.AddAsync(Found("192.0.2.5", "192.0.2.6"), null, default)).ShouldBe([TargetRefusal.QueueFull]);
        (await KnownAsync()).ShouldBe(["192.0.2.3", "192.0.2.4", "192.0.2.5"]);

        async Task<IEnumerable<string>> KnownAsync() => (await store.QueueAsync(9, default)).Select(entry => entry.Address).Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task What_is_old_is_deleted()
    {
        ProbesStore store = Store("one");
        DueTarget target = await TakenAsync(store, "192.0.2.1");
        Guid visit = Uuid7.New(_clock);
        await store.BeginAsync(new(visit, target.Address, _clock.GetUtcNow(), false, [new(22, ProbeName.Hassh)]), default);
        await EndAsync(store, visit, target, 0, new EndedAsk(22, ProbeName.Hassh, "answered", 1));
        _clock.Advance(TimeSpan.FromDays(20));
        (await store.TrimAsync(default)).ShouldBe(0);
        _clock.Advance(TimeSpan.FromDays(11));
        await store.AddAsync(Found("192.0.2.9"), null, default);
        (await store.TrimAsync(default)).ShouldBe(2);
        (await store.CountAsync(default)).Known.ShouldBe(1);
        (await store.AuditAsync(null, null, 9, default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_logs_position_is_stored_with_what_was_found_up_to_it()
    {
        ProbesStore store = Store("one");
        (await store.PositionAsync("/var/log/a", default)).ShouldBeNull();
        await store.AddAsync([], new("/var/log/a", [1, 2], 17), default);
        await store.AddAsync(Found("192.0.2.1"), new("/var/log/a", [1, 2, 3], 99), default);
        LogPosition position = (await store.PositionAsync("/var/log/a", default)).ShouldNotBeNull();
        position.Position.ShouldBe(99);
        position.Head.ShouldBe([1, 2, 3]);
        (await Store("two").PositionAsync("/var/log/a", default)).ShouldBeNull();
    }

    [Fact]
    public async Task What_a_node_was_told_is_remembered()
    {
        ProbesStore store = Store("one");
        (await store.StateAsync(default)).ShouldBeNull();
        await store.SetStateAsync("Paused", default);
        await store.SetStateAsync("Stopped", default);
        (await store.StateAsync(default)).ShouldBe("Stopped");
        (await Store("two").StateAsync(default)).ShouldBeNull();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ProbesStore store in _stores)
        {
            await store.DisposeAsync();
        }

        _meters.Dispose();
        await CloseAsync();
        GC.SuppressFinalize(this);
    }

    protected virtual ValueTask CloseAsync() => default;

    private ProbesStore Store(string node, ProbesOptions? options = null)
    {
        _database ??= Open(ProbesTables.Migrations);

        // Batches wait by the system's clock: a manual one would have to be moved for each.
        ProbesStore store = new(
            _database, new BatchWriters(_database, TimeProvider.System, new StoreMetrics(_meters), NullLoggerFactory.Instance), Options.Create(options ?? new()), Options.Create(new NodeOptions { Name = node }), _clock);
        _stores.Add(store);
        return store;
    }

    private static async Task<DueTarget> TakenAsync(ProbesStore store, string address)
    {
        await store.AddAsync(Found(address), null, default);
        return (await store.ClaimAsync(9, TimeSpan.FromMinutes(1), default)).ShouldHaveSingleItem();
    }

    private Task EndAsync(ProbesStore store, Guid visit, DueTarget target, int silent, params EndedAsk[] asks) =>
        store.EndAsync(new(visit, target.Address, _clock.GetUtcNow(), _clock.GetUtcNow(), asks, silent, _clock.GetUtcNow().AddHours(1), _clock.GetUtcNow().AddMinutes(20)), default);

    private static FoundTarget[] Found(params string[] addresses) =>
        [.. addresses.Select(text => new FoundTarget(PeerAddress.TryParse(text, out PeerAddress address) ? address : throw new FormatException(text), "log"))];
}
