using System.Data.Common;
using System.Globalization;
using Dapper;
using Whorl.Kernel.Sites;
using Whorl.Stores;

namespace Whorl.Analysis.Campaigns.Queries;

/// <summary>What people ask of campaigns. Every answer is bounded; texts in it are of strangers.</summary>
internal sealed class CampaignQueries(IDatabase database, IgnoredFeatures ignored)
{
    /// <summary>Members of an answer; a campaign may have more, see <see cref="Campaign.Sites"/>.</summary>
    public const int MaxMembers = 1000;

    /// <summary>Members of an export, which is to be whole: more than any campaign is known to have.</summary>
    public const int MaxExported = 50_000;

    /// <summary>Points of a drawing; with more of them nobody sees anything.</summary>
    public const int MaxNodes = 300;

    /// <summary>Shared features of an answer.</summary>
    public const int MaxShared = 100;

    private const int MaxHistory = 200;

    private const string Columns =
        "c.id AS Id, c.label AS Label, c.sites AS Sites, c.score AS Score, c.first AS First, c.changed AS Changed, c.merged_into AS MergedInto";

    /// <summary>Campaigns that stand for themselves.</summary>
    public async Task<IReadOnlyList<Campaign>> CampaignsAsync(CampaignQuery query, CancellationToken cancel)
    {
        string order = query.Order switch
        {
            CampaignOrder.Sites => "c.sites DESC, c.id",
            CampaignOrder.Score => "c.score DESC, c.sites DESC, c.id",
            _ => "c.changed DESC, c.id DESC",
        };
        int limit = Math.Clamp(query.Limit, 1, CampaignQuery.MaxLimit);
        await using DbConnection connection = await database.OpenAsync(cancel);
        return
        [
            .. (await connection.QueryAsync<CampaignRow>(new CommandDefinition(
                $"SELECT {Columns} FROM campaign c WHERE {Where(query)} ORDER BY {order} LIMIT {limit} OFFSET {Math.Max(0, query.Offset)}",
                new { query.MinSites, Pattern = Pattern(query.Text) }, cancellationToken: cancel))).Select(row => row.ToCampaign()),
        ];
    }

