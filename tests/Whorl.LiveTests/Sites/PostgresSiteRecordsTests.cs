using System.Data.Common;
using Dapper;
using Whorl.LiveTests.Servers;
using Whorl.LiveTests.Stores;
using Whorl.Sources.Sites;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Records;
using Whorl.Stores;
using Whorl.Tests.Sites;
using Whorl.Tests.Sites.Work;

namespace Whorl.LiveTests.Sites;

/// <summary>The contract on PostgreSQL, whose own clock counts: that of the test stands before it in the search path.</summary>
public sealed class PostgresSiteRecordsTests(LiveServers servers) : SqlSiteRecordsContract
{
    private readonly PostgresOpener _opener = new(servers);
    private PostgresDatabase _clock = null!;

    internal override IDatabase Open(params MigrationSet[] sets) => _opener.Open(sets);

    protected override async ValueTask BeginAsync()
    {
        await _opener.InitializeAsync();
        _clock = _opener.Open();
        await using DbConnection connection = await _clock.OpenAsync(default);
        await connection.ExecuteAsync(
            """
            CREATE SCHEMA test;
            CREATE TABLE test.moment (at timestamptz NOT NULL);
            INSERT INTO test.moment VALUES (@now);
            CREATE FUNCTION test.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT at FROM test.moment';
            """.Replace("@now", $"'{Now:O}'", StringComparison.Ordinal));
        _opener.Settings = ";Search Path=test,pg_catalog,public";
    }

    protected override async Task AdvanceAsync(TimeSpan by)
    {
        await base.AdvanceAsync(by);
        await using DbConnection connection = await _clock.OpenAsync(default);
        await connection.ExecuteAsync($"UPDATE test.moment SET at = '{Now:O}'");
    }

    protected override async ValueTask CloseAsync()
    {
        await base.CloseAsync();
        await _opener.DisposeAsync();
    }
}

/// <summary>Workers on machines whose clocks differ.</summary>
public sealed class PostgresLeaseTests(LiveServers servers) : IAsyncLifetime
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    private readonly PostgresOpener _opener = new(servers);
    private readonly SqlRecordsPlace _place = new();

    public async ValueTask InitializeAsync() => await _opener.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await _place.DisposeAsync();
        await _opener.DisposeAsync();
    }

    [Theory]
    [InlineData(70)]
    [InlineData(-70)]
    public async Task A_worker_whose_clock_is_wrong_takes_nobodys_lease_and_loses_none(int seconds)
    {
        SqlRecords right = Open(TimeSpan.Zero), wrong = Open(TimeSpan.FromSeconds(seconds));
        await right.AddAsync([new("http://a.example/", "cli"), new("http://b.example/", "cli")], default);
        LeasedJob mine = (await right.ClaimAsync("right", 1, Lease, default)).ShouldHaveSingleItem();
        LeasedJob other = (await wrong.ClaimAsync("wrong", 9, Lease, default)).ShouldHaveSingleItem();

        (await wrong.ClaimAsync("wrong", 9, Lease, default)).ShouldBeEmpty();
        (await right.ClaimAsync("right", 9, Lease, default)).ShouldBeEmpty();
        (await right.ExtendAsync("right", [mine.Run], Lease, default)).ShouldBe([mine.Run]);
        (await wrong.ExtendAsync("wrong", [other.Run], Lease, default)).ShouldBe([other.Run]);
        (await wrong.SucceedAsync(other.Run, null, new(Lease, Lease), default)).ShouldBeTrue();
        (await right.SucceedAsync(mine.Run, null, new(Lease, Lease), default)).ShouldBeTrue();
        (await right.CountAsync(default)).Due.ShouldBe(0);
    }

    [Fact]
    public async Task Heart_beats_and_ends_of_the_same_runs_never_wait_for_each_other_both_ways()
    {
        const int jobs = 300;
        (IJobSource one, _) = _place.Open(_opener.Open(SitesTables.Migrations), TimeProvider.System);
        PostgresDatabase database = _opener.Open(SitesTables.Migrations);
        (IJobSource two, _) = _place.Open(database, TimeProvider.System);
        await one.AddAsync([.. Enumerable.Range(0, jobs).Select(n => new NewJob($"http://host{n}.example/", "test"))], default);
        for (int round = 0; round < 10; round++)
        {
            string[] runs = [.. (await one.ClaimAsync("worker", jobs, Lease, default)).Select(leased => leased.Run).OrderDescending(StringComparer.Ordinal)];
            runs.Length.ShouldBe(jobs);
            Task<IReadOnlySet<string>>[] beats = [.. Enumerable.Range(0, 6).Select(n => Task.Run(() => (n % 2 == 0 ? one : two).ExtendAsync("worker", runs, Lease, default)))];
            bool[] ended = await Task.WhenAll(runs.Select((run, n) => Task.Run(() => (n % 2 == 0 ? one : two).FailAsync(run, "no", new(TimeSpan.Zero, Lease), default))));
            ended.ShouldAllBe(each => each);
            await Task.WhenAll(beats);
        }

        await using DbConnection connection = await database.OpenAsync(default);
        (await connection.ExecuteScalarAsync<long>("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")).ShouldBe(0);
    }

    private SqlRecords Open(TimeSpan ahead) => _place.Open(_opener.Open(SitesTables.Migrations), new AheadClock(ahead)).Jobs;

    private sealed class AheadClock(TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + ahead;
    }
}
