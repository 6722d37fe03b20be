using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Whorl.Sources.Sites;
using Whorl.Sources.Sites.Jobs;
using Whorl.Stores;
using Whorl.Tests.Sites.Work;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites;

/// <summary>A commit that has its effect, and whose answer is lost.</summary>
public sealed class LostCommitTests : IAsyncLifetime
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    private readonly TempFolder _folder = new();
    private readonly SqlRecordsPlace _place = new();
    private LosingDatabase _database = null!;

    public ValueTask InitializeAsync()
    {
        _database = new(new(_folder.File("whorl.db"), [SitesTables.Migrations], TimeProvider.System));
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        await _place.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_end_whose_answer_was_lost_has_ended_the_run_once_and_says_so()
    {
        (IJobSource jobs, _) = _place.Open(_database, TimeProvider.System);
        await jobs.AddAsync([new("http://a.example/", "test"), new("http://b.example/", "test")], default);
        LeasedJob[] leased = [.. await jobs.ClaimAsync("one", 2, Lease, default)];

        _database.Loses = true;
        (await jobs.SucceedAsync(leased[0].Run, null, new(Lease, Lease), default)).ShouldBeTrue();
        _database.Lost.ShouldBe(1);
        (await jobs.SucceedAsync(leased[0].Run, null, new(Lease, Lease), default)).ShouldBeFalse("that is another end, and too late");

        _database.Loses = true;
        (await jobs.FailAsync(leased[1].Run, "no", new(Lease, Lease), default)).ShouldBeTrue();
        _database.Lost.ShouldBe(2);
        (await jobs.TransitionsAsync(leased[1].Job.Id, 9, default)).Count.ShouldBe(2);
    }

    /// <summary>Loses one answer when it is told to.</summary>
    private sealed class LosingDatabase(SqliteDatabase inner) : IDatabase, IDisposable
    {
        public bool Loses { get; set; }

        public int Lost { get; private set; }

        public Dialect Dialect => Dialect.Sqlite;

        public async ValueTask<DbConnection> OpenAsync(CancellationToken cancel)
        {
            await using DbConnection prepared = await inner.OpenAsync(cancel);
            LosingConnection connection = new($"Data Source={inner.FilePath};Pooling=False", this);
            await connection.OpenAsync(cancel);
            return connection;
        }

        public void Committed()
        {
            if (Loses)
            {
                Loses = false;
                Lost++;
                throw new IOException("The connection was reset.");
            }
        }

        public void Dispose() => inner.Dispose();
    }

    private sealed class LosingConnection(string text, LosingDatabase database) : SqliteConnection(text)
    {
        public override SqliteCommand CreateCommand() => new LosingCommand { Connection = this, CommandTimeout = DefaultTimeout, Transaction = Transaction };

        protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => new LosingTransaction(BeginTransaction(isolationLevel), database);
    }

    private sealed class LosingCommand : SqliteCommand
    {
        protected override DbTransaction? DbTransaction
        {
            get => base.DbTransaction;
            set => base.DbTransaction = value is LosingTransaction losing ? losing.Inner : value;
        }
    }

    private sealed class LosingTransaction(SqliteTransaction inner, LosingDatabase database) : DbTransaction
    {
        public SqliteTransaction Inner => inner;

        public override IsolationLevel IsolationLevel => inner.IsolationLevel;

        protected override DbConnection? DbConnection => inner.Connection;

        public override void Commit()
        {
            inner.Commit();
            database.Committed();
        }

        public override void Rollback() => inner.Rollback();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
