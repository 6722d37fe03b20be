using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Whorl.Analysis.Decisions;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Stores;

namespace Whorl.Tests.Decisions;

public sealed class DecisionReplicaTests : IDisposable
{
    private readonly Stored _stored = new() { Dialect = Dialect.Postgres };

    [Fact]
    public async Task A_change_is_enforced_as_soon_as_it_is_heard_of()
    {
        using DecisionReplica replica = await LoadedAsync();
        DecisionChange added = await _stored.Store.AddAsync([_stored.Make("192.0.2.1")], default);
        _stored.Away = true;

        await replica.ReceiveAsync(added, whole: true, default);

        replica.Find(Stored.From("192.0.2.1")).Found.ShouldBeTrue();
        replica.Number.ShouldBe(1);
    }

    [Fact]
    public async Task What_was_not_heard_of_is_asked_for()
    {
        using DecisionReplica replica = await LoadedAsync();
        await _stored.Store.AddAsync([_stored.Make("192.0.2.1")], default);

        (await replica.CatchUpAsync(default)).ShouldBeTrue();

        replica.Find(Stored.From("192.0.2.1")).Found.ShouldBeTrue();
    }

    [Fact]
    public async Task A_skipped_change_is_fetched_at_once_and_an_old_one_changes_nothing()
    {
        using DecisionReplica replica = await LoadedAsync();
        Decision decision = _stored.Make("192.0.2.1");
        DecisionChange added = await _stored.Store.AddAsync([decision], default);
        DecisionChange ended = await _stored.Store.EndAsync([decision.Id], default);
        DecisionChange third = await _stored.Store.AddAsync([_stored.Make("192.0.2.3")], default);

        // As a bus with two senders may bring them.
        await replica.ReceiveAsync(third, whole: true, default);
        await replica.ReceiveAsync(ended, whole: true, default);
        await replica.ReceiveAsync(added, whole: true, default);

        replica.Number.ShouldBe(3);
        replica.Find(Stored.From("192.0.2.1")).Found.ShouldBeFalse();
        replica.Find(Stored.From("192.0.2.3")).Found.ShouldBeTrue();
    }

    [Fact]
    public async Task While_the_store_is_away_what_is_heard_of_is_enforced_even_after_a_gap()
    {
        using DecisionReplica replica = await LoadedAsync();
        Decision missed = _stored.Make("192.0.2.1");
        await _stored.Store.AddAsync([missed], default);
        DecisionChange heard = await _stored.Store.ChangeAsync([_stored.Make("192.0.2.2")], [missed.Id], default);
        _stored.Away = true;

        await replica.ReceiveAsync(heard, whole: true, default);
        (replica.Find(Stored.From("192.0.2.2")).Found, replica.Number, replica.Current).ShouldBe((true, 0, false));

        _stored.Away = false;
        (await replica.CatchUpAsync(default)).ShouldBeTrue();
        (replica.Find(Stored.From("192.0.2.1")).Found, replica.Number, replica.Table.Count, replica.Current).ShouldBe((false, 2, 1, true));
    }

    [Fact]
    public async Task A_change_too_large_for_a_message_is_read_from_the_store()
    {
        using DecisionReplica replica = await LoadedAsync();
        DecisionChange change = await _stored.Store.AddAsync([.. Enumerable.Range(0, DecisionMessage.MaxItems + 1).Select(i => _stored.Make($"10.0.{i / 256}.{i % 256}"))], default);

        DecisionMessage.TryRead(DecisionMessage.Write(change), out DecisionChange heard, out bool whole).ShouldBeTrue();
        (heard.Added.Count, whole).ShouldBe((0, false));
        await replica.ReceiveAsync(heard, whole, default);

        replica.Table.Count.ShouldBe(DecisionMessage.MaxItems + 1);
    }

    [Fact]
    public async Task A_message_carries_a_change_whole()
    {
        DecisionChange change = await _stored.Store.ChangeAsync([_stored.Make("192.0.2.1", term: TimeSpan.FromHours(1)), _stored.Make("2001:db8::/32", DecisionAction.Allow)], [], default);
        change = change with { Ended = [DecisionId.New(_stored.Clock)] };

        DecisionMessage.TryRead(DecisionMessage.Write(change), out DecisionChange heard, out bool whole).ShouldBeTrue();

        whole.ShouldBeTrue();
        heard.Number.ShouldBe(change.Number);
        heard.Added.ShouldBe(change.Added);
        heard.Ended.ShouldBe(change.Ended);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("""{"version":1,"number":5,"whole":true,"added":null,"ended":[]}""")]
    [InlineData("""{"version":1,"number":5,"whole":true,"added":[],"ended":["not an id"]}""")]
    public void What_is_no_message_is_refused(string body) =>
        DecisionMessage.TryRead(System.Text.Encoding.UTF8.GetBytes(body), out _, out _).ShouldBeFalse();

