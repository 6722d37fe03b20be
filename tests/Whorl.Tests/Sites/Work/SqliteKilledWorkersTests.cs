using Whorl.Sources.Sites;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites.Work;

public sealed class SqliteKilledWorkersTests : KilledWorkersContract, IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    internal override Task<Records> OpenAsync(string place)
    {
        SqlRecordsPlace records = new();
        (Sources.Sites.Records.SqlRecords jobs, Sources.Sites.Records.SqlRecords results) = records.Open(new SqliteDatabase(place, [SitesTables.Migrations], TimeProvider.System), TimeProvider.System);
        return Task.FromResult<Records>(new(jobs, results, records));
    }

    protected override Task<string> PlaceAsync() => Task.FromResult(_folder.File("whorl.db"));
}
