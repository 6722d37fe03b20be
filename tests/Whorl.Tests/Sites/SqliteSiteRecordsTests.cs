using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites;

public sealed class SqliteSiteRecordsTests : SqlSiteRecordsContract
{
    private readonly TempFolder _folder = new();
    private SqliteDatabase? _database;

    internal override IDatabase Open(params MigrationSet[] sets) => _database = new(_folder.File("whorl.db"), sets, TimeProvider.System);

    protected override async ValueTask CloseAsync()
    {
        await base.CloseAsync();
        _database?.Dispose();
        _folder.Dispose();
    }
}
