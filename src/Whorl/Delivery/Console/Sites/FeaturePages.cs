using Whorl.Analysis.Campaigns;
using Whorl.Analysis.Campaigns.Queries;
using Whorl.Delivery.Api;
using Whorl.Delivery.Api.Sites;
using Whorl.Delivery.WebConsole.Pages.Sites;
using Whorl.Delivery.WebConsole.Serving;
using Whorl.Kernel.Sites;
using Whorl.Sources.Sites.Jobs;

namespace Whorl.Delivery.WebConsole.Sites;

/// <summary>Who shows one feature.</summary>
/// <param name="Kind">Null where there is no such kind.</param>
/// <param name="Weight">What sharing it speaks by how many show it; null where it is no feature.</param>
internal sealed record FeatureModel(
    string Name, string Value, FeatureKind? Kind, double? Weight, IReadOnlyList<SiteSummary> Sites, IReadOnlyDictionary<string, CampaignId> Campaigns, bool More, bool IsHere, DateTimeOffset Now);

/// <summary>The page of one feature: what it is, how rare, and who shows it.</summary>
internal sealed class FeaturePages(SiteDesk desk, TimeProvider clock, CampaignQueries campaigns)
{
    private const int MaxSites = 500;

    public void Map(IEndpointRouteBuilder members) => members.MapGet("/features", ShowAsync);

    private async Task<IResult> ShowAsync(HttpContext http, string? kind, string? value)
    {
        FeatureKind? known = kind is not null && FeatureKinds.ByName.TryGetValue(kind, out FeatureKind? found) ? found : null;
        SitePageOf<SiteSummary> sites = new([], null);
        if (known is not null && value?.Length is > 0 and <= SiteFeature.MaxValue && desk.IsHere)
        {
            try
            {
                sites = await desk.SitesAsync(new SiteFilter { Feature = $"{known.Name}={value}", Limit = MaxSites }, http.RequestAborted);
            }
            catch (DeskException)
            {
                // A value that no scan can show: white space alone.
            }
        }

        double? weight = SiteFeature.TryParse($"{kind}={value}", out SiteFeature feature) ? await campaigns.WeightAsync(feature, http.RequestAborted) : null;
        IReadOnlyDictionary<string, CampaignId> groups = sites.Items.Count == 0 ? SiteLinks.NoCampaigns : await campaigns.CampaignsOfAsync([.. sites.Items.Select(site => site.Site)], http.RequestAborted);
        return Page.Show<FeaturePage, FeatureModel>(http, new(kind ?? "", value ?? "", known, weight, sites.Items, groups, sites.Next is not null, desk.IsHere, clock.GetUtcNow()));
    }
}
