using Dapper;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using System.Data.Common;
using Whorl.Analysis.Journal;
using Whorl.Kernel;
using Whorl.LiveTests.Servers;
using Whorl.Stores;
using Whorl.Tests.Journal;
using Whorl.Tests.Stores;

namespace Whorl.LiveTests.Stores;

public sealed class PostgresDatabaseTests(LiveServers servers) : DatabaseContract, IAsyncLifetime
{
    private readonly PostgresOpener _opener = new(servers);

    public ValueTask InitializeAsync() => _opener.InitializeAsync();

    public ValueTask DisposeAsync() => _opener.DisposeAsync();

    internal override IDatabase Open(params MigrationSet[] sets) => _opener.Open(sets);
}

public sealed class PostgresBatchWriterTests(LiveServers servers) : BatchWriterContract, IAsyncLifetime
{
    private readonly PostgresOpener _opener = new(servers);

    public ValueTask InitializeAsync() => _opener.InitializeAsync();

    public ValueTask DisposeAsync() => _opener.DisposeAsync();

    internal override IDatabase Open(params MigrationSet[] sets) => _opener.Open(sets);
}

public sealed class PostgresJournalTests(LiveServers servers) : JournalContract, IAsyncLifetime
{
    private readonly PostgresOpener _opener = new(servers);

    public ValueTask InitializeAsync() => _opener.InitializeAsync();

    [Fact]
    public async Task A_day_is_a_partition_and_retention_drops_it_whole()
    {
        await What_is_older_than_the_retention_goes_and_what_comes_too_late_is_not_stored();

        await using DbConnection connection = await _opener.Open(JournalTables.Migrations).OpenAsync(default);
        (await connection.QueryAsync<string>("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'journal'::regclass"))
            .ShouldBe(["journal_20260304"]);
    }

    internal override IDatabase Open(params MigrationSet[] sets) => _opener.Open(sets);

    protected override ValueTask CloseAsync() => _opener.DisposeAsync();
}

public sealed class PostgresHealthTests
{
    [Fact]
    public async Task Health_and_doctor_say_whether_the_server_answers()
    {
        await using PostgresServer server = await PostgresServer.StartNewAsync();
        await using PostgresDatabase database = new(await server.NewDatabaseAsync(), [], TimeProvider.System);
        StoreHealth health = new(database);
        StoreDoctor doctor = new(database, Options.Create(new StoreOptions { Provider = StoreProvider.Postgres }));

        (await health.CheckHealthAsync(new())).Status.ShouldBe(HealthStatus.Healthy);
        (await doctor.CheckAsync(default)).Ok.ShouldBeTrue();

        await server.StopAsync();
        (await health.CheckHealthAsync(new())).Status.ShouldBe(HealthStatus.Unhealthy);
        DoctorFinding finding = await doctor.CheckAsync(default);
        finding.Ok.ShouldBeFalse();
        finding.Hint.ShouldNotBeNull();

        await server.StartAsync();
        (await health.CheckHealthAsync(new())).Status.ShouldBe(HealthStatus.Healthy);
    }
}

internal sealed class PostgresOpener(LiveServers servers) : IAsyncDisposable
{
    private readonly List<PostgresDatabase> _opened = [];
    private string _connectionString = "";

    /// <summary>More words of the connection string.</summary>
    public string Settings { get; set; } = "";

    public async ValueTask InitializeAsync() => _connectionString = await (await servers.PostgresAsync()).NewDatabaseAsync();

    public PostgresDatabase Open(params MigrationSet[] sets)
    {
        PostgresDatabase database = new(_connectionString + $";Application Name=test{_opened.Count}{Settings}", sets, TimeProvider.System);
        _opened.Add(database);
        return database;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (PostgresDatabase database in _opened)
        {
            await database.DisposeAsync();
        }

        _opened.Clear();
    }
}
