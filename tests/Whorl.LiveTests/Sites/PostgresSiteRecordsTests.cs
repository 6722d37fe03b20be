using Whorl.LiveTests.Servers;
using Whorl.LiveTests.Stores;
using Whorl.Stores;
using Whorl.Tests.Sites;

namespace Whorl.LiveTests.Sites;

public sealed class PostgresSiteRecordsTests(LiveServers servers) : SqlSiteRecordsContract
{
    private readonly PostgresOpener _opener = new(servers);

    internal override IDatabase Open(params MigrationSet[] sets) => _opener.Open(sets);

    protected override async ValueTask BeginAsync() => await _opener.InitializeAsync();

    protected override async ValueTask CloseAsync()
    {
        await base.CloseAsync();
        await _opener.DisposeAsync();
    }
}
