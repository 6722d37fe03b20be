using Whorl.LiveTests.Servers;
using Whorl.LiveTests.Stores;
using Whorl.Sources.Sites;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Records;
using Whorl.Stores;
using Whorl.Tests.Sites.Work;

namespace Whorl.LiveTests.Sites;

public sealed class PostgresKilledWorkersTests : KilledWorkersContract, IAsyncDisposable
{
    private PostgresServer? _server;

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    internal override Task<Records> OpenAsync(string place)
    {
        SqlRecordsPlace records = new();
        (SqlRecords jobs, SqlRecords results) = records.Open(new PostgresDatabase(place, [SitesTables.Migrations], TimeProvider.System), TimeProvider.System);
        return Task.FromResult<Records>(new(jobs, results, records));
    }

    protected override async Task<string> PlaceAsync()
    {
        _server = await PostgresServer.StartNewAsync();
        return await _server.NewDatabaseAsync();
    }
}

public sealed class PostgresSmokeTests(LiveServers servers) : SitesSmokeContract
{
    private readonly PostgresOpener _opener = new(servers);
    private readonly SqlRecordsPlace _place = new();

    internal override async Task<(IJobSource Jobs, IResultSink Results)> OpenAsync()
    {
        await _opener.InitializeAsync();
        return _place.Open(_opener.Open(SitesTables.Migrations), Clock);
    }

    protected override async ValueTask CloseAsync()
    {
        await _place.DisposeAsync();
        await _opener.DisposeAsync();
    }
}
