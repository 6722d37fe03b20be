using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Whorl.Analysis.Campaigns;
using Whorl.Analysis.Campaigns.Queries;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Kernel.Sites;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Campaigns;

public sealed class CampaignHostTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task Scans_on_the_bus_end_as_a_campaign_that_is_told()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection([new("Node:Data", _folder.File("data"))]);
        builder.AddStores().AddBus().AddCampaigns();
        IHost host = builder.Build();
        await using IAsyncDisposable ending = (IAsyncDisposable)host;
        await host.StartAsync();
        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await host.Services.GetRequiredService<IBus>().SubscribeAsync(new("test", Topics.ObservationPrefix + FindingKinds.CampaignChanged, Durable: false), (_, _) =>
        {
            told.TrySetResult();
            return Task.CompletedTask;
        }, default);
        IObservationSink sink = host.Services.GetRequiredService<IObservationSink>();
        foreach (string site in new[] { "a.example", "b.example" })
        {
            JsonElement attributes = JsonDocument.Parse("""{"site.class":"http_content","site.features":["contact=telegram:seller"]}""").RootElement;
            sink.TryPublish(new Observation(ObservationId.New(TimeProvider.System), SiteKinds.Scan, TimeProvider.System.GetUtcNow(), "node", Subject.Site(site), attributes)).ShouldBeTrue();
        }

        await told.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await host.StopAsync();

        (await host.Services.GetRequiredService<CampaignQueries>().CampaignsAsync(new(), default)).ShouldHaveSingleItem().Sites.ShouldBe(2);
    }

    public void Dispose() => _folder.Dispose();
}
