using Whorl.Sources.Sites.Scans;

namespace Whorl.Tests.Sites;

public sealed class ScanDiffTests
{
    private static readonly ScanRecord Before = new()
    {
        Id = "1",
        Url = "https://a.example/",
        Site = "a.example",
        Time = DateTimeOffset.UnixEpoch,
        ElapsedMs = 1,
        Class = SiteClass.HttpContent,
        Http = new() { FinalUrl = "https://a.example/", Status = 200 },
        Page = new() { Bytes = 1, Sha256 = "p1", TextSha256 = "t1", Title = "One", Identities = [new("tracker", "matomo", "m.example:1"), new("wallet", "btc", "w1")] },
        Icons = [Icon("i1"), Icon("i2")],
        Tls = new() { Certificates = [new() { Sha256 = "c1" }, new() { Sha256 = "ca" }] },
        Network = new() { Ip = "192.0.2.1", Addresses = [new() { Ip = "192.0.2.1" }, new() { Ip = "192.0.2.2" }] },
    };

    [Fact]
    public void Nothing_changed_between_a_scan_and_itself_made_later() => ScanDiff.Between(Before, Before with { Id = "2", ElapsedMs = 99 }).ShouldBeEmpty();

    [Fact]
    public void Each_change_is_named_with_before_and_after()
    {
        ScanRecord after = Before with
        {
            Http = Before.Http! with { Status = 404 },
            Class = SiteClass.HttpError,
            Page = Before.Page! with { Sha256 = "p2", TextSha256 = "t2", Title = null, Identities = [new("wallet", "btc", "w2"), new("wallet", "btc", "w1")] },
            Icons = [Icon("i2"), Icon("i3"), Icon("i4")],
            Tls = new() { Certificates = [new() { Sha256 = "c2" }] },
            Network = new() { Addresses = [new() { Ip = "192.0.2.3" }] },
        };
        ScanDiff.Between(Before, after).ShouldBe(
        [
            new("class", "http_content", "http_error"), new("status", "200", "404"), new("host", "192.0.2.1, 192.0.2.2", "192.0.2.3"), new("certificate", "c1", "c2"), new("page", "p1", "p2"), new("text", "t1", "t2"),
            new("title", "One", null), new("icon", "i1", "i3, i4"), new("tracker", "matomo:m.example:1", "btc:w2"),
        ]);
        ScanDiff.Between(Before, after).Select(change => change.What).ShouldBe(ScanChange.All);
    }

    [Fact]
    public void A_server_with_many_addresses_that_answers_with_others_of_them_has_not_moved() =>
        ScanDiff.Between(Before, Before with { Network = new() { Addresses = [new() { Ip = "192.0.2.2" }, new() { Ip = "192.0.2.9" }] } }).ShouldBeEmpty();

    [Fact]
    public void Redirects_that_end_elsewhere_are_a_change_of_host() =>
        ScanDiff.Between(Before, Before with { Http = Before.Http! with { FinalUrl = "https://b.example/" } }).ShouldBe([new("host", "a.example", "b.example")]);

    [Fact]
    public void A_site_that_is_gone_changed_its_class_and_not_all_of_its_parts()
    {
        ScanRecord gone = new() { Id = "2", Url = Before.Url, Site = Before.Site, Time = Before.Time, ElapsedMs = 1, Class = SiteClass.Unreachable, Reason = ScanReasons.Dns };
        ScanDiff.Between(Before, gone).ShouldBe([new("class", "http_content", "unreachable: dns")]);
        ScanDiff.Between(gone, gone with { Reason = ScanReasons.Refused }).ShouldBe([new("class", "unreachable: dns", "unreachable: refused")]);
    }

    [Fact]
    public void The_bytes_of_a_page_alone_tell_nothing()
    {
        ScanDiff.IsTelling(["page"]).ShouldBeFalse();
        ScanDiff.IsTelling(["page", "text"]).ShouldBeTrue();
    }

    private static IconFacts Icon(string sha256) => new() { Url = "x", Bytes = 1, Sha256 = sha256, Md5 = "", Mmh3 = 0 };
}
