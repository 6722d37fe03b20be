using System.Data.Common;
using Dapper;
using Whorl.Sources.Sites.Jobs;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites;

public sealed class SqliteSiteRecordsTests : SqlSiteRecordsContract
{
    private readonly TempFolder _folder = new();
    private SqliteDatabase? _database;

    [Fact]
    public async Task A_feature_that_thousands_show_is_listed_the_newest_first_page_by_page()
    {
        await FillAsync(10_020);
        await RunAsync("INSERT INTO site_features (kind, value, site) SELECT 'asn', 'AS64500', site FROM site_sites");

        SitesFound first = await Results.FindAsync(new(Feature: "asn=AS64500", Limit: 10), default), second = await Results.FindAsync(new(Feature: "asn=AS64500", Before: first.More, Limit: 10), default);

        first.Sites.Concat(second.Sites).Select(site => site.Scan).ShouldBe(Enumerable.Range(0, 20).Select(n => $"{10_020 - n:000000}"));
        (await Results.FindAsync(new(Feature: "asn=AS64501"), default)).Sites.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_text_that_nothing_has_is_looked_for_in_so_many_sites_and_then_further_on()
    {
        await FillAsync(100_030);

        SitesFound first = await Results.FindAsync(new(Text: "site-7.", Limit: 10), default), second = await Results.FindAsync(new(Text: "site-7.", Before: first.More, Limit: 10), default);

        (first.Sites.Count, first.More, first.Searched).ShouldBe((0, "000031", 100_000));
        (second.Sites.ShouldHaveSingleItem().Site, second.More, second.Searched).ShouldBe(("site-7.example", null, null));
        (await Results.FindAsync(new(Text: "site-", Limit: 10), default)).Searched.ShouldBeNull();
    }

    internal override IDatabase Open(params MigrationSet[] sets) => _database = new(_folder.File("whorl.db"), sets, TimeProvider.System);

    protected override async ValueTask CloseAsync()
    {
        await base.CloseAsync();
        _database?.Dispose();
        _folder.Dispose();
    }

    // Sites by their number, the last the newest.
    private Task FillAsync(int count) => RunAsync(
        $"""
        WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {count})
        INSERT INTO site_sites (site, url, class, scans, first, last, scan, search)
        SELECT 'site-' || n || '.example', 'https://site-' || n || '.example/', 0, 1, n, n, printf('%06d', n), 'site-' || n || '.example' || char(10) FROM counted
        """);

    private async Task RunAsync(string sql)
    {
        await using DbConnection connection = await _database!.OpenAsync(default);
        await connection.ExecuteAsync(sql);
    }
}
