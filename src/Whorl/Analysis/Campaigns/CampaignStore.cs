using System.Data.Common;
using System.Text.Json;
using Dapper;
using Whorl.Analysis.Campaigns.Linking;
using Whorl.Kernel;
using Whorl.Kernel.Sites;
using Whorl.Stores;

namespace Whorl.Analysis.Campaigns;

/// <summary>Another node has written since everything was read.</summary>
internal sealed class OvertakenException() : Exception("Another node has written campaigns.");

/// <summary>A site as it is kept, and where it stands.</summary>
internal sealed record KeptSite(string Site, string LastScan, IReadOnlyList<SiteFeature> Features, CampaignId? Campaign, bool Firm, int Strength, string? Through);

/// <summary>All that the engine starts from.</summary>
internal sealed record KeptCampaigns(long Turn, IReadOnlyList<KeptSite> Sites, IReadOnlyDictionary<CampaignId, (int Sites, int Score)> Campaigns);

/// <summary>A step that was committed and is to be told.</summary>
internal sealed record CampaignNews(ObservationId Id, CampaignId Campaign, string Label, CampaignStep Step, CampaignId? Other, int Sites, IReadOnlyList<string> Joined, DateTimeOffset Time, string Evidence);

/// <summary>The scan that counts last of a site, with the features of the whole site, and the pages that these are of.</summary>
internal sealed record SiteState(SiteSighting Sighting, IReadOnlyList<VisitedPage> Pages);

/// <summary>What one round writes.</summary>
/// <param name="Mark">Of this write alone: tells whether it was committed where the answer was lost.</param>
/// <param name="Counting">Sites that show something else from now on.</param>
/// <param name="Seen">Scans that tell of a later visit, and nothing else.</param>
internal sealed record CampaignWrite(string Mark, IReadOnlyList<SiteState> Counting, IReadOnlyList<SiteSighting> Seen, GroupChanges Changes, IReadOnlyList<CampaignNews> News);

/// <summary>Where campaigns are kept. Scores stand in thousandths.</summary>
internal sealed class CampaignStore(IDatabase database)
{
    private const int Rows = 200; // Of a statement with a list of values.

    private const string NewsColumns =
        "e.id AS Id, e.campaign AS Campaign, c.label AS Label, e.step AS Step, e.other AS Other, e.sites AS Sites, e.joined AS Joined, e.time AS Time, e.evidence AS Evidence";

    /// <summary>Everything, for an engine that starts.</summary>
    public async Task<KeptCampaigns> LoadAsync(CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);

        // The turn first: what is written after it makes the first write fail, and everything is read again.
        long turn = await connection.ExecuteScalarAsync<long>(new CommandDefinition("SELECT turn FROM campaign_turn WHERE id = 1", cancellationToken: cancel));
        List<KeptSite> sites = [];
        await foreach (SiteRow row in connection.QueryUnbufferedAsync<SiteRow>(
            "SELECT site AS Site, last_scan AS LastScan, features AS Features, campaign AS Campaign, firm AS Firm, strength AS Strength, through AS Through FROM campaign_site").WithCancellation(cancel))
        {
            sites.Add(new(row.Site, row.LastScan, Features(row.Features), Id(row.Campaign), row.Firm, (int)row.Strength, row.Through));
        }

