using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Whorl.Analysis.Journal;
using Whorl.Kernel;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Journal;

public sealed class SqliteJournalTests : JournalContract
{
    private readonly TempFolder _folder = new();
    private SqliteDatabase? _database;

    [Fact]
    public async Task Above_the_size_limit_the_oldest_go_first()
    {
        using TestMeters meters = new();
        IDatabase database = Open(JournalTables.Migrations);
        BatchWriters writers = new(database, TimeProvider.System, new StoreMetrics(meters), NullLoggerFactory.Instance);
        await using JournalStore store = new(database, writers, Options.Create(new JournalOptions { MaxMegabytes = 64 }), TimeProvider.System);
        ManualClock clock = new(TimeProvider.System.GetUtcNow());
        List<ObservationId> written = [];
        byte[] filler = new byte[1024 * 1024];
        for (int n = 0; n < 300; n++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(10));
            written.Add(ObservationId.New(clock));
        }

        await Task.WhenAll(written.Take(80).Select(id => store.WriteAsync(new("a", 1, id, id, filler), default)));
        await Task.WhenAll(written.Skip(80).Select(id => store.WriteAsync(new("a", 1, id, id, "[\n{}\n]"u8.ToArray()), default)));

        (await store.TrimAsync(default)).ShouldBe(100);
    }

    internal override IDatabase Open(params MigrationSet[] sets) =>
        _database = new SqliteDatabase(_folder.File("whorl.db"), sets, TimeProvider.System);

    protected override ValueTask CloseAsync()
    {
        _database?.Dispose();
        _folder.Dispose();
        return default;
    }
}
