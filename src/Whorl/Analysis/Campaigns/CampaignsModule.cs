using Whorl.Analysis.Campaigns.Queries;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Stores;

namespace Whorl.Analysis.Campaigns;

/// <summary>Wires campaigns: which sites belong together?</summary>
internal static class CampaignsModule
{
    /// <summary>Keeps what scans show, links it, and tells of campaigns.</summary>
    public static IHostApplicationBuilder AddCampaigns(this IHostApplicationBuilder builder)
    {
        builder.AddCampaignsReader();
        builder.AddBus();
        builder.AddModuleOptions<NodeOptions, NodeOptionsValidator>();
        builder.Services.AddSingleton<CampaignsMetrics>().AddSingleton<LinkerSeat>().AddSingleton<CampaignKeeper>();
        builder.Services.AddHostedService<CampaignsWorker>();
        builder.Services.AddHealthChecks().AddCheck<CampaignsHealth>("campaigns", tags: ["ready"]);
        return builder;
    }

    /// <summary>The queries alone, for a node that shows them.</summary>
    public static IHostApplicationBuilder AddCampaignsReader(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(CampaignQueries)))
        {
            return builder;
        }

        builder.AddStores();
        builder.AddModuleOptions<CampaignsOptions, CampaignsOptionsValidator>();
        builder.Services.AddSingleton(CampaignTables.Migrations);
        builder.Services.AddSingleton<IgnoredFeatures>().AddSingleton<CampaignStore>().AddSingleton<CampaignQueries>();
        return builder;
    }
}