        IEnumerable<(byte[] Id, long Sites, long Score)> campaigns = await connection.QueryAsync<(byte[], long, long)>(new CommandDefinition(
            "SELECT id, sites, score FROM campaign WHERE sites > 0", cancellationToken: cancel));
        return new(turn, sites, campaigns.ToDictionary(row => Id(row.Id)!.Value, row => ((int)row.Sites, (int)row.Score)));
    }

    /// <summary>The pages of some sites; of one that is not known, none.</summary>
    public async Task<Dictionary<string, VisitedPages>> PagesAsync(IReadOnlyCollection<string> sites, CancellationToken cancel)
    {
        Dictionary<string, VisitedPages> pages = new(StringComparer.Ordinal);
        await using DbConnection connection = await database.OpenAsync(cancel);
        foreach (string site in sites)
        {
            IEnumerable<(string Url, long Rank, string Scan, string Features)> rows = await connection.QueryAsync<(string, long, string, string)>(new CommandDefinition(
                "SELECT url, rank, scan, features FROM campaign_page WHERE site = @site", new { site }, cancellationToken: cancel));
            pages.Add(site, new(rows.Select(row => new VisitedPage(row.Url, (int)row.Rank, row.Scan, Features(row.Features)))));
        }

        return pages;
    }

    /// <summary>Writes a round in one transaction, and returns the turn after it. The same write may be tried again after a fault: it counts once.</summary>
    /// <exception cref="OvertakenException">Another node has written since <paramref name="turn"/>; nothing was written.</exception>
    public async Task<long> WriteAsync(long turn, CampaignWrite write, DateTimeOffset now, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancel);
        if (await connection.ExecuteAsync(new CommandDefinition("UPDATE campaign_turn SET turn = turn + 1, mark = @Mark WHERE id = 1 AND turn = @turn", new { turn, write.Mark }, transaction, cancellationToken: cancel)) == 0)
        {
            string? mark = await connection.ExecuteScalarAsync<string?>(new CommandDefinition("SELECT mark FROM campaign_turn WHERE id = 1 AND turn = @turn + 1", new { turn }, transaction, cancellationToken: cancel));
            return mark == write.Mark ? turn + 1 : throw new OvertakenException();
        }

        foreach (SiteState site in write.Counting)
        {
            await WriteSiteAsync(transaction, site.Sighting, cancel);
            await WritePagesAsync(transaction, site, cancel);
        }

        await ExecuteAsync(
            transaction,
            "UPDATE campaign_site SET class = @Class, last_scan = @Scan, last = @Time WHERE site = @Site AND last_scan < @Scan",
            write.Seen.Select(seen => new { seen.Site, seen.Class, seen.Scan, Time = ColumnTypes.Microseconds(seen.Time) }), cancel);
        await ExecuteAsync(
            transaction,
            """
            UPDATE campaign_site SET campaign = @Campaign, firm = @Firm, strength = @Strength, through = @Through,
                joined = CASE WHEN @Campaign IS NULL THEN NULL ELSE COALESCE(joined, @Now) END
            WHERE site = @Site
            """,
            write.Changes.Moves.Select(move => new { move.Site, Campaign = Bytes(move.Now.Campaign), Firm = move.Now.Firm ? 1L : 0L, Strength = Thousandths(move.Now.Strength), move.Through, Now = ColumnTypes.Microseconds(now) }),
            cancel);
        await ExecuteAsync(
            transaction,
            """
            INSERT INTO campaign (id, label, sites, score, first, changed, merged_into) VALUES (@Id, '', @Sites, @Score, @Now, @Now, @Into)
            ON CONFLICT (id) DO UPDATE SET sites = @Sites, score = @Score, merged_into = @Into
            """,
            write.Changes.States.Select(state => new { Id = Bytes(state.Id), state.Sites, Score = Thousandths(state.Score), Into = Bytes(state.MergedInto), Now = ColumnTypes.Microseconds(now) }), cancel);
        await ExecuteAsync(
            transaction,
            """
            UPDATE campaign SET label = COALESCE((SELECT COALESCE(title, site) FROM campaign_site WHERE campaign = @Id ORDER BY first, site LIMIT 1), label)
            WHERE id = @Id
            """,
            write.Changes.States.Where(state => state.Sites > 0).Select(state => new { Id = Bytes(state.Id) }), cancel);
        await ExecuteAsync(
            transaction, "UPDATE campaign SET changed = @Now WHERE id = @Id", write.Changes.Steps.Select(step => new { Id = Bytes(step.Id), Now = ColumnTypes.Microseconds(now) }), cancel);
        await ExecuteAsync(
            transaction,
            """
            INSERT INTO campaign_event (id, campaign, time, step, other, sites, joined, evidence, published)
            VALUES (@Id, @Campaign, @Time, @Step, @Other, @Sites, @Joined, @Evidence, @Published)
            """,
            write.News.Select(news => new
            {
                Id = ColumnTypes.Bytes(news.Id.Value),
                Campaign = Bytes(news.Campaign),
                Time = ColumnTypes.Microseconds(news.Time),
                Step = (long)news.Step,
                Other = Bytes(news.Other),
                news.Sites,
                Joined = string.Join(' ', news.Joined),
                news.Evidence,
                Published = IsTold(news.Step) ? 0L : 1L,
            }), cancel);
        await new CampaignLinkRows(transaction, database.Dialect).WriteAsync(write.Changes.Looked, write.Changes.Links, cancel);
        await transaction.CommitAsync(cancel);
        return turn + 1;
    }

    /// <summary>Steps that were committed before <paramref name="before"/>, and whose publishing nobody has seen through; the oldest first.</summary>
    public async Task<IReadOnlyList<CampaignNews>> UnpublishedAsync(DateTimeOffset before, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return [.. (await connection.QueryAsync<NewsRow>(new CommandDefinition(
            $"SELECT {NewsColumns} FROM campaign_event e JOIN campaign c ON c.id = e.campaign WHERE e.published = 0 AND e.time < @before ORDER BY e.id LIMIT 1000",
            new { before }, cancellationToken: cancel))).Select(row => row.ToNews())];
    }

    /// <summary>What a step is told with: the label that the campaign has by now.</summary>
    public async Task<string> LabelAsync(CampaignId id, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return await connection.ExecuteScalarAsync<string>(new CommandDefinition("SELECT label FROM campaign WHERE id = @id", new { id = Bytes(id) }, cancellationToken: cancel)) ?? "";
    }

    public async Task MarkPublishedAsync(ObservationId id, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition("UPDATE campaign_event SET published = 1 WHERE id = @id", new { id }, cancellationToken: cancel));
    }

    /// <summary>Whether a step is published; sites that left, and campaigns that ended, are history alone.</summary>
    public static bool IsTold(CampaignStep step) => step is CampaignStep.New or CampaignStep.Split or CampaignStep.Grown or CampaignStep.Merged;

    public static byte[]? Bytes(CampaignId? id) => id is { } value ? ColumnTypes.Bytes(value.Value) : null;

    public static CampaignId? Id(byte[]? bytes) => bytes is null ? null : new(ColumnTypes.Id(bytes));

    public static long Thousandths(double score) => (long)Math.Round(score * 1000);

    public static IReadOnlyList<SiteFeature> Features(string text) =>
        [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => SiteFeature.TryParse(line, out SiteFeature feature) ? feature : default).Where(feature => feature.Kind is not null)];

    private static async Task WriteSiteAsync(DbTransaction transaction, SiteSighting sighting, CancellationToken cancel)
    {
        DbConnection connection = transaction.Connection!;
        DynamicParameters site = new(new
        {
            sighting.Site,
            sighting.Url,
            sighting.Title,
            sighting.Class,
            sighting.Scan,
            Time = ColumnTypes.Microseconds(sighting.Time),
            Features = string.Join('\n', sighting.Features),
        });
        CommandDefinition Command(string sql) => new(sql, site, transaction, cancellationToken: cancel);
        string? before = await connection.ExecuteScalarAsync<string?>(Command("SELECT features FROM campaign_site WHERE site = @Site"));
        long number = await connection.ExecuteScalarAsync<long>(Command(
            """
            INSERT INTO campaign_site (site, url, title, class, scan, last_scan, first, last, features, campaign, firm, strength, through, joined)
            VALUES (@Site, @Url, @Title, @Class, @Scan, @Scan, @Time, @Time, @Features, NULL, 0, 0, NULL, NULL)
            ON CONFLICT (site) DO UPDATE SET url = @Url, title = @Title, scan = @Scan, features = @Features,
                class = CASE WHEN campaign_site.last_scan < @Scan THEN @Class ELSE campaign_site.class END,
                first = CASE WHEN @Time < campaign_site.first THEN @Time ELSE campaign_site.first END,
                last = CASE WHEN campaign_site.last_scan < @Scan THEN @Time ELSE campaign_site.last END,
                last_scan = CASE WHEN campaign_site.last_scan < @Scan THEN @Scan ELSE campaign_site.last_scan END
            RETURNING number
            """));
        HashSet<SiteFeature> old = [.. Features(before ?? "")], now = [.. sighting.Features];
        await ExecuteAsync(
            transaction, "DELETE FROM campaign_feature WHERE kind = @Kind AND value = @Value AND site = @number", old.Except(now).Select(feature => new { feature.Kind, feature.Value, number }), cancel);
        await ExecuteAsync(
            transaction, "INSERT INTO campaign_feature (kind, value, site) VALUES (@Kind, @Value, @number) ON CONFLICT DO NOTHING", now.Except(old).Select(feature => new { feature.Kind, feature.Value, number }), cancel);
    }

    private static async Task WritePagesAsync(DbTransaction transaction, SiteState site, CancellationToken cancel)
    {
        Dictionary<string, string> known = (await transaction.Connection!.QueryAsync<(string Url, string Scan)>(new CommandDefinition(
            "SELECT url, scan FROM campaign_page WHERE site = @Site", new { site.Sighting.Site }, transaction, cancellationToken: cancel))).ToDictionary(row => row.Url, row => row.Scan, StringComparer.Ordinal);
        await ExecuteAsync(
            transaction,
            """
            INSERT INTO campaign_page (site, url, rank, scan, features) VALUES (@Site, @Url, @Rank, @Scan, @Features)
            ON CONFLICT (site, url) DO UPDATE SET rank = @Rank, scan = @Scan, features = @Features
            """,
            site.Pages.Where(page => known.GetValueOrDefault(page.Url) != page.Scan)
                .Select(page => new { site.Sighting.Site, page.Url, page.Rank, page.Scan, Features = string.Join('\n', page.Features) }), cancel);
        await ExecuteAsync(
            transaction, "DELETE FROM campaign_page WHERE site = @Site AND url = @Url", known.Keys.Except(site.Pages.Select(page => page.Url)).Select(url => new { site.Sighting.Site, Url = url }), cancel);
    }

    private static async Task ExecuteAsync<T>(DbTransaction transaction, string sql, IEnumerable<T> rows, CancellationToken cancel)
    {
        foreach (T[] some in rows.Chunk(Rows))
        {
            await transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, some, transaction, cancellationToken: cancel));
        }
    }

    private sealed class SiteRow
    {
        public string Site { get; init; } = "";

        public string LastScan { get; init; } = "";

        public string Features { get; init; } = "";

        public byte[]? Campaign { get; init; }

        public bool Firm { get; init; }

        public long Strength { get; init; }

        public string? Through { get; init; }
    }

    private sealed class NewsRow
    {
        public ObservationId Id { get; init; }

        public byte[] Campaign { get; init; } = [];

        public string Label { get; init; } = "";

        public long Step { get; init; }

        public byte[]? Other { get; init; }

        public long Sites { get; init; }

        public string Joined { get; init; } = "";

        public DateTimeOffset Time { get; init; }

        public string Evidence { get; init; } = "";

        public CampaignNews ToNews() => new(
            Id, CampaignStore.Id(Campaign)!.Value, Label, (CampaignStep)Step, CampaignStore.Id(Other), (int)Sites, Joined.Split(' ', StringSplitOptions.RemoveEmptyEntries), Time, Evidence);
    }
}

/// <summary>The evidence of a link as it is kept.</summary>
internal static class EvidenceJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    public static string Write(IReadOnlyList<LinkEvidence> evidence) => JsonSerializer.Serialize(evidence, Options);

    public static IReadOnlyList<LinkEvidence> Read(string text) => JsonSerializer.Deserialize<LinkEvidence[]>(text, Options) ?? [];
}
