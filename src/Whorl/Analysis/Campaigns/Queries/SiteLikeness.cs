using System.Data.Common;
using Dapper;
using Whorl.Analysis.Campaigns.Linking;
using Whorl.Kernel.Sites;

namespace Whorl.Analysis.Campaigns.Queries;

/// <summary>
/// Sites that share something with one, by what the tables say now: equal features are searched for, and links that the engine kept bring what is only alike.
/// Weights are those of the engine.
/// </summary>
internal sealed class SiteLikeness(DbConnection connection, IgnoredFeatures ignored)
{
    private readonly Dictionary<string, List<LinkEvidence>> _shared = new(StringComparer.Ordinal);

    /// <summary>What sharing a feature speaks.</summary>
    public static double Worth(SiteFeature feature, int shown, IgnoredFeatures ignored) =>
        ignored.Contains(feature) ? 0 : Math.Round(LinkWeights.Worth(FeatureKinds.ByName[feature.Kind], shown), 3);

    /// <summary>How many sites show a feature; no further than to where it says nothing.</summary>
    public static async Task<int> CountAsync(DbConnection connection, SiteFeature feature, CancellationToken cancel) => (int)await connection.ExecuteScalarAsync<long>(new CommandDefinition(
        $"SELECT COUNT(*) FROM (SELECT 1 AS one FROM campaign_feature WHERE kind = @Kind AND value = @Value LIMIT {LinkWeights.MaxShown * 2}) AS shown",
        new { feature.Kind, feature.Value }, cancellationToken: cancel));

    public async Task<IReadOnlyList<SiteNeighbour>> FindAsync(MemberRow site, int limit, CancellationToken cancel)
    {
        foreach (SiteFeature feature in CampaignStore.Features(site.Features).Where(feature => FeatureKinds.ByName[feature.Kind].Weight > 0 && !ignored.Contains(feature)))
        {
            int shown = await CountAsync(connection, feature, cancel);
            double worth = Worth(feature, shown, ignored);
            if (shown > 1 && worth > 0)
            {
                await CollectAsync(site, feature, shown, worth, cancel);
            }
        }

        Dictionary<string, SiteLink> links = _shared.ToDictionary(pair => pair.Key, pair => Link(site.Site, pair.Key, pair.Value), StringComparer.Ordinal);
        foreach (SiteLink kept in await KeptAsync(site.Site, cancel))
        {
            if (!links.TryGetValue(kept.Other, out SiteLink? live) || live.Score < kept.Score)
            {
                links[kept.Other] = kept;
            }
        }

        SiteLink[] best = [.. links.Values.OrderByDescending(link => link.Score).ThenBy(link => link.Other, StringComparer.Ordinal).Take(limit)];
        List<SiteNeighbour> neighbours = [];
        foreach (SiteLink link in best)
        {
            MemberRow? row = await connection.QuerySingleOrDefaultAsync<MemberRow>(new CommandDefinition(
                $"SELECT {MemberRow.Columns} FROM campaign_site s WHERE s.site = @Other", new { link.Other }, cancellationToken: cancel));
            if (row is not null)
            {
                neighbours.Add(new(row.ToSite(), link, link.Score >= LinkWeights.Firm));
            }
        }

        return neighbours;
    }

    private async Task CollectAsync(MemberRow site, SiteFeature feature, int shown, double worth, CancellationToken cancel)
    {
        foreach (string other in await connection.QueryAsync<string>(new CommandDefinition(
            "SELECT s.site FROM campaign_feature f JOIN campaign_site s ON s.number = f.site WHERE f.kind = @Kind AND f.value = @Value AND s.site <> @Site",
            new { feature.Kind, feature.Value, site.Site }, cancellationToken: cancel)))
        {
            (_shared.TryGetValue(other, out List<LinkEvidence>? evidence) ? evidence : _shared[other] = []).Add(new(feature, null, FeatureFamilies.Of(feature.Kind), shown, worth, false));
        }
    }

    private async Task<IEnumerable<SiteLink>> KeptAsync(string site, CancellationToken cancel) => (await connection.QueryAsync<LinkRow>(new CommandDefinition(
        """
        SELECT site AS Site, other AS Other, score AS Score, evidence AS Evidence FROM campaign_link WHERE site = @site
        UNION SELECT other, site, score, evidence FROM campaign_link WHERE other = @site
        """, new { site }, cancellationToken: cancel))).Select(row => row.ToLink());

    private static SiteLink Link(string site, string other, List<LinkEvidence> evidence)
    {
        Span<float> families = stackalloc float[FeatureFamilies.Names.Count];
        HashSet<string> counted = new(StringComparer.Ordinal);
        List<LinkEvidence> sorted = [];
        foreach (LinkEvidence each in evidence.OrderByDescending(each => each.Weight).ThenBy(each => each.Feature.ToString(), StringComparer.Ordinal))
        {
            ref float best = ref families[FeatureFamilies.NumberOf(each.Feature.Kind)];
            best = Math.Max(best, (float)each.Weight);
            sorted.Add(each with { Counts = counted.Add(each.Family) });
        }

        return new(site, other, Math.Round(LinkWeights.Together(families), 3), sorted);
    }
}
