using System.Data.Common;
using Whorl.LiveTests.Servers;
using Whorl.Stores;
using Whorl.Tests.Stores;

namespace Whorl.LiveTests.Stores;

/// <summary>First the writer is killed, round after round, then the server too.</summary>
public sealed class PostgresKilledWriterTests : KilledWriterContract, IAsyncDisposable
{
    private PostgresServer? _server;

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    internal override IDatabase Open(string place, params MigrationSet[] sets) => new PostgresDatabase(place + ";Pooling=false", sets, TimeProvider.System);

    protected override async Task<string> PlaceAsync()
    {
        _server = await PostgresServer.StartNewAsync();
        return await _server.NewDatabaseAsync();
    }

    // What the server had acknowledged must survive its own sudden end as well; the contract's own questions come after this.
    protected override async Task CheckAsync(DbConnection connection)
    {
        await connection.CloseAsync();
        await _server!.KillAsync();
        await _server.StartAsync();
        await connection.OpenAsync();
    }
}
