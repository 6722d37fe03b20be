using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Probes;

public sealed class SqliteProbesStoreTests : ProbesStoreContract
{
    private readonly TempFolder _folder = new();
    private SqliteDatabase? _database;

    internal override IDatabase Open(params MigrationSet[] sets) => _database = new(_folder.File("whorl.db"), sets, TimeProvider.System);

    protected override ValueTask CloseAsync()
    {
        _database?.Dispose();
        _folder.Dispose();
        return default;
    }
}
