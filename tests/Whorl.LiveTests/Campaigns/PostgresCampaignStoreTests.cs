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

    internal override IDatabase Open(params MigrationSet[] sets) => _opener.Open(sets);
}
