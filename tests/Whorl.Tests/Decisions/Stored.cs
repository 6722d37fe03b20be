using System.Data.Common;
using Microsoft.Extensions.Logging.Abstractions;
using Whorl.Analysis.Decisions;
using Whorl.Kernel;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Decisions;

/// <summary>One store that several nodes of a test share, and which can go away.</summary>
internal sealed class Stored : IDatabase, IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly SqliteDatabase _database;
    private readonly TestMeters _meters = new();

    public Stored()
    {
        _database = new(_folder.File("whorl.db"), [DecisionStore.Migrations], Clock);
        Store = new(this, Clock);
    }

    public ManualClock Clock { get; } = new();

    public DecisionStore Store { get; }

    public string Folder => _folder.Path;

    public bool Away { get; set; }

    public Dialect Dialect { get; init; } = Dialect.Sqlite;

    public ValueTask<DbConnection> OpenAsync(CancellationToken cancel) => Away ? throw new IOException("The store is away.") : _database.OpenAsync(cancel);

    public DecisionReplica NewReplica() => new(Store, Clock, new DecisionMetrics(_meters), NullLogger<DecisionReplica>.Instance);

    public Decision Make(string value, DecisionAction action = DecisionAction.Block, TimeSpan? term = null, string origin = "test") => new(
        DecisionId.New(Clock), origin, "manual", value.Contains('/') ? DecisionScope.Range : DecisionScope.Ip, value, action, Clock.GetUtcNow() + term, "", false);

    public static ClientKeys From(string address)
    {
        PeerAddress.TryParse(address, out PeerAddress peer).ShouldBeTrue(address);
        return new(peer, null, null, 0, null);
    }

    public void Dispose()
    {
        _database.Dispose();
        _meters.Dispose();
        _folder.Dispose();
    }
}
