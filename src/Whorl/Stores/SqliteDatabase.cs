using System.Data;
using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using Whorl.Native.Sqlite;

namespace Whorl.Stores;

/// <summary>The system of record in one file, through the system's SQLite.</summary>
internal sealed class SqliteDatabase : IDatabase, IDisposable
{
    // Writers of one file take turns; a turn is one batch, so this long means that something is wrong rather than busy.
    private const int BusySeconds = 30;

    private static readonly Lazy<string?> Version = new(LoadLibrary);

    private readonly string _connectionString;
    private readonly Migrations _migrations;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private volatile bool _ready;

    public SqliteDatabase(string path, IEnumerable<MigrationSet> sets, TimeProvider clock)
    {
        FilePath = Path.GetFullPath(path);
        _migrations = new Migrations(sets, clock);
        _connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = FilePath,
            ForeignKeys = true,
            DefaultTimeout = BusySeconds,
            Pooling = true,
        }.ToString();
    }

    /// <summary>Version of the system's SQLite; null where there is none.</summary>
    public static string? LibraryVersion => Version.Value;

    public Dialect Dialect => Dialect.Sqlite;

    public string FilePath { get; }

    public async ValueTask<DbConnection> OpenAsync(CancellationToken cancel)
    {
        if (!_ready)
        {
            await PrepareAsync(cancel);
        }

        return await ConnectAsync(cancel);
    }

    public void Dispose()
    {
        if (LibraryVersion is not null)
        {
            using SqliteConnection connection = new(_connectionString);
            SqliteConnection.ClearPool(connection);
        }

        _gate.Dispose();
    }

    private static string? LoadLibrary()
    {
        if (!SqliteLibrary.IsPresent)
        {
            return null;
        }

        SqliteLibrary.ResolveFor(typeof(SQLite3Provider_e_sqlite3).Assembly);
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
        return raw.sqlite3_libversion().utf8_to_string();
    }

    private async Task PrepareAsync(CancellationToken cancel)
    {
        if (LibraryVersion is null)
        {
            throw new StoreException("The SQLite library is not on this machine.", "Install it (Debian: apt install libsqlite3-0), or set Store:Provider to postgres.");
        }

        await _gate.WaitAsync(cancel);
        try
        {
            if (_ready)
            {
                return;
            }

            MakeFile();
            await using SqliteConnection connection = await ConnectAsync(cancel);

            // Both stay in the file; a file that has pages keeps their size. Observations come in rows of tens of kilobytes, and SQLite writes page by
            // page: at 16 KiB that costs half the processor time it costs at the default of 4. Another process that starts at this moment makes
            // this wait, by the time-out above.
            await connection.ExecuteAsync("PRAGMA page_size = 16384; PRAGMA journal_mode = WAL");

            // Microsoft.Data.Sqlite begins with BEGIN IMMEDIATE: a second process waits here and then finds everything applied.
            await using DbTransaction transaction = await connection.BeginTransactionAsync(IsolationLevel.Serializable, cancel);
            await _migrations.ApplyAsync(transaction, Dialect, cancel);
            await transaction.CommitAsync(cancel);
            _ready = true;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async ValueTask<SqliteConnection> ConnectAsync(CancellationToken cancel)
    {
        SqliteConnection connection = new(_connectionString);
        try
        {
            await connection.OpenAsync(cancel);

            // FULL: a commit returns after the log is on the disk, so what was acknowledged survives a power cut as well as kill -9 (which
            // NORMAL would survive too). Writers commit batches, so the price is one flush a batch. busy_timeout lets SQLite itself wait in
            // steps of a few milliseconds before the driver's own 150 ms steps begin.
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL";
            command.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    // SQLite gives its log files the mode of the database, so making that 0600 first covers all three.
    private void MakeFile()
    {
        string folder = Path.GetDirectoryName(FilePath)!;
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        using FileStream file = new(FilePath, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        if (file.Length == 0)
        {
            File.SetUnixFileMode(file.SafeFileHandle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}