    [Fact]
    public async Task Compacting_loses_nothing_and_drops_what_has_expired()
    {
        using DecisionReplica replica = await LoadedAsync();
        await replica.ReceiveAsync(await _stored.Store.AddAsync([_stored.Make("192.0.2.1"), _stored.Make("192.0.2.2", term: TimeSpan.FromSeconds(1))], default), true, default);
        _stored.Clock.Advance(TimeSpan.FromSeconds(1));

        await replica.CompactAsync(default);

        (replica.Table.Count, replica.Number, replica.Find(Stored.From("192.0.2.1")).Found).ShouldBe((1, 1, true));
    }

    [Fact]
    public async Task A_start_without_the_shared_store_enforces_the_last_snapshot()
    {
        using (DecisionReplica before = await LoadedAsync())
        {
            Decision[] decisions = [_stored.Make("192.0.2.1", term: TimeSpan.FromHours(1)), _stored.Make("2001:db8::/32"), _stored.Make("192.0.2.9") with { Scope = DecisionScope.Session, Value = "s1" }];
            await before.ReceiveAsync(await _stored.Store.AddAsync(decisions, default), true, default);
            Follower(before).SaveSnapshot();
        }

        _stored.Away = true;
        using DecisionReplica replica = _stored.NewReplica();
        await Follower(replica).StartFromAnythingAsync(default);

        (replica.Loaded, replica.Current, replica.Number, replica.Table.Count).ShouldBe((true, false, 1, 3));
        replica.Find(Stored.From("2001:db8::7")).Origin.ShouldBe("test");
        replica.Find(Stored.From("203.0.113.1") with { Session = "s1" }).Found.ShouldBeTrue();

        // Once the store is back only what changed since is fetched.
        _stored.Away = false;
        await _stored.Store.AddAsync([_stored.Make("192.0.2.2")], default);
        await replica.CatchUpAsync(default);
        (replica.Table.Count, replica.Current).ShouldBe((4, true));
    }

    [Fact]
    public async Task A_damaged_snapshot_is_no_snapshot()
    {
        using DecisionReplica before = await LoadedAsync();
        await before.ReceiveAsync(await _stored.Store.AddAsync([_stored.Make("192.0.2.1")], default), true, default);
        string path = Path.Combine(_stored.Folder, DecisionSnapshot.FileName);
        Follower(before).SaveSnapshot();
        byte[] whole = await File.ReadAllBytesAsync(path);

        for (int i = 0; i < whole.Length; i++)
        {
            byte[] damaged = [.. whole];
            damaged[i] ^= 1;
            await File.WriteAllBytesAsync(path, damaged);
            DecisionSnapshot.TryRead(path, out _, out _).ShouldBeFalse($"byte {i}");
            await File.WriteAllBytesAsync(path, whole[..i]);
            DecisionSnapshot.TryRead(path, out _, out _).ShouldBeFalse($"cut at {i}");
        }

        await File.WriteAllBytesAsync(path, whole);
        DecisionSnapshot.TryRead(path, out _, out _).ShouldBeTrue();
    }

    [Fact]
    public async Task A_writer_enforces_here_and_tells_the_others()
    {
        using DecisionReplica here = await LoadedAsync();
        using DecisionReplica there = await LoadedAsync();
        DecisionFollower follower = Follower(there);
        HandBus bus = new(follower.HandleAsync);
        DecisionWriter writer = new(_stored.Store, here, bus, NullLogger<DecisionWriter>.Instance);
        Decision decision = _stored.Make("192.0.2.1");

        await writer.AddAsync([decision], default);
        (here.Find(Stored.From("192.0.2.1")).Found, there.Find(Stored.From("192.0.2.1")).Found).ShouldBe((true, true));

        (await writer.DeleteAsync([decision.Id], default)).ShouldBe(1);
        (here.Find(Stored.From("192.0.2.1")).Found, there.Find(Stored.From("192.0.2.1")).Found).ShouldBe((false, false));
    }

    public void Dispose() => _stored.Dispose();

    private async Task<DecisionReplica> LoadedAsync()
    {
        DecisionReplica replica = _stored.NewReplica();
        (await replica.CatchUpAsync(default)).ShouldBeTrue();
        return replica;
    }

    private DecisionFollower Follower(DecisionReplica replica) => new(
        replica, _stored.Store, new HandBus((_, _) => Task.CompletedTask), Options.Create(new DecisionsOptions()),
        Options.Create(new NodeOptions { Data = _stored.Folder }), _stored.Clock, NullLogger<DecisionFollower>.Instance);

    /// <summary>Hands a message to one listener before publishing returns.</summary>
    private sealed class HandBus(Func<BusMessage, CancellationToken, Task> listener) : IBus
    {
        public async ValueTask<bool> PublishAsync(BusMessage message, CancellationToken cancel)
        {
            await listener(message, cancel);
            return true;
        }

        public ValueTask<IAsyncDisposable> SubscribeAsync(Subscription subscription, Func<BusMessage, CancellationToken, Task> handler, CancellationToken cancel) =>
            throw new NotSupportedException();
    }
}
