using System.Data.Common;
using System.Text.Json;
using Dapper;
using Whorl.Kernel.Sites;
using Whorl.Kernel.Writing;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;
using Whorl.Stores;

namespace Whorl.Sources.Sites.Records;

/// <summary>The tables of scans: each as a document; of the newest of a site what lists show, and its features by kind and value.</summary>
internal sealed class SqlScans(IDatabase database, ScanFeatureReader features)
{
    // As long as a line of a list is of use.
    private const int MaxTitle = 512;

    // A word that nothing matches would be looked for in every row: a second or so of a page's time is spent, and the page says how far that went.
    private const int MaxSearched = 100_000;

    // Sites of a feature are looked up and put in order; where that would be more, the order is walked and each site asked, and a page is full soon.
    private const int FewSites = 10_000;

    // SQLite finds each parameter by name, one after another.
    private const int ScansAStatement = 200;

    public async Task WriteAsync(DbTransaction transaction, ScanRecord scan, DateTimeOffset now, CancellationToken cancel)
    {
        DbConnection connection = transaction.Connection!;
        long time = ColumnTypes.Microseconds(scan.Time);
        SiteRow row = new(
            PlainText.Of(scan.Site)!, PlainText.Of(scan.Url)!, (long)scan.Class, PlainText.Of(scan.Reason), scan.Http is { Status: > 0 } http ? http.Status : null,
            scan.Page?.Title is { } title ? PlainText.Of(ShortText.Cut(title, MaxTitle)) : null, scan.Network?.Ip, ScanLines.Icon(scan), 1, time, time, scan.Changed is { Count: > 0 } ? time : null, scan.Id);
        int added = await connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO site_scans (id, site, url, time, class, reason, status, title, changed, document, untold)
            VALUES (@Id, @Site, @Url, @time, @Class, @Reason, @Status, @Title, @changed, @document, @untold)
            ON CONFLICT (id) DO NOTHING
            """,
            new { scan.Id, row.Site, row.Url, time, row.Class, row.Reason, row.Status, row.Title, changed = scan.Changed is { } words ? string.Join(',', words) : null, document = JsonSerializer.Serialize(scan, ScanJson.Options), untold = ColumnTypes.Microseconds(now) },
            transaction, cancellationToken: cancel));
        if (added == 0)
        {
            return;
        }

        string newest = await connection.QueryFirstAsync<string>(new CommandDefinition(
            """
            INSERT INTO site_sites (site, url, class, reason, status, title, ip, icon, scans, first, last, changed, scan, search)
            VALUES (@Site, @Url, @Class, @Reason, @Status, @Title, @Ip, @Icon, 1, @First, @Last, @Changed, @Scan, @Search)
            ON CONFLICT (site) DO UPDATE SET scans = site_sites.scans + 1, first = CASE WHEN excluded.first < site_sites.first THEN excluded.first ELSE site_sites.first END
            RETURNING scan
            """, row, transaction, cancellationToken: cancel));
        int order = string.CompareOrdinal(scan.Id, newest);
        if (order > 0)
        {
            await connection.ExecuteAsync(new CommandDefinition(
                """
                UPDATE site_sites SET url = @Url, class = @Class, reason = @Reason, status = @Status, title = @Title, ip = @Ip, icon = @Icon, last = @Last, changed = COALESCE(@Changed, changed), scan = @Scan, search = @Search
                WHERE site = @Site
                """, row, transaction, cancellationToken: cancel));
        }

        if (order >= 0)
        {
            await ShowAsync(transaction, row.Site, [.. features.Of(scan).Select(each => new SiteFeature(each.Kind, PlainText.Of(each.Value)!))], cancel);
        }
    }

    public async Task<ScanRecord?> ScanAsync(string id, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return await connection.QueryFirstOrDefaultAsync<string>(new CommandDefinition("SELECT document FROM site_scans WHERE id = @id", new { id }, cancellationToken: cancel)) is { } document ? Read(document) : null;
    }

    public async Task<IReadOnlyList<ScanRecord>> ScansAsync(string site, int limit, string? before, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return [.. (await connection.QueryAsync<string>(new CommandDefinition(
            $"SELECT document FROM site_scans WHERE site = @site {(before is null ? "" : "AND id < @before")} ORDER BY id DESC LIMIT @limit",
            new { site, before = before ?? "", limit = (long)limit }, cancellationToken: cancel))).Select(Read)];
    }

    public async Task<ScanRecord?> LastOfAsync(string url, string before, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return await connection.QueryFirstOrDefaultAsync<string>(new CommandDefinition(
            "SELECT document FROM site_scans WHERE url = @url AND id < @before ORDER BY id DESC LIMIT 1", new { url = PlainText.Of(url), before }, cancellationToken: cancel)) is { } document ? Read(document) : null;
    }

    public async Task<IReadOnlyList<ScanLine>> LinesAsync(string site, int limit, string? before, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return [.. (await connection.QueryAsync<LineRow>(new CommandDefinition(
            $"SELECT id AS Id, url AS Url, time AS Time, class AS Class, reason AS Reason, status AS Status, title AS Title, changed AS Changed FROM site_scans WHERE site = @site {(before is null ? "" : "AND id < @before")} ORDER BY id DESC LIMIT @limit",
            new { site, before = before ?? "", limit = (long)limit }, cancellationToken: cancel))).Select(row => row.Read())];
    }

    public async Task<SitesFound> FindAsync(SiteQuery query, CancellationToken cancel)
    {
        SiteFeature feature = default;
        if (query.Feature is not null && !SiteFeature.TryParse(query.Feature, out feature))
        {
            return new([], null);
        }

        await using DbConnection connection = await database.OpenAsync(cancel);
        DynamicParameters values = new(new
        {
            text = PlainText.Of(query.Text)?.ToLowerInvariant(), @class = (long?)query.Class, feature.Kind, Value = PlainText.Of(feature.Value), before = query.Before, limit = query.Limit + 1L, few = FewSites + 1L, last = MaxSearched - 1L,
        });
        bool few = query.Feature is not null && await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM (SELECT 1 FROM site_features WHERE kind = @Kind AND value = @Value LIMIT @few) AS shown", values, cancellationToken: cancel)) <= FewSites;
        string where = $"1 = 1 {(query.Class is null ? "" : "AND class = @class")} {(query.Before is null ? "" : "AND scan < @before")}";

        // The scan at which a look for a text ends; null where there are not so many.
        string? end = query.Text is null || few ? null : await connection.QueryFirstOrDefaultAsync<string>(new CommandDefinition(
            $"SELECT scan FROM site_sites WHERE {where} ORDER BY scan DESC LIMIT 1 OFFSET @last", values, cancellationToken: cancel));
        if (end is not null)
        {
            values.Add("end", end);
            where += " AND scan >= @end";
        }

        where += query.Text is null ? "" : SqlText.For(database.Dialect, " AND {sqlite:instr}{postgres:strpos}(search, @text) > 0");
        where += query.Feature is null ? ""
            : few ? " AND site IN (SELECT site FROM site_features WHERE kind = @Kind AND value = @Value)"
            : " AND EXISTS (SELECT 1 FROM site_features shown WHERE shown.kind = @Kind AND shown.value = @Value AND shown.site = site_sites.site)";
        SitesFound found = SitesFound.Of(
            [
                .. (await connection.QueryAsync<SiteRow>(new CommandDefinition(
                    $"""
                    SELECT site AS Site, url AS Url, class AS Class, reason AS Reason, status AS Status, title AS Title, ip AS Ip, icon AS Icon, scans AS Scans, first AS First, last AS Last, changed AS Changed, scan AS Scan
                    FROM site_sites WHERE {where} ORDER BY scan DESC LIMIT @limit
                    """, values, cancellationToken: cancel))).Select(row => row.Read()),
            ], query.Limit);
        return end is not null && found.More is null ? found with { More = end, Searched = MaxSearched } : found;
    }

    public static async Task<IReadOnlyList<ScanRecord>> UntoldAsync(DbConnection connection, DateTimeOffset before, int limit, CancellationToken cancel) =>
        [.. (await connection.QueryAsync<string>(new CommandDefinition(
            "SELECT document FROM site_scans WHERE untold <= @before ORDER BY untold, id LIMIT @limit", new { before = ColumnTypes.Microseconds(before), limit = (long)limit }, cancellationToken: cancel))).Select(Read)];

    public async Task ToldAsync(IReadOnlyCollection<string> told, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        foreach (string[] some in told.Order(StringComparer.Ordinal).Chunk(ScansAStatement))
        {
            await connection.ExecuteAsync(new CommandDefinition(
                SqlText.For(database.Dialect, "UPDATE site_scans SET untold = NULL WHERE id IN {sqlite:@some}{postgres:(SELECT id FROM site_scans WHERE id = ANY(@some) ORDER BY id FOR UPDATE)}"),
                new { some }, cancellationToken: cancel));
        }
    }

    /// <summary>Has the table of features say what a site shows now, and touches only what is not so already.</summary>
    private async Task ShowAsync(DbTransaction transaction, string site, IReadOnlyCollection<SiteFeature> now, CancellationToken cancel)
    {
        DbConnection connection = transaction.Connection!;
        HashSet<SiteFeature> wanted = [.. now];
        List<SiteFeature> gone = [];
        foreach (SiteFeature known in await connection.QueryAsync<SiteFeature>(new CommandDefinition("SELECT kind AS Kind, value AS Value FROM site_features WHERE site = @site", new { site }, transaction, cancellationToken: cancel)))
        {
            if (!wanted.Remove(known))
            {
                gone.Add(known);
            }
        }

        if (gone.Count > 0)
        {
            await connection.ExecuteAsync(new CommandDefinition(
                "DELETE FROM site_features WHERE kind = @Kind AND value = @Value AND site = @site", gone.Select(each => new { each.Kind, each.Value, site }), transaction, cancellationToken: cancel));
        }

        if (wanted.Count == 0)
        {
            return;
        }

        // A server is asked once for all; in the own process one after another costs the same.
        if (database.Dialect == Dialect.Postgres)
        {
            await connection.ExecuteAsync(new CommandDefinition(
                "INSERT INTO site_features (kind, value, site) SELECT each.kind, each.value, @site FROM unnest(@kinds, @values) AS each (kind, value) ON CONFLICT DO NOTHING",
                new { site, kinds = wanted.Select(each => each.Kind).ToArray(), values = wanted.Select(each => each.Value).ToArray() }, transaction, cancellationToken: cancel));
        }
        else
        {
            await connection.ExecuteAsync(new CommandDefinition(
                "INSERT INTO site_features (kind, value, site) VALUES (@Kind, @Value, @site) ON CONFLICT DO NOTHING", wanted.Select(each => new { each.Kind, each.Value, site }), transaction, cancellationToken: cancel));
        }
    }

    private static ScanRecord Read(string document) => JsonSerializer.Deserialize<ScanRecord>(document, ScanJson.Options)!;

    private sealed record LineRow(string Id, string Url, long Time, long Class, string? Reason, long? Status, string? Title, string? Changed)
    {
        public ScanLine Read() => new(Id, Url, ColumnTypes.Time(Time), (SiteClass)Class, Reason, (int?)Status, Title, Changed?.Split(',', StringSplitOptions.RemoveEmptyEntries));
    }

    private sealed record SiteRow(
        string Site, string Url, long Class, string? Reason, long? Status, string? Title, string? Ip, string? Icon, long Scans, long First, long Last, long? Changed, string Scan)
    {
        // Engines fold letters each in its own way; this is folded once.
        public string Search => $"{Site}\n{Title}".ToLowerInvariant();

        public SiteSummary Read() => new(
            Site, Url, (SiteClass)Class, Reason, (int?)Status, Title, Ip, Icon, (int)Scans, ColumnTypes.Time(First), ColumnTypes.Time(Last), Changed is { } changed ? ColumnTypes.Time(changed) : null, Scan);
    }
}
