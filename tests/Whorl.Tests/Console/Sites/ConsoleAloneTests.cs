using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Whorl.Analysis.Campaigns;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Kernel.Sites;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;
using Whorl.Stores;
using Whorl.Stores.Objects;
using Whorl.Tests.Support;

namespace Whorl.Tests.WebConsole.Sites;

/// <summary>A node that has no role but the console, over a store that others fill.</summary>
public sealed class ConsoleAloneTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Store => _folder.File("shared.db");

    [Fact]
    public async Task Campaigns_that_an_analyst_found_are_shown_and_exported_by_a_node_that_has_the_console_alone()
    {
        await FindCampaignAsync();
        await using ConsoleHost alone = await StartAsync();
        HttpClient member = await alone.MemberAsync();

        (await member.GetStringAsync("/campaigns")).ShouldContain("1 groups of sites");
        (await member.GetStringAsync("/api/v1/campaigns")).ShouldContain("\"count\":1");
        (await member.GetStringAsync("/features?kind=contact&value=telegram%3Aseller")).ShouldContain("Speaks now");
    }

    [Fact]
    public async Task Pictures_are_shown_by_a_node_that_has_the_console_alone()
    {
        await using ConsoleHost alone = await StartAsync();
        byte[] picture = [0x89, (byte)'P', (byte)'N', (byte)'G', .. new byte[40]];
        string name = ObjectStore.NameOf(picture), id = Uuid7.Text(Uuid7.New(TimeProvider.System));
        (await alone.Services.GetRequiredService<ObjectStore>().TryKeepAsync(name, picture)).ShouldBeTrue();
        await alone.Services.GetRequiredService<IResultSink>().WriteAsync(
            new() { Id = id, Url = "https://seen.example/", Site = "seen.example", Time = TimeProvider.System.GetUtcNow(), ElapsedMs = 1, Class = SiteClass.HttpContent, Screenshot = new() { Width = 1, Height = 1, Object = name } }, default);

        using HttpResponseMessage answer = await (await alone.MemberAsync()).GetAsync($"/sites/seen.example/scans/{id}/screenshot");

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await answer.Content.ReadAsByteArrayAsync()).ShouldBe(picture);
    }

    public void Dispose() => _folder.Dispose();

    private async Task<ConsoleHost> StartAsync()
    {
        ConsoleHost host = new() { Settings = new(StringComparer.Ordinal) { ["Store:Path"] = Store } };
        await host.InitializeAsync();
        return host;
    }

    private async Task FindCampaignAsync()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection([new("Node:Data", _folder.File("analyst")), new("Store:Path", Store)]);
        builder.AddStores().AddBus().AddCampaigns();
        IHost analyst = builder.Build();
        await using IAsyncDisposable ending = (IAsyncDisposable)analyst;
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        string[] sites = ["a.example", "b.example"];
        await analyst.Services.GetRequiredService<CampaignKeeper>().TakeAsync(
            [.. sites.Select(site => new SiteSighting(site, $"https://{site}/", "Shop", "http_content", 2, Uuid7.Text(Uuid7.New(TimeProvider.System)), now, ObservationId.New(TimeProvider.System), [new(FeatureKinds.Contact, "telegram:seller")]))], default);
    }
}
