using Whorl.LiveTests.Servers;
using Whorl.LiveTests.Stores;
using Whorl.Stores;
using Whorl.Tests.Probes;

namespace Whorl.LiveTests.Probes;

public sealed class PostgresProbesStoreTests(LiveServers servers) : ProbesStoreContract, IAsyncLifetime
{
    private readonly PostgresOpener _opener = new(servers);

    public ValueTask InitializeAsync() => _opener.InitializeAsync();

    internal override IDatabase Open(params MigrationSet[] sets) => _opener.Open(sets);

    protected override ValueTask CloseAsync() => _opener.DisposeAsync();
}
