using System.Data.Common;
using Dapper;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Stores;

public sealed class SqliteKilledWriterTests : KilledWriterContract, IDisposable
{
    // Made by the test alone: the process that is killed could not remove one.
    private TempFolder? _folder;

    public void Dispose() => _folder?.Dispose();

    internal override IDatabase Open(string place, params MigrationSet[] sets) => new SqliteDatabase(place, sets, TimeProvider.System);

    protected override Task<string> PlaceAsync() => Task.FromResult((_folder = new()).File("whorl.db"));

    protected override async Task CheckAsync(DbConnection connection) =>
        (await connection.ExecuteScalarAsync<string>("PRAGMA integrity_check")).ShouldBe("ok");
}
