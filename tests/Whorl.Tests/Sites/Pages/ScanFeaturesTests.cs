using Whorl.Kernel.Certificates;
using Whorl.Kernel.Sites;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Tests.Sites.Pages;

public sealed class ScanFeaturesTests
{
    private static readonly ScanRecord Rich = new()
    {
        Id = "0190-1",
        Url = "http://shop.example/",
        Site = "shop.example",
        Time = DateTimeOffset.UnixEpoch,
        ElapsedMs = 1,
        Class = SiteClass.HttpContent,
        Http = new()
        {
            FinalUrl = "https://Pay.other.example/x",
            Headers = [new("Server", "nginx"), new("X-Powered-By", "PHP")],
            SetCookies = ["PHPSESSID=abc; path=/", "kit=1"],
        },
        Page = new()
        {
            Bytes = 10,
            Sha256 = "aa",
            Ssdeep = "3:a:b",
            TextBytes = 100,
            TextSha256 = "bb",
            Simhash = "00ff",
            DomSha256 = "cc",
            Title = "A shop",
            Forms = [new() { Method = "post", Action = "https://collect.example/p", Foreign = true, Fields = ["u", "p"] }, new() { Method = "get", Action = "https://shop.example/s", Fields = ["q"] }, new() { Method = "get" }],
            Comments = [new("dd", "c")],
            Scripts = [new() { Sha256 = "ee" }, new() { Url = "https://shop.example/a.js" }],
            ExternalDomains = ["cdn.example"],
            Identities = [new("contact", "email", "a@b.example"), new("wallet", "btc", "1abc"), new("tracker", "google-analytics", "G-7HB2KX91QZ")],
        },
        Icons = [new() { Url = "u", Bytes = 3, Sha256 = "ff", Md5 = "m", Mmh3 = -7, Phash = "0f" }, new() { Url = "u2", Bytes = 0, Sha256 = "e3", Md5 = "m", Mmh3 = 0 }],
        Assets = [new() { Url = "s", Kind = "script", Status = 200, Bytes = 1, Sha256 = "a1" }, new() { Url = "n", Kind = "image", Status = 404, Bytes = 1, Sha256 = "a2" }],
        Tls = new() { Jarm = new('0', 62), Certificates = [new CertificateFacts { Sha256 = "c1", SpkiSha256 = "k1", SubjectCn = "shop.example", Sans = ["*.shop.example", "www.shop.example", "*.Bank.example"] }, new CertificateFacts { Sha256 = "c2" }] },
        Network = new() { Addresses = [new() { Ip = "203.0.113.9", Asn = 64500 }], Ns = ["NS1.dns.example."], Mx = ["10 mx.example."] },
    };

    [Fact]
    public void A_scan_yields_what_others_may_share_most_telling_first()
    {
        string[] features = [.. ScanFeatures.Of(Rich).Select(static feature => feature.ToString())];

        features[..3].ShouldBe(["wallet=btc:1abc", "tracker=google-analytics:G-7HB2KX91QZ", "contact=email:a@b.example"]);
        features[3..].ShouldBe([
            "certificate_sha256=c1", "certificate_key_sha256=k1", "certificate_name=bank.example",
            "page_sha256=aa", "text_sha256=bb", "dom_sha256=cc", "page_ssdeep=3:a:b", "text_simhash=00ff", "title=A shop", "form=collect.example|u,p", "form=self|q",
            "icon_mmh3=-7", "icon_sha256=ff", "icon_phash=0f", "ip=203.0.113.9", "asn=AS64500", "name_server=ns1.dns.example", "mail_server=mx.example",
            "final_host=pay.other.example", "cookie_name=PHPSESSID", "cookie_name=kit", "header_names=dad150b1dad746dbc18327748913ee51",
            "inline_script_sha256=ee", "script_sha256=a1", "comment_sha256=dd", "external_domain=cdn.example",
        ]);
    }

    [Fact]
    public void An_error_page_links_by_its_owner_not_by_its_looks()
    {
        string[] kinds = [.. ScanFeatures.Of(Rich with { Class = SiteClass.HttpError }).Select(static feature => feature.Kind).Distinct()];

        kinds.ShouldContain(FeatureKinds.Wallet);
        kinds.ShouldContain(FeatureKinds.Certificate);
        kinds.ShouldNotContain(FeatureKinds.Page);
        kinds.ShouldNotContain(FeatureKinds.Title);
        kinds.ShouldNotContain(FeatureKinds.ExternalDomain);
    }

    [Fact]
    public void Every_feature_can_be_written_and_read_and_none_floods()
    {
        ScanRecord flood = Rich with
        {
            Page = Rich.Page! with
            {
                Title = new string('\u0007', 10) + new string('x', 400),
                ExternalDomains = [.. Enumerable.Range(0, 1000).Select(static i => $"h{i}.example")],
                Comments = [.. Enumerable.Range(0, 1000).Select(static i => new TextFact($"{i:x8}", ""))],
                Scripts = [.. Enumerable.Range(0, 1000).Select(static i => new ScriptFact { Sha256 = $"{i:x8}" })],
                Identities = [.. Enumerable.Range(0, 1000).Select(static i => new IdentityFact(i % 2 == 0 ? "wallet" : "contact", "x", $"{i}"))],
                Forms = [.. Enumerable.Range(0, 1000).Select(static i => new FormFact { Method = "get", Action = "a", Fields = [$"{i}" + new string('y', 300)] })],
            },
            Assets = [.. Enumerable.Range(0, 1000).Select(static i => new AssetFacts { Url = "s", Kind = "image", Status = 200, Bytes = 1, Sha256 = $"{i}" })],
            Network = Rich.Network! with { Addresses = [.. Enumerable.Range(0, 1000).Select(static i => new AddressFact { Ip = $"192.0.2.{i}" })] },
        };

        IReadOnlyList<SiteFeature> features = ScanFeatures.Of(flood);

        features.Count.ShouldBeLessThanOrEqualTo(SiteFeature.MaxOfOneScan);
        features.Distinct().Count().ShouldBe(features.Count);
        features.GroupBy(static feature => feature.Kind).ShouldAllBe(group => group.Count() <= 64);
        features.All(static feature => SiteFeature.TryParse(feature.ToString(), out _) && !feature.Value.Any(char.IsControl)).ShouldBeTrue();
        features.ShouldContain(feature => feature.Kind == FeatureKinds.ExternalDomain);
    }

    [Fact]
    public void A_site_that_was_not_reached_yields_nothing() =>
        ScanFeatures.Of(new() { Id = "1", Url = "http://a.example/", Site = "a.example", Time = DateTimeOffset.UnixEpoch, ElapsedMs = 1, Class = SiteClass.Unreachable, Reason = ScanReasons.Dns }).ShouldBeEmpty();
}
