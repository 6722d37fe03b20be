using Whorl.LiveTests.Servers;
using Whorl.LiveTests.Stores;
using Whorl.Stores;
using Whorl.Tests.Decisions;

namespace Whorl.LiveTests.Decisions;

public sealed class PostgresDecisionStoreTests(LiveServers servers) : DecisionStoreContract, IAsyncLifetime
{
    private readonly PostgresOpener _opener = new(servers);

    public ValueTask InitializeAsync() => _opener.InitializeAsync();

    public ValueTask DisposeAsync() => _opener.DisposeAsync();

    internal override IDatabase Open(params MigrationSet[] sets) => _opener.Open(sets);
}
