using Whorl.Sources.Sites;
using Whorl.Sources.Sites.Jobs;
using Whorl.Stores;
using Whorl.Tests.Sites.Work;

namespace Whorl.Tests.Sites;

/// <summary>The contract of records on a database.</summary>
public abstract class SqlSiteRecordsContract : SiteRecordsContract
{
    private readonly SqlRecordsPlace _place = new();

    internal abstract IDatabase Open(params MigrationSet[] sets);

    internal override ValueTask<(IJobSource Jobs, IResultSink Results)> OpenAsync() => new(_place.Open(Open(SitesTables.Migrations), Clock, Features));

    protected override ValueTask CloseAsync() => _place.DisposeAsync();
}
