using System.Data.Common;
using Dapper;
using Whorl.Kernel;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Stores;

/// <summary>What every engine must do. A new engine is a subclass that gives an empty database.</summary>
public abstract class DatabaseContract
{
    private static readonly MigrationSet Things = new("things",
    [
        "CREATE TABLE things (id {blob} NOT NULL PRIMARY KEY, name {text} NOT NULL, made {int} NOT NULL, flag {int} NOT NULL, kind {int} NOT NULL) {strict}",
    ]);

    /// <summary>Opens the same empty database each time within one test, with these tables.</summary>
    internal abstract IDatabase Open(params MigrationSet[] sets);

    [Fact]
    public async Task An_id_a_time_a_flag_and_an_enum_come_back_as_they_were_stored()
    {
        IDatabase database = Open(Things);
        Thing stored = new()
        {
            Id = ObservationId.New(TimeProvider.System),
            Name = "naïve ☃ \u0001",
            Made = DateTimeOffset.UnixEpoch.AddTicks(12_345_678_901_234_560),
            Flag = true,
            Kind = DecisionAction.Block,
        };

        await using DbConnection connection = await database.OpenAsync(default);
        await connection.ExecuteAsync("INSERT INTO things (id, name, made, flag, kind) VALUES (@Id, @Name, @Made, @Flag, @Kind)", stored);
        Thing found = await connection.QuerySingleAsync<Thing>("SELECT * FROM things WHERE id = @Id AND made = @Made AND flag = @Flag", stored);

        (found.Id, found.Name, found.Made, found.Flag, found.Kind).ShouldBe((stored.Id, stored.Name, stored.Made, stored.Flag, stored.Kind));
    }

    [Fact]
    public async Task Ids_sort_in_the_table_as_they_were_made()
    {
        IDatabase database = Open(Things);
        ManualClock clock = new();
        await using DbConnection connection = await database.OpenAsync(default);
        List<ObservationId> made = [];
        for (int i = 0; i < 300; i++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(777_777_777));
            made.Add(ObservationId.New(clock));
        }

        foreach (ObservationId id in Enumerable.Reverse(made))
        {
            await connection.ExecuteAsync("INSERT INTO things (id, name, made, flag, kind) VALUES (@id, '', 0, 0, 0)", new { id });
        }

        (await connection.QueryAsync<ObservationId>("SELECT id FROM things ORDER BY id")).ShouldBe(made);
    }

    [Fact]
    public async Task A_transaction_that_was_not_committed_leaves_nothing()
    {
        IDatabase database = Open(Things);
        await using (DbConnection connection = await database.OpenAsync(default))
        await using (DbTransaction transaction = await connection.BeginTransactionAsync())
        {
            await connection.ExecuteAsync("INSERT INTO things (id, name, made, flag, kind) VALUES (@Id, '', 0, 0, 0)", new { Id = ObservationId.New(TimeProvider.System) }, transaction);
        }

        await using DbConnection second = await database.OpenAsync(default);
        (await second.ExecuteScalarAsync<long>("SELECT count(*) FROM things")).ShouldBe(0);
    }

    [Fact]
    public async Task A_later_version_applies_only_the_scripts_that_are_new()
    {
        await using (DbConnection first = await Open(Things).OpenAsync(default))
        {
            await first.ExecuteAsync("INSERT INTO things (id, name, made, flag, kind) VALUES (@Id, 'kept', 0, 0, 0)", new { Id = ObservationId.New(TimeProvider.System) });
        }

        MigrationSet later = new("things", [.. Things.Scripts, "ALTER TABLE things ADD COLUMN more {int} NOT NULL DEFAULT 7"]);
        await using DbConnection second = await Open(later).OpenAsync(default);

        (await second.QuerySingleAsync<(string, long)>("SELECT name, more FROM things")).ShouldBe(("kept", 7));
    }

    [Fact]
    public async Task A_script_that_was_changed_after_it_was_applied_is_refused_by_name()
    {
        await using (await Open(Things).OpenAsync(default))
        {
        }

        MigrationSet edited = new("things", [Things.Scripts[0] + " "]);
        StoreException fault = await Should.ThrowAsync<StoreException>(async () => await Open(edited).OpenAsync(default));

        fault.Message.ShouldContain("script 1 of things");
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused()
    {
        MigrationSet newer = new("things", [.. Things.Scripts, "ALTER TABLE things ADD COLUMN more {int}"]);
        await using (await Open(newer).OpenAsync(default))
        {
        }

        StoreException fault = await Should.ThrowAsync<StoreException>(async () => await Open(Things).OpenAsync(default));

        fault.Message.ShouldContain("newer than this program");
    }

    [Fact]
    public async Task A_script_that_fails_leaves_the_database_as_it_was()
    {
        MigrationSet broken = new("things", [Things.Scripts[0], "CREATE TABLE half (a {int}) {strict}; SELECT nothing FROM nowhere"]);
        await Should.ThrowAsync<DbException>(async () => await Open(broken).OpenAsync(default));

        // The same module, mended: its first script is applied now, not before.
        MigrationSet mended = new("things", [Things.Scripts[0], "CREATE TABLE half (a {int}) {strict}"]);
        await using DbConnection connection = await Open(mended).OpenAsync(default);
        (await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM half")).ShouldBe(0);
    }

    [Fact]
    public async Task Several_processes_that_start_together_apply_each_script_once()
    {
        MigrationSet counting = new("counting",
        [
            "CREATE TABLE runs (n {key}, what {text}) {strict}",
            "INSERT INTO runs (what) VALUES ('once')",
        ]);

        IDatabase[] all = [.. Enumerable.Range(0, 6).Select(_ => Open(counting))];
        await Task.WhenAll(all.Select(database => Task.Run(async () => await (await database.OpenAsync(default)).DisposeAsync())));

        await using DbConnection connection = await all[0].OpenAsync(default);
        (await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM runs")).ShouldBe(1);
    }

    [Fact]
    public async Task Counted_keys_are_not_given_twice()
    {
        IDatabase database = Open(new MigrationSet("counting", ["CREATE TABLE runs (n {key}, what {text}) {strict}"]));
        await using DbConnection connection = await database.OpenAsync(default);

        long first = await connection.ExecuteScalarAsync<long>("INSERT INTO runs (what) VALUES ('a') RETURNING n");
        await connection.ExecuteAsync("DELETE FROM runs");
        long second = await connection.ExecuteScalarAsync<long>("INSERT INTO runs (what) VALUES ('b') RETURNING n");

        second.ShouldBeGreaterThan(first);
    }

    private sealed class Thing
    {
        public ObservationId Id { get; init; }

        public string Name { get; init; } = "";

        public DateTimeOffset Made { get; init; }

        public bool Flag { get; init; }

        public DecisionAction Kind { get; init; }
    }
}
