using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Stores;

public sealed class SqliteBatchWriterTests : BatchWriterContract
{
    private readonly TempFolder _folder = new();
    private SqliteDatabase? _database;

    public override void Dispose()
    {
        _database?.Dispose();
        _folder.Dispose();
        base.Dispose();
    }

    internal override IDatabase Open(params MigrationSet[] sets) =>
        _database = new SqliteDatabase(_folder.File("whorl.db"), sets, TimeProvider.System);
}
