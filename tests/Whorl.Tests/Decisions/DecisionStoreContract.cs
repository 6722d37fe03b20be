using Whorl.Analysis.Decisions;
using Whorl.Kernel;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Decisions;

/// <summary>What the decisions table must do on every engine.</summary>
public abstract class DecisionStoreContract
{
    private readonly ManualClock _clock = new();
    private DecisionStore? _store;

    private DecisionStore Store => _store ??= new(Open(DecisionStore.Migrations), _clock);

    /// <summary>Opens an empty database with these tables.</summary>
    internal abstract IDatabase Open(params MigrationSet[] sets);

    [Fact]
    public async Task A_decision_comes_back_as_it_was_stored()
    {
        Decision decision = Make("192.0.2.0/24", DecisionAction.Tarpit, TimeSpan.FromHours(4)) with { Reason = "naïve ☃", Simulated = true };
        await Store.AddAsync([decision], default);

        (await Store.FindAsync(decision.Id, default))!.Decision.ShouldBe(decision);
        (await Store.LoadAsync(default).ToListAsync()).ShouldBe([decision]);
    }

    [Fact]
    public async Task Changes_are_numbered_without_gaps_and_what_changes_nothing_has_no_number()
    {
        Decision first = Make("192.0.2.1");
        Decision second = Make("192.0.2.2");
        (await Store.AddAsync([first, second], default)).Number.ShouldBe(1);
        (await Store.AddAsync([first], default)).Number.ShouldBe(0);
        (await Store.EndAsync([DecisionId.New(_clock)], default)).Number.ShouldBe(0);

        DecisionChange change = await Store.ChangeAsync([first, Make("192.0.2.3")], [second.Id], default);

        (change.Number, change.Added.Count, change.Ended.Count, change.EndedInForce).ShouldBe((2, 1, 1, 1));
        (await Store.LastChangeAsync(default)).ShouldBe(2);
    }

    [Fact]
    public async Task A_decision_that_has_ended_does_not_come_back_when_it_is_added_again()
    {
        Decision decision = Make("192.0.2.1");
        await Store.AddAsync([decision], default);
        await Store.EndAsync([decision.Id], default);

        (await Store.AddAsync([decision], default)).Number.ShouldBe(0);
        (await Store.LoadAsync(default).ToListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Ending_counts_only_what_was_in_force()
    {
        Decision expired = Make("192.0.2.1", term: TimeSpan.FromMinutes(1));
        Decision live = Make("192.0.2.2");
        await Store.AddAsync([expired, live], default);
        _clock.Advance(TimeSpan.FromMinutes(1));

        (await Store.EndAsync([expired.Id, live.Id], default)).EndedInForce.ShouldBe(1);
    }

    [Fact]
    public async Task A_follower_asks_for_everything_after_a_number()
    {
        Decision first = Make("192.0.2.1");
        Decision second = Make("192.0.2.2");
        await Store.AddAsync([first], default);
        await Store.AddAsync([second], default);
        await Store.EndAsync([first.Id], default);

        DecisionChange change = (await Store.ChangesAfterAsync(1, default))!;
        (change.Number, change.Added.Single(), change.Ended.Single()).ShouldBe((3, second, first.Id));
        (await Store.ChangesAfterAsync(3, default))!.Added.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_follower_further_behind_than_what_was_pruned_is_told_to_read_everything()
    {
        Decision decision = Make("192.0.2.1");
        await Store.AddAsync([decision], default);
        await Store.EndAsync([decision.Id], default);
        await Store.AddAsync([Make("192.0.2.2")], default);
        _clock.Advance(TimeSpan.FromDays(2));

        (await Store.PruneAsync(_clock.GetUtcNow().AddDays(-1), default)).ShouldBe(1);

        (await Store.ChangesAfterAsync(1, default)).ShouldBeNull();
        (await Store.ChangesAfterAsync(2, default))!.Added.Count.ShouldBe(1);
        (await Store.ChangesAfterAsync(99, default)).ShouldBeNull();
    }

    [Fact]
    public async Task Writers_at_the_same_time_take_turns()
    {
        DecisionChange[] changes = await Task.WhenAll(Enumerable.Range(1, 20).Select(i => Store.AddAsync([Make($"192.0.2.{i}")], default)));
        changes.Select(change => change.Number).Order().ShouldBe(Enumerable.Range(1, 20).Select(i => (long)i));
    }

    [Fact]
    public async Task A_list_is_narrowed_by_every_filter()
    {
        Decision ip = Make("192.0.2.7");
        Decision around = Make("192.0.2.0/24", DecisionAction.Throttle, origin: "import:drop");
        Decision other = Make("198.51.100.1");
        Decision expired = Make("192.0.2.7", term: TimeSpan.FromSeconds(1));
        await Store.AddAsync([ip, around, other, expired], default);
        _clock.Advance(TimeSpan.FromSeconds(2));
        PeerAddress.TryParse("192.0.2.7", out PeerAddress address).ShouldBeTrue();

        await Lists(new() { Ip = address }, around, ip);
        await Lists(new() { Ip = address, Active = null }, expired, around, ip);
        await Lists(new() { Active = false }, expired);
        await Lists(new() { Origin = "import:drop" }, around);
        await Lists(new() { Action = DecisionAction.Block, Scope = DecisionScope.Ip, Value = "198.51.100.1" }, other);

    }

    [Fact]
    public async Task Pages_follow_each_other_without_loss()
    {
        for (int i = 1; i <= 5; i++)
        {
            await Store.AddAsync([Make($"192.0.2.{i}")], default);
            _clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        List<string> values = [];
        DecisionId? before = null;
        while (await Store.ListAsync(new() { Limit = 2, Before = before }, default) is { Count: > 0 } page)
        {
            values.AddRange(page.Select(stored => stored.Decision.Value));
            before = page[^1].Decision.Id;
        }

        values.ShouldBe(["192.0.2.5", "192.0.2.4", "192.0.2.3", "192.0.2.2", "192.0.2.1"]);
    }

    private Decision Make(string value, DecisionAction action = DecisionAction.Block, TimeSpan? term = null, string origin = "test") => new(
        DecisionId.New(_clock), origin, "manual", value.Contains('/') ? DecisionScope.Range : DecisionScope.Ip, value, action, _clock.GetUtcNow() + term, "", false);

    // Ids of one millisecond sort by chance, so order is compared where the query's own order is not the matter.
    private async Task Lists(DecisionQuery query, params Decision[] expected) =>
        (await Store.ListAsync(query, default)).Select(stored => stored.Decision).ShouldBe(expected, ignoreOrder: true);
}
