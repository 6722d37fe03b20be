using Whorl.LiveTests.Servers;
using Whorl.Sources.Sites.Convex;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;
using Whorl.Tests.Sites.Work;

namespace Whorl.LiveTests.Sites;

public sealed class ConvexKilledWorkersTests : KilledWorkersContract, IAsyncDisposable
{
    private ConvexHost? _host;

    public ValueTask DisposeAsync() => _host?.DisposeAsync() ?? default;

    internal override Task<Records> OpenAsync(string place)
    {
        ConvexClient client = new(new() { Url = place, AdminKey = ConvexHost.AdminKey }, TimeProvider.System);
        ConvexRecords records = new(client, new(ScanFeatures.Of), TimeProvider.System);
        return Task.FromResult<Records>(new(records, records, new Owner(client)));
    }

    protected override async Task<string> PlaceAsync()
    {
        _host = await ConvexHost.StartNewAsync();
        return _host.Url;
    }

    private sealed class Owner(ConvexClient client) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            client.Dispose();
            return default;
        }
    }
}

public sealed class ConvexSmokeTests(ConvexHostFixture fixture) : SitesSmokeContract, IClassFixture<ConvexHostFixture>
{
    private ConvexClient? _client;

    internal override async Task<(IJobSource Jobs, IResultSink Results)> OpenAsync()
    {
        ConvexHost host = await fixture.HostAsync();
        await host.SetClockAsync(Clock.GetUtcNow());
        _client = host.Client(host.Owner);
        ConvexRecords records = new(_client, new(ScanFeatures.Of), TimeProvider.System);
        return (records, records);
    }

    protected override ValueTask CloseAsync()
    {
        _client?.Dispose();
        return default;
    }
}
