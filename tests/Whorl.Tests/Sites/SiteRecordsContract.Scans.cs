using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Tests.Sites;

/// <summary>Of the records: what is kept of scans, and how it is found.</summary>
public abstract partial class SiteRecordsContract
{
    [Fact]
    public async Task Every_scan_of_a_site_is_kept_once_and_listed_the_newest_first()
    {
        for (int n = 1; n <= 4; n++)
        {
            await Results.WriteAsync(Scan(Id(n), "http://a.example/", $"title {n}") with { Changed = n == 2 ? ["title"] : n > 2 ? [] : null }, default);
        }

        await Results.WriteAsync(Scan(Id(4), "http://a.example/", "not this"), default);
        await Results.WriteAsync(Scan(Id(9), "http://b.example/"), default);

        (await Results.ScansAsync("a.example", 2, null, default)).Select(scan => scan.Page!.Title).ShouldBe(["title 4", "title 3"]);
        (await Results.ScansAsync("a.example", 9, Id(3), default)).Select(scan => scan.Page!.Title).ShouldBe(["title 2", "title 1"]);
        SiteSummary site = (await Results.SitesAsync(new("A.EXAM"), default)).ShouldHaveSingleItem();
        (site.Site, site.Scans, site.Title, site.Scan, site.First, site.Last, site.Changed).ShouldBe(("a.example", 4, "title 4", Id(4), TimeOf(1), TimeOf(4), TimeOf(2)));
    }

    [Fact]
    public async Task The_last_scan_of_an_address_is_found_however_many_others_its_host_has()
    {
        await Results.WriteAsync(Scan(Id(1), "http://a.example/login", "first"), default);
        await Results.WriteAsync(Scan(Id(2), "http://a.example/login", "second"), default);
        for (int n = 3; n < 40; n++)
        {
            await Results.WriteAsync(Scan(Id(n), $"http://a.example/{n}", "other"), default);
        }

        (await Results.LastOfAsync("http://a.example/login", Id(40), default))!.Page!.Title.ShouldBe("second");
        (await Results.LastOfAsync("http://a.example/login", Id(2), default))!.Id.ShouldBe(Id(1));
        (await Results.LastOfAsync("http://a.example/login", Id(1), default)).ShouldBeNull();
        (await Results.LastOfAsync("http://a.example/", Id(40), default)).ShouldBeNull();
        (await Results.LinesAsync("a.example", 2, null, default)).Select(line => line.Url).ShouldBe(["http://a.example/39", "http://a.example/38"]);
    }

    [Fact]
    public async Task Scans_of_a_site_are_told_in_lines()
    {
        await Results.WriteAsync(Scan(Id(1), "http://a.example/", "title 1"), default);
        await Results.WriteAsync(Scan(Id(2), "http://a.example/", "title 2") with { Changed = ["text", "title"] }, default);
        await Results.WriteAsync(new() { Id = Id(3), Url = "http://a.example/", Site = "a.example", Time = TimeOf(3), ElapsedMs = 1, Class = SiteClass.Unreachable, Reason = ScanReasons.Dns, Changed = [] }, default);
        await Results.WriteAsync(Scan(Id(9), "http://b.example/"), default);

        IReadOnlyList<ScanLine> lines = await Results.LinesAsync("a.example", 9, null, default);
        lines.Select(line => (line.Id, line.Time, line.Class, line.Reason, line.Status, line.Title)).ShouldBe(
            [(Id(3), TimeOf(3), SiteClass.Unreachable, "dns", null, null), (Id(2), TimeOf(2), SiteClass.HttpContent, null, 200, "title 2"), (Id(1), TimeOf(1), SiteClass.HttpContent, null, 200, "title 1")]);
        lines[0].Changed.ShouldBe([]);
        lines[1].Changed.ShouldBe(["text", "title"]);
        lines[2].Changed.ShouldBeNull();
        (await Results.LinesAsync("a.example", 1, Id(3), default)).ShouldHaveSingleItem().Id.ShouldBe(Id(2));
    }

    [Fact]
    public async Task A_scan_comes_back_as_it_was_given()
    {
        ScanRecord scan = Scan(Id(1), "http://xn--bcher-kva.example/?q=%F0%9F%98%80", "'; DROP TABLE \u202Ejobs -- \"\u0001 \uD83D\uDE00 %_\\") with { Faults = ["icon: timed_out"] };
        await Results.WriteAsync(scan, default);
        System.Text.Json.JsonSerializer.Serialize(await Results.ScanAsync(Id(1), default), ScanJson.Options).ShouldBe(System.Text.Json.JsonSerializer.Serialize(scan, ScanJson.Options));
        (await Results.SitesAsync(new(Text: "%_\\"), default)).ShouldHaveSingleItem().Title.ShouldBe(scan.Page!.Title);
        (await Results.SitesAsync(new(Text: "%_%"), default)).ShouldBeEmpty();
        await Results.WriteAsync(Scan(Id(2), "http://nul.example/", "a\0b\uD800c"), default);
        (await Results.SitesAsync(new(Text: "nul.example"), default)).ShouldHaveSingleItem().Scans.ShouldBe(1);
    }

    [Fact]
    public async Task Sites_are_found_by_what_their_newest_scan_is_and_shows()
    {
        await Results.WriteAsync(Scan(Id(1), "http://a.example/", "shared"), default);
        await Results.WriteAsync(Scan(Id(2), "http://b.example/", "shared"), default);
        await Results.WriteAsync(Scan(Id(3), "http://c.example/", "other"), default);
        await Results.WriteAsync(new() { Id = Id(4), Url = "http://d.example/", Site = "d.example", Time = TimeOf(4), ElapsedMs = 1, Class = SiteClass.Unreachable, Reason = ScanReasons.Dns }, default);
        string shared = FeatureOf("shared");

        (await Results.SitesAsync(new(Feature: shared), default)).Select(site => site.Site).ShouldBe(["b.example", "a.example"]);
        (await Results.SitesAsync(new(Class: SiteClass.Unreachable), default)).Select(site => (site.Site, site.Reason, site.Status, site.Title)).ShouldBe([("d.example", "dns", null, null)]);
        (await Results.SitesAsync(new(Limit: 2), default)).Select(site => site.Site).ShouldBe(["d.example", "c.example"]);
        (await Results.SitesAsync(new(Before: Id(3)), default)).Select(site => site.Site).ShouldBe(["b.example", "a.example"]);
        (await Results.SitesAsync(new(Feature: "no_such_kind=x"), default)).ShouldBeEmpty();
        SitesFound page = await Results.FindAsync(new(Limit: 3), default);
        (page.Sites.Count, page.More).ShouldBe((3, Id(2)));
        (await Results.FindAsync(new(Limit: 4), default)).More.ShouldBeNull();

        await Results.WriteAsync(Scan(Id(5), "http://b.example/", "other"), default);
        (await Results.SitesAsync(new(Feature: shared), default)).Select(site => site.Site).ShouldBe(["a.example"]);
        SiteSummary changed = (await Results.SitesAsync(new(Feature: FeatureOf("other")), default))[0];
        (changed.Site, changed.Status, changed.Ip, changed.Icon, changed.Class).ShouldBe(("b.example", 200, "192.0.2.1", "-12", SiteClass.HttpContent));

        await Results.WriteAsync(Scan(Id(8), "http://e.example/", "ÄRZTE im Netz"), default);
        (await Results.SitesAsync(new(Text: "ärzte IM"), default)).ShouldHaveSingleItem().Site.ShouldBe("e.example");
    }
}
