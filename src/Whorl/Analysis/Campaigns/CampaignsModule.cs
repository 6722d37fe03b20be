using Microsoft.Extensions.DependencyInjection.Extensions;
using Whorl.Analysis.Campaigns.Queries;
using Whorl.Stores;

namespace Whorl.Analysis.Campaigns;

/// <summary>Wires campaigns: which sites belong together?</summary>
internal static class CampaignsModule
{
    /// <summary>Keeps what scans show, links it, and tells of campaigns.</summary>
    public static IHostApplicationBuilder AddCampaigns(this IHostApplicationBuilder builder)
    {
        builder.AddCampaignsReader();
        return builder;
    }

    /// <summary>The queries alone, for a node that shows them.</summary>
    public static IHostApplicationBuilder AddCampaignsReader(this IHostApplicationBuilder builder)
    {
        builder.AddStores();
        builder.Services.TryAddSingleton<CampaignQueries>();
        return builder;
    }
}
