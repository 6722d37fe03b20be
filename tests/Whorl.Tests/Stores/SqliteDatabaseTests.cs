using System.Data.Common;
using Dapper;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Stores;

public sealed class SqliteDatabaseTests : DatabaseContract, IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<SqliteDatabase> _opened = [];

    [Fact]
    public async Task The_file_and_its_logs_are_for_the_owner_alone()
    {
        await using DbConnection connection = await Open().OpenAsync(default);
        await connection.ExecuteAsync("CREATE TABLE t (a)");

        File.GetUnixFileMode(_folder.File("made", "by-whorl")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (string file in (string[])["whorl.db", "whorl.db-wal", "whorl.db-shm"])
        {
            File.GetUnixFileMode(_folder.File("made", "by-whorl", file)).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    [Fact]
    public async Task Commits_are_flushed_to_the_log_on_disk_and_foreign_keys_hold()
    {
        await using DbConnection connection = await Open().OpenAsync(default);

        (await connection.ExecuteScalarAsync<string>("PRAGMA journal_mode")).ShouldBe("wal");
        (await connection.ExecuteScalarAsync<long>("PRAGMA synchronous")).ShouldBe(2);
        (await connection.ExecuteScalarAsync<long>("PRAGMA foreign_keys")).ShouldBe(1);
    }

    [Fact]
    public void The_system_library_is_known_by_version() => SqliteDatabase.LibraryVersion.ShouldStartWith("3.");

    public void Dispose()
    {
        _opened.ForEach(database => database.Dispose());
        _folder.Dispose();
    }

    internal override IDatabase Open(params MigrationSet[] sets)
    {
        SqliteDatabase database = new(_folder.File("made", "by-whorl", "whorl.db"), sets, TimeProvider.System);
        _opened.Add(database);
        return database;
    }
}
