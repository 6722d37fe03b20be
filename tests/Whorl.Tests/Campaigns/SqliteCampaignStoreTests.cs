using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Campaigns;

public sealed class SqliteCampaignStoreTests : CampaignStoreContract, IDisposable
{
    private readonly TempFolder _folder = new();
    private SqliteDatabase? _database;

    internal override IDatabase Open(params MigrationSet[] sets) => _database = new(_folder.File("whorl.db"), sets, TimeProvider.System);

    public void Dispose()
    {
        _database?.Dispose();
        _folder.Dispose();
    }
}
