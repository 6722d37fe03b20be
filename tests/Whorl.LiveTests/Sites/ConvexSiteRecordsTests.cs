using Whorl.LiveTests.Servers;
using Whorl.Sources.Sites.Convex;
using Whorl.Sources.Sites.Jobs;
using Whorl.Tests.Sites;

namespace Whorl.LiveTests.Sites;

/// <summary>A host for all tests of a class; each begins with an empty deployment.</summary>
public sealed class ConvexHostFixture : IAsyncDisposable
{
    private ConvexHost? _host;

    internal async Task<ConvexHost> HostAsync() => _host ??= await ConvexHost.StartNewAsync();

    public ValueTask DisposeAsync() => _host?.DisposeAsync() ?? default;
}

/// <summary>The C# client against the functions themselves.</summary>
public sealed class ConvexSiteRecordsTests(ConvexHostFixture fixture) : SiteRecordsContract, IClassFixture<ConvexHostFixture>
{
    private ConvexHost _host = null!;
    private ConvexClient? _client;

    internal override ValueTask<(IJobSource Jobs, IResultSink Results)> OpenAsync()
    {
        _client = _host.Client(_host.Owner);
        ConvexRecords records = new(_client, Features, TimeProvider.System);
        return new((records, records));
    }

    protected override async ValueTask BeginAsync()
    {
        _host = await fixture.HostAsync();
        await _host.ResetAsync();
        await _host.SetClockAsync(Clock.GetUtcNow());
    }

    protected override async Task AdvanceAsync(TimeSpan by)
    {
        await base.AdvanceAsync(by);
        await _host.SetClockAsync(Clock.GetUtcNow());
    }

    protected override ValueTask CloseAsync()
    {
        _client?.Dispose();
        return default;
    }
}
