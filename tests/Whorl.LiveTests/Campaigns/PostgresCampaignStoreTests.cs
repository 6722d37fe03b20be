using System.Data.Common;
using Dapper;
using Microsoft.Extensions.Options;
using Whorl.Analysis.Campaigns;
using Whorl.Bus;
using Whorl.LiveTests.Servers;
using Whorl.LiveTests.Stores;
using Whorl.Stores;
using Whorl.Tests.Campaigns;

namespace Whorl.LiveTests.Campaigns;

public sealed class PostgresCampaignStoreTests(LiveServers servers) : CampaignStoreContract, IAsyncLifetime
{
    private readonly PostgresOpener _opener = new(servers);

    public ValueTask InitializeAsync() => _opener.InitializeAsync();

    public ValueTask DisposeAsync() => _opener.DisposeAsync();

    [Fact]
    public async Task Of_two_analysts_one_listens_and_the_other_takes_over_when_its_session_ends()
    {
        PostgresDatabase one = _opener.Open(CampaignTables.Migrations), other = _opener.Open(CampaignTables.Migrations);
        await using LinkerSeat firstSeat = Seat(one), secondSeat = Seat(other);
        CampaignsWorker first = NewWorker(firstSeat), second = NewWorker(secondSeat);
        await first.StartingAsync(default);
        await second.StartingAsync(default);
        Listening.ShouldBe(1);
        (await second.LeadAsync(default)).ShouldBeFalse();
        (await first.LeadAsync(default)).ShouldBeTrue();

        await using DbConnection connection = await other.OpenAsync(default);
        await connection.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");

        (await second.LeadAsync(default)).ShouldBeTrue();
        (await first.LeadAsync(default)).ShouldBeFalse();
        Listening.ShouldBe(1);

        await secondSeat.DisposeAsync();
        (await first.LeadAsync(default)).ShouldBeTrue();
    }

    internal override IDatabase Open(params MigrationSet[] sets) => _opener.Open(sets);

    private static LinkerSeat Seat(IDatabase database) => new(database, Options.Create(new BusOptions { Provider = BusProvider.RabbitMq }));
}
