using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging.Abstractions;
using Whorl.Sources.Sites;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Records;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites;

/// <summary>The contract of records on a database.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Closed by CloseAsync.")]
public abstract class SqlSiteRecordsContract : SiteRecordsContract
{
    private readonly TestMeters _meters = new();
    private SqlRecords? _records;

    internal abstract IDatabase Open(params MigrationSet[] sets);

    internal override ValueTask<(IJobSource Jobs, IResultSink Results)> OpenAsync()
    {
        IDatabase database = Open(SitesTables.Migrations);
        _records = new(database, new(database, TimeProvider.System, new(_meters), NullLoggerFactory.Instance), new(database, Features), Clock);
        return new((_records, _records));
    }

    protected override async ValueTask CloseAsync()
    {
        if (_records is not null)
        {
            await _records.DisposeAsync();
        }

        _meters.Dispose();
    }
}
