using Whorl.Analysis.Campaigns.Linking;
using Whorl.Kernel.Sites;

namespace Whorl.Analysis.Campaigns.Queries;

/// <summary>Makes a drawing of a campaign: a thing that ten sites share is ten lines to one point, and not forty-five from site to site.</summary>
internal static class CampaignDrawing
{
    private const int MaxFeatures = CampaignQueries.MaxNodes / 3;

    public static CampaignGraph Of(CampaignDetail detail, IReadOnlyDictionary<string, HashSet<SiteFeature>> features)
    {
        SharedFeature[] shared = [.. detail.Shared.Where(each => each.Weight >= LinkWeights.Lead).Take(MaxFeatures)];
        CampaignMember[] members = [.. detail.Members.Take(CampaignQueries.MaxNodes - shared.Length)];
        HashSet<string> drawn = [.. members.Select(member => member.Site.Site)];
        List<GraphEdge> edges = [];
        HashSet<string> held = [];
        foreach (SharedFeature each in shared)
        {
            string[] showing = [.. members.Select(member => member.Site.Site).Where(site => features.TryGetValue(site, out HashSet<SiteFeature>? shows) && shows.Contains(each.Feature))];
            edges.AddRange(showing.Select(site => new GraphEdge(site, each.Feature.ToString(), each.Weight)));
            held.UnionWith(showing);
        }

        foreach (SiteLink link in detail.Links)
        {
            // Only likeness holds it, which has no point of its own.
            bool alike = link.Evidence.FirstOrDefault(each => each.Counts)?.Other is not null || !held.Contains(link.Site);
            if (alike && drawn.Contains(link.Site) && drawn.Contains(link.Other))
            {
                edges.Add(new(link.Site, link.Other, link.Score));
            }
        }

        HashSet<string> ends = [.. edges.Select(edge => edge.To)];
        return new(
            [.. members.Select(member => new GraphNode(member.Site.Site, member, null)), .. shared.Where(each => ends.Contains(each.Feature.ToString())).Select(each => new GraphNode(each.Feature.ToString(), null, each))],
            edges,
            detail.Campaign.Sites - members.Length);
    }
}
