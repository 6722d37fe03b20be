using Microsoft.Extensions.Options;
using Whorl.Analysis.Rotations;
using Whorl.Kernel;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Rotations;

/// <summary>What rotations must do on every engine.</summary>
public abstract class RotationStoreContract
{
    private static readonly PeerAddress Peer = Parse("203.0.113.9");

    private readonly ManualClock _clock = new();
    private RotationStore? _store;

    private RotationStore Store => _store ??= new(Open(RotationTables.Migrations), Options.Create(new RotationsOptions()), _clock);

    /// <summary>Opens an empty database with these tables.</summary>
    internal abstract IDatabase Open(params MigrationSet[] sets);

    [Fact]
    public async Task A_first_sighting_and_an_unchanged_one_are_no_rotation()
    {
        (await See("A", "A", "A")).ShouldBeEmpty();

        FingerprintSpell spell = (await Store.HistoryAsync(Peer, default)).Values.ShouldHaveSingleItem();
        (spell.Value, spell.Spells, spell.IsCurrent, spell.Last - spell.First).ShouldBe(("A", 1, true, TimeSpan.FromMinutes(2)));
    }

    [Fact]
    public async Task A_value_that_is_seen_again_is_a_rotation_and_names_what_showed_it()
    {
        DateTimeOffset start = _clock.GetUtcNow();
        Rotation rotation = (await See("A", "A", "B", "B", "B")).ShouldHaveSingleItem();

        (rotation.Old, rotation.New, rotation.Number, rotation.Returned).ShouldBe(("A", "B", 1, false));
        (rotation.OldFirst - start, rotation.OldLast - start).ShouldBe((TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2)));
        rotation.Evidence.Split(',').Length.ShouldBe(2);
        FingerprintHistory history = await Store.HistoryAsync(Peer, default);
        history.Rotations.ShouldBe([rotation]);
        history.Values.Select(spell => (spell.Value, spell.IsCurrent)).ShouldBe([("B", true), ("A", false)]);
        history.Values[0].First.ShouldBe(start + TimeSpan.FromMinutes(3), "the spell began when the value was first seen, not when it was believed");
    }

    [Fact]
    public async Task A_value_that_comes_back_is_recognised()
    {
        IReadOnlyList<Rotation> rotations = await See("A", "B", "B", "A", "A", "C", "C");

        rotations.Select(rotation => (rotation.Old, rotation.New, rotation.Returned, rotation.Number)).ShouldBe([("A", "B", false, 1), ("B", "A", true, 2), ("A", "C", false, 3)]);
        (await Store.HistoryAsync(Peer, default)).Values.Single(spell => spell.Value == "A").Spells.ShouldBe(2);
        (await Store.CountAsync([Peer.ToString(), "192.0.2.1"], default)).ShouldHaveSingleItem().Value.ShouldBe((3, rotations[^1].Time));
    }

    [Fact]
    public async Task What_is_seen_once_and_not_again_is_noise_and_counted()
    {
        (await See("A", "B", "A", "C", "D", "E", "A")).ShouldBeEmpty();

        FingerprintHistory history = await Store.HistoryAsync(Peer, default);
        history.Values.ShouldHaveSingleItem().Value.ShouldBe("A");
        history.Unsteady[(443, "jarm")].ShouldBe(4);
    }

    [Fact]
    public async Task A_sighting_that_is_delivered_twice_counts_once()
    {
        Sighting first = Next("A"), second = Next("B");
        Recorded once = await Store.RecordAsync([first, second], default);
        (once.Rotations.Count, once.Doubtful.Single()).ShouldBe((0, second), "what differs is doubtful until it is seen again");
        Recorded twice = await Store.RecordAsync([first, second], default);
        (twice.Rotations.Count, twice.Doubtful.Count).ShouldBe((0, 0));

        (await Store.RecordAsync([Next("B")], default)).Rotations.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_sighting_overtaken_by_later_ones_changes_nothing()
    {
        Sighting late = Next("B");
        await See("A", "A");
        (await Store.RecordAsync([late, late with { Evidence = ObservationId.New(_clock) }], default)).Rotations.ShouldBeEmpty();
        (await See("A")).ShouldBeEmpty();
        (await Store.HistoryAsync(Peer, default)).Unsteady.ShouldBeEmpty();
    }

    [Fact]
    public async Task Ports_probes_and_addresses_do_not_mix()
    {
        List<Rotation> rotations = [];
        foreach (string value in new[] { "A", "B" })
        {
            rotations.AddRange((await Store.RecordAsync(
                [Next(value), Next("A") with { Port = 8443 }, Next("A") with { Probe = "certificate" }, Next("A") with { Address = Parse("2001:db8::9") }], default)).Rotations);
        }

        rotations.AddRange(await See("B"));
        rotations.ShouldHaveSingleItem().Port.ShouldBe(443);
        (await Store.HistoryAsync(Parse("2001:db8::9"), default)).Rotations.ShouldBeEmpty();
    }

    [Fact]
    public async Task Rotations_wait_until_their_publishing_is_marked()
    {
        Rotation rotation = (await See("A", "B", "B")).ShouldHaveSingleItem();

        (await Store.UnpublishedAsync(rotation.Time, default)).ShouldBeEmpty("it is not older than itself");
        (await Store.UnpublishedAsync(rotation.Time.AddSeconds(1), default)).ShouldBe([rotation]);
        await Store.MarkPublishedAsync(rotation.Id, default);
        (await Store.UnpublishedAsync(rotation.Time.AddSeconds(1), default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_rotation_of_sightings_that_waited_long_is_as_young_as_its_commit()
    {
        Sighting[] waited = [Next("A"), Next("B"), Next("B")];
        _clock.Advance(TimeSpan.FromHours(1));
        DateTimeOffset committed = _clock.GetUtcNow();
        Rotation rotation = (await Store.RecordAsync(waited, default)).Rotations.ShouldHaveSingleItem();

        (await Store.UnpublishedAsync(committed, default)).ShouldBeEmpty("its own process may be at it");
        (await Store.UnpublishedAsync(committed.AddSeconds(1), default)).ShouldBe([rotation]);
    }

    [Fact]
    public async Task Two_processes_that_see_the_same_change_declare_it_once()
    {
        await See("A");
        Sighting[] sightings = [.. Enumerable.Range(0, 20).Select(_ => Next("B"))];

        Recorded[] told = await Task.WhenAll(sightings.Select(sighting => Task.Run(() => Store.RecordAsync([sighting], default))));

        told.Sum(recorded => recorded.Rotations.Count).ShouldBeLessThanOrEqualTo(1);
        await See("B", "B");
        (await Store.HistoryAsync(Peer, default)).Rotations.ShouldHaveSingleItem().New.ShouldBe("B");
    }

    private async Task<IReadOnlyList<Rotation>> See(params string[] values)
    {
        List<Rotation> rotations = [];
        foreach (string value in values)
        {
            rotations.AddRange((await Store.RecordAsync([Next(value)], default)).Rotations);
        }

        return rotations;
    }

    private Sighting Next(string value)
    {
        _clock.Advance(TimeSpan.FromMinutes(1));
        return new(Peer, 443, "jarm", value, _clock.GetUtcNow(), ObservationId.New(_clock));
    }

    private static PeerAddress Parse(string text) => PeerAddress.TryParse(text, out PeerAddress address) ? address : throw new ArgumentException(text, nameof(text));
}
