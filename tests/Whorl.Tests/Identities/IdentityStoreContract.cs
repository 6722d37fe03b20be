using Whorl.Analysis.Identities;
using Whorl.Kernel;
using Whorl.Stores;

namespace Whorl.Tests.Identities;

/// <summary>What the facts of addresses must do on every engine.</summary>
public abstract class IdentityStoreContract
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private IdentityStore? _store;

    private IdentityStore Store => _store ??= new(Open(IdentityStore.Migrations));

    /// <summary>Opens an empty database with these tables.</summary>
    internal abstract IDatabase Open(params MigrationSet[] sets);

    [Fact]
    public async Task What_is_told_twice_or_late_changes_only_the_first_and_last_time()
    {
        await Store.RecordAsync([Fact("203.0.113.9", "decoy", "web", 5)], default);
        await Store.RecordAsync([Fact("203.0.113.9", "decoy", "web", 5), Fact("203.0.113.9", "decoy", "web", 9)], default);
        await Store.RecordAsync([Fact("203.0.113.9", "decoy", "web", 1)], default);

        KnownAddress address = (await Store.ListAsync(null, null, 10, default)).ShouldHaveSingleItem();
        (address.Address, address.First, address.Last).ShouldBe(("203.0.113.9", Noon.AddMinutes(1), Noon.AddMinutes(9)));
        address.Facts.ShouldBe([new("decoy", "web", Noon.AddMinutes(1), Noon.AddMinutes(9))]);
    }

    [Fact]
    public async Task Addresses_are_listed_newest_first_by_page_and_by_what_they_showed()
    {
        await Store.RecordAsync([Fact("203.0.113.1", "tls.ja4", "a", 1), Fact("203.0.113.2", "tls.ja4", "b", 2), Fact("2001:db8::3", "tls.ja4", "a", 3)], default);

        (await Store.ListAsync(null, null, 2, default)).Select(address => address.Address).ShouldBe(["2001:db8::3", "203.0.113.2"]);
        (await Store.ListAsync(null, Noon.AddMinutes(2), 2, default)).Select(address => address.Address).ShouldBe(["203.0.113.1"]);
        (await Store.ListAsync(("tls.ja4", "a"), null, 10, default)).Select(address => address.Address).ShouldBe(["2001:db8::3", "203.0.113.1"]);
        (await Store.SharedAsync("tls.ja4", 10, default)).Select(shared => (shared.Value, shared.Addresses)).ShouldBe([("a", 2), ("b", 1)]);
    }

    [Fact]
    public async Task A_peer_that_makes_values_up_fills_no_more_than_its_share()
    {
        await Store.RecordAsync([.. Enumerable.Range(0, IdentityStore.MaxValues + 50).Select(n => Fact("203.0.113.9", "http.user_agent", $"agent {n:000}", n))], default);
        await Store.RecordAsync([Fact("203.0.113.9", "http.user_agent", "agent 000", 500), Fact("203.0.113.9", "tls.ja4", "a", 1)], default);

        KnownAddress address = (await Store.ListAsync(null, null, 10, default)).ShouldHaveSingleItem();
        address.Facts.Count.ShouldBe(IdentityStore.MaxValues + 1);
        address.Facts[0].ShouldBe(new("http.user_agent", "agent 000", Noon, Noon.AddMinutes(500)), "what is known already goes on being seen");
    }

    [Fact]
    public async Task Two_writers_of_the_same_facts_do_not_stop_each_other()
    {
        AddressFact[] facts = [.. Enumerable.Range(0, 20).Select(n => Fact($"203.0.113.{n}", "decoy", "web", n))];
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Store.RecordAsync([.. facts.Reverse()], default))));

        (await Store.ListAsync(("decoy", "web"), null, 100, default)).Count.ShouldBe(20);
    }

    private static AddressFact Fact(string address, string kind, string value, int minute) =>
        new(PeerAddress.TryParse(address, out PeerAddress peer) ? peer : throw new ArgumentException(address, nameof(address)), kind, value, Noon.AddMinutes(minute));
}