    /// <summary>How many there are for a query, its limit and offset aside.</summary>
    public async Task<int> CountAsync(CampaignQuery query, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return (int)await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            $"SELECT COUNT(*) FROM campaign c WHERE {Where(query)}", new { query.MinSites, Pattern = Pattern(query.Text) }, cancellationToken: cancel));
    }

    /// <summary>A campaign; of one that was merged its id, label and <see cref="Campaign.MergedInto"/> alone. Null where there is none.</summary>
    public Task<CampaignDetail?> CampaignAsync(CampaignId id, CancellationToken cancel) => ReadAsync(id, MaxMembers, cancel);

    /// <summary>The same with up to <see cref="MaxExported"/> members.</summary>
    public Task<CampaignDetail?> WholeAsync(CampaignId id, CancellationToken cancel) => ReadAsync(id, MaxExported, cancel);

    /// <summary>A campaign as a drawing of at most <see cref="MaxNodes"/> points. Null where there is none.</summary>
    public async Task<CampaignGraph?> GraphAsync(CampaignId id, CancellationToken cancel)
    {
        if (await CampaignAsync(id, cancel) is not { } detail)
        {
            return null;
        }

        await using DbConnection connection = await database.OpenAsync(cancel);
        Dictionary<string, HashSet<SiteFeature>> features = [];
        foreach (MemberRow row in await connection.QueryAsync<MemberRow>(new CommandDefinition(
            $"SELECT {MemberRow.Columns} FROM campaign_site s WHERE s.campaign = @key ORDER BY s.firm DESC, s.strength DESC, s.site LIMIT {MaxNodes}", new { key = CampaignStore.Bytes(id) }, cancellationToken: cancel)))
        {
            features.Add(row.Site, [.. CampaignStore.Features(row.Features)]);
        }

        return CampaignDrawing.Of(detail, features);
    }

    /// <summary>What sharing a feature speaks; counts no further than to where it says nothing.</summary>
    public async Task<double> WeightAsync(SiteFeature feature, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return Worth(feature, await SiteLikeness.CountAsync(connection, feature, cancel));
    }

    /// <summary>Who shows a feature, the newest first.</summary>
    public async Task<FeatureSites> SitesAsync(SiteFeature feature, int limit, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        long shown = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM campaign_feature WHERE kind = @Kind AND value = @Value", new { feature.Kind, feature.Value }, cancellationToken: cancel));
        IEnumerable<MemberRow> rows = await connection.QueryAsync<MemberRow>(new CommandDefinition(
            $"""
             SELECT {MemberRow.Columns} FROM campaign_feature f JOIN campaign_site s ON s.number = f.site
             WHERE f.kind = @Kind AND f.value = @Value ORDER BY s.last DESC, s.site LIMIT {Math.Clamp(limit, 1, MaxMembers)}
             """, new { feature.Kind, feature.Value }, cancellationToken: cancel));
        return new(feature, (int)shown, Worth(feature, (int)shown), ignored.Contains(feature), [.. rows.Select(row => row.ToSite())]);
    }

    /// <summary>What campaigns know of a site; null where no scan of it came. Features that others show too come first.</summary>
    public async Task<SiteProfile?> SiteAsync(string site, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return await RowAsync(connection, site, cancel) is { } row ? new(row.ToSite(), await SharedAsync(connection, [row], 1, cancel)) : null;
    }

    /// <summary>More like this: sites that share something with one, the most alike first, also those that are too little alike for a campaign.</summary>
    public async Task<IReadOnlyList<SiteNeighbour>> NeighboursAsync(string site, int limit, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return await RowAsync(connection, site, cancel) is { } row ? await new SiteLikeness(connection, ignored).FindAsync(row, Math.Clamp(limit, 1, MaxMembers), cancel) : [];
    }

    /// <summary>The campaigns of some sites; sites of none are left out.</summary>
    public async Task<IReadOnlyDictionary<string, CampaignId>> CampaignsOfAsync(IReadOnlyCollection<string> sites, CancellationToken cancel)
    {
        Dictionary<string, CampaignId> found = new(StringComparer.Ordinal);
        await using DbConnection connection = await database.OpenAsync(cancel);
        foreach (string[] some in sites.Chunk(200))
        {
            foreach ((string name, byte[] campaign) in await connection.QueryAsync<(string, byte[])>(new CommandDefinition(
                SqlText.For(database.Dialect, "SELECT site, campaign FROM campaign_site WHERE campaign IS NOT NULL AND site {sqlite:IN @some}{postgres:= ANY(@some)}"), new { some }, cancellationToken: cancel)))
            {
                found[name] = CampaignStore.Id(campaign)!.Value;
            }
        }

        return found;
    }

    private async Task<CampaignDetail?> ReadAsync(CampaignId id, int members, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        byte[] key = CampaignStore.Bytes(id)!;
        CampaignRow? campaign = await connection.QuerySingleOrDefaultAsync<CampaignRow>(new CommandDefinition($"SELECT {Columns} FROM campaign c WHERE c.id = @key", new { key }, cancellationToken: cancel));
        if (campaign is null)
        {
            return null;
        }

        MemberRow[] rows = [.. await connection.QueryAsync<MemberRow>(new CommandDefinition(
            $"SELECT {MemberRow.Columns} FROM campaign_site s WHERE s.campaign = @key ORDER BY s.firm DESC, s.strength DESC, s.site LIMIT {members}", new { key }, cancellationToken: cancel))];
        IEnumerable<EventRow> history = await connection.QueryAsync<EventRow>(new CommandDefinition(
            $"SELECT time AS Time, step AS Step, other AS Other, sites AS Sites FROM campaign_event WHERE campaign = @key ORDER BY time DESC, id DESC LIMIT {MaxHistory}", new { key }, cancellationToken: cancel));
        return new(
            campaign.ToCampaign(),
            [.. rows.Select(row => row.ToMember())],
            await LinksAsync(connection, key, rows, cancel),
            await SharedAsync(connection, rows, 2, cancel),
            [.. history.Select(row => row.ToEvent())]);
    }

    private static string Where(CampaignQuery query) => "c.sites > 0 AND c.sites >= @MinSites" + (string.IsNullOrWhiteSpace(query.Text)
        ? ""
        : " AND (LOWER(c.label) LIKE @Pattern ESCAPE '!' OR EXISTS (SELECT 1 FROM campaign_site s WHERE s.campaign = c.id AND s.site LIKE @Pattern ESCAPE '!'))");

    private static string Pattern(string? text) => string.Create(
        CultureInfo.InvariantCulture, $"%{(text ?? "").Trim().ToLowerInvariant().Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal)}%");

    private static Task<MemberRow?> RowAsync(DbConnection connection, string site, CancellationToken cancel) => connection.QuerySingleOrDefaultAsync<MemberRow>(
        new CommandDefinition($"SELECT {MemberRow.Columns} FROM campaign_site s WHERE s.site = @site", new { site }, cancellationToken: cancel));

    private static async Task<IReadOnlyList<SiteLink>> LinksAsync(DbConnection connection, byte[] key, MemberRow[] members, CancellationToken cancel)
    {
        // Each pair is kept at one end or at both.
        IEnumerable<LinkRow> rows = await connection.QueryAsync<LinkRow>(new CommandDefinition(
            """
            SELECT l.site AS Site, l.other AS Other, l.score AS Score, l.evidence AS Evidence
            FROM campaign_site s JOIN campaign_link l ON l.site = s.site AND l.other = s.through WHERE s.campaign = @key
            UNION SELECT l.other, l.site, l.score, l.evidence
            FROM campaign_site s JOIN campaign_link l ON l.other = s.site AND l.site = s.through WHERE s.campaign = @key
            """, new { key }, cancellationToken: cancel));
        Dictionary<(string, string), SiteLink> links = [];
        foreach (LinkRow row in rows)
        {
            links.TryAdd((row.Site, row.Other), row.ToLink());
        }

        return
        [
            .. members.Where(row => row.Through is not null)
                .Select(row => links.GetValueOrDefault((row.Site, row.Through!)) ?? new(row.Site, row.Through!, row.Strength / 1000.0, []))
                .DistinctBy(link => string.CompareOrdinal(link.Site, link.Other) < 0 ? (link.Site, link.Other) : (link.Other, link.Site))
                .OrderByDescending(link => link.Score).ThenBy(link => link.Site, StringComparer.Ordinal),
        ];
    }

    private async Task<IReadOnlyList<SharedFeature>> SharedAsync(DbConnection connection, IReadOnlyList<MemberRow> rows, int least, CancellationToken cancel)
    {
        Dictionary<SiteFeature, int> counts = [];
        foreach (SiteFeature feature in rows.SelectMany(row => CampaignStore.Features(row.Features)))
        {
            counts[feature] = counts.GetValueOrDefault(feature) + 1;
        }

        List<SharedFeature> shared = [];
        foreach ((SiteFeature feature, int members) in counts.Where(pair => pair.Value >= least).OrderByDescending(pair => pair.Value)
            .ThenByDescending(pair => FeatureKinds.ByName[pair.Key.Kind].Weight).ThenBy(pair => pair.Key.ToString(), StringComparer.Ordinal).Take(MaxShared))
        {
            int shown = await SiteLikeness.CountAsync(connection, feature, cancel);
            shared.Add(new(feature, members, shown, Worth(feature, shown)));
        }

        return [.. shared.OrderByDescending(each => each.Weight > 0 && each.Shown > 1).ThenByDescending(each => each.Members).ThenByDescending(each => each.Weight)];
    }

    private double Worth(SiteFeature feature, int shown) => SiteLikeness.Worth(feature, shown, ignored);
}
