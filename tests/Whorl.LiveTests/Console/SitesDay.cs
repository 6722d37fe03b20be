using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Whorl.Analysis.Campaigns;
using Whorl.Analysis.Campaigns.Queries;
using Whorl.Delivery.WebConsole.Accounts;
using Whorl.Delivery.WebConsole.Pages.Sites;
using Whorl.Delivery.WebConsole.Serving;
using Whorl.Delivery.WebConsole.Sites;
using Whorl.Delivery.WebConsole.Sites.Graphs;
using Whorl.Kernel;
using Whorl.Kernel.Certificates;
using Whorl.Kernel.Sites;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;
using Whorl.Tests.WebConsole.Sites;

namespace Whorl.LiveTests.WebConsole;

/// <summary>Reported sites as on a working day: a phishing kit on many hosts, one of them scanned again and again, and a queue with failures.</summary>
internal static class SitesDay
{
    private const string Site = "secure-login-mybank.example";

    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private static readonly string[] Ids = [.. Enumerable.Range(0, 6).Select(i => Guid.CreateVersion7(Now.AddHours(-i * 7)).ToString())];

    public static readonly string[] Paths =
    [
        "/sites", "/sites?text=bank&class=http_content", $"/sites/{Site}", $"/sites/{Site}/compare?from={Ids[2]}&to={Ids[0]}", "/sites/none.example", "/features?kind=tracker&value=google-analytics%3AG-7F3K2LQ0X1", "/features", "/jobs", "/jobs?job=job-2", "/campaigns", "/test-campaign",
    ];

    public static void Fill(MemorySites sites)
    {
        sites.Scans.Clear();
        sites.Jobs.Clear();
        sites.Runs.Clear();
        sites.Transitions.Clear();
        for (int i = 0; i < Ids.Length; i++)
        {
            ScanRecord scan = Kit(Ids[i], Site, Now.AddHours(-i * 7), i) with { Changed = i < 3 ? ["page", "title"] : null };
            sites.Scans.Add(i % 3 == 1 ? scan with { Url = $"https://{Site}/parcel/pay.php?id=4711" } : scan);
        }

        for (int i = 0; i < 30; i++)
        {
            DateTimeOffset time = Now.AddMinutes(-17 * (i + 1));
            ScanRecord scan = Kit(Guid.CreateVersion7(time).ToString(), i % 4 == 3 ? $"parcel-fee-{i}.example" : $"mybank-verify{i}.example", time, i % 3);
            sites.Scans.Add((i % 7) switch
            {
                5 => scan with { Class = SiteClass.Unreachable, Reason = "dns", Detail = "no such name", Http = null, Page = null, Icons = [], Tls = null, Network = null },
                6 => scan with { Class = SiteClass.HttpError, Reason = "status", Http = scan.Http! with { Status = 403 }, Page = scan.Page! with { Title = "403 Forbidden" } },
                _ => scan,
            });
            sites.Features[scan.Site] = ["tracker=google-analytics:G-7F3K2LQ0X1"];
        }

        JobState[] states = [JobState.Leased, JobState.Queued, JobState.Failed, JobState.Succeeded, JobState.Abandoned, JobState.Succeeded];
        for (int i = 0; i < 24; i++)
        {
            JobState state = states[i % 6];
            string id = $"job-{i}";
            sites.Jobs.Add(new(
                id, $"https://mybank-verify{i}.example/", $"mybank-verify{i}.example", i % 3 == 0 ? "console" : "phishing-feed", state, state == JobState.Queued ? Now.AddMinutes(-3) : Now.AddMinutes(11 * i), state is JobState.Failed or JobState.Abandoned ? 1 + (i % 4) : 0,
                i, TimeSpan.FromHours(6 + i), Now.AddDays(-i), state == JobState.Leased ? "3f9a41d2" : null, state == JobState.Leased ? Now.AddSeconds(40) : null, null));
            sites.Runs.Add(new($"run-{i}", id, "3f9a41d2", state == JobState.Failed ? RunState.Failed : RunState.Succeeded, Now.AddHours(-i), Now.AddHours(-i).AddSeconds(2), state == JobState.Failed ? "store: the object store refused the bytes" : null));
            sites.Transitions.Add(new(id, $"run-{i}", JobState.Queued, JobState.Leased, Now.AddHours(-i), null));
            sites.Transitions.Add(new(id, $"run-{i}", JobState.Leased, state, Now.AddHours(-i).AddSeconds(2), state == JobState.Failed ? "store: the object store refused the bytes" : null));
        }
    }

    /// <summary>A page that shows a campaign of thirty sites, drawn.</summary>
    public static IHostApplicationBuilder AddCampaign(IHostApplicationBuilder builder)
    {
        CampaignModel model = Campaign();
        builder.Services.AddSingleton(new EndpointMap(routes => routes.MapGet("/test-campaign", (HttpContext http) => Page.Show<CampaignPage, CampaignModel>(http, model)).RequireAuthorization(Session.ViewPolicy)));
        return builder;
    }

    private static ScanRecord Kit(string id, string site, DateTimeOffset time, int turn) => new()
    {
        Id = id, Url = $"https://{site}/", Site = site, Time = time, ElapsedMs = 1240 + turn, Class = SiteClass.HttpContent, Faults = turn == 0 ? ["screenshot: no browser is there"] : [],
        Http = new()
        {
            Hops = [new() { Url = $"https://{site}/", Ip = "203.0.113.77", Status = 302, By = "location", Location = "/app/login.php?sid=81f0", Ms = 88 }, new() { Url = $"https://{site}/app/login.php?sid=81f0", Ip = "203.0.113.77", Status = 200, Ms = 141 }],
            FinalUrl = $"https://{site}/app/login.php?sid=81f0", Status = 200, Protocol = "1.1", ContentType = "text/html; charset=utf-8", BodyBytes = 18231, Stack = ["nginx", "php"],
            Headers = [new("server", "nginx/1.24.0"), new("x-powered-by", "PHP/8.1.27"), new("content-type", "text/html; charset=utf-8")], SetCookies = ["PHPSESSID=81f0a7; path=/"],
            Sample = "<!doctype html>\n<html><head><title>MyBank</title>\n<script>steal()</script>", Timing = new() { DnsMs = 12, ConnectMs = 21, TlsMs = 44, FirstByteMs = 61, TotalMs = 141 },
        },
        Page = new()
        {
            Bytes = 18231, Sha256 = new((char)('a' + turn), 64), Ssdeep = "384:uIqpJ5VPc9JcKnPFvGQXl0S3DFu7QHTGgSQa:uIqX5VPcjXFvGQ1t3Ba", Tlsh = "T1B4E2C89B3C1C5B0A11F2D5A8E9B65E48B1F5C63F0A94D2D0E6D3A87B59CD0E1423A7F",
            TextSha256 = new('d', 64), Simhash = "9f3c21a07be4d815", DomSha256 = new('e', 64), Elements = 412, Charset = "utf-8", Language = "en", Title = turn == 0 ? "MyBank – verify your account" : "MyBank – sign in", Generator = "WordPress 6.4",
            Forms = [new() { Method = "post", Action = "https://collect.example/gate.php", Fields = ["username", "password", "otp", "card_number", "cvv"], Password = true, Card = true, Foreign = true }, new() { Method = "get", Action = $"https://{site}/search", Fields = ["q"] }],
            Comments = [new(new('f', 64), "saved from url=(0022)https://www.mybank.example/")], Scripts = [new() { Url = "https://cdn.example/jquery.min.js", Bytes = 89476 }, new() { Sha256 = new('1', 64), Bytes = 1203 }],
            ExternalDomains = ["cdn.example", "collect.example", "fonts.example"], Iframes = ["https://chat.example/embed?id=5f2"],
            Identities = [new("tracker", "google-analytics", "G-7F3K2LQ0X1"), new("contact", "telegram", "kit_support_77"), new("wallet", "btc", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"), new("site_key", "turnstile", "0x4AAAAAAADnPIDROrmt1Wwj")],
        },
        Icons = [new() { Url = $"https://{site}/favicon.ico", Bytes = 15086, Sha256 = new('2', 64), Md5 = new('3', 32), Mmh3 = -1137974563, Phash = "c3c3e7ff7e3c1800", Format = "ico", Width = 32, Height = 32 }],
        Assets = [new() { Url = $"https://{site}/app/style.css", Kind = "style", Status = 200, Bytes = 40213, Sha256 = new('4', 64) }, new() { Url = $"https://{site}/app/bank.js", Kind = "script", Status = 404, Fault = "status 404" }],
        Tls = new()
        {
            Version = "1.3", Cipher = "1301", Alpn = "http/1.1", Jarm = "29d29d15d29d29d00042d42d0000002059a3b916699461c5923779b77cf06b", Trusted = true,
            Certificates = [new CertificateFacts { Sha256 = new((char)('5' + (turn % 2)), 64), SpkiSha256 = new('6', 64), Subject = $"CN={site}", SubjectCn = site, Issuer = "CN=R11, O=Let's Encrypt, C=US", Sans = [site, $"www.{site}", "other-bank.example"], NotBefore = "2026-01-03T00:00:00Z", NotAfter = "2026-04-03T00:00:00Z", Serial = "04a1", Signature = "sha256WithRSAEncryption", Key = "ec" }],
        },
        Network = new()
        {
            Ip = "203.0.113.77", Addresses = [new() { Ip = "203.0.113.77", Asn = 64500, AsName = "BULLETPROOF-EXAMPLE", Prefix = "203.0.113.0/24", Country = "NL" }], Ns = ["ns1.cheap.example", "ns2.cheap.example"], Mx = ["mx.cheap.example"], Txt = ["v=spf1 -all"],
        },
    };

    private static CampaignModel Campaign()
    {
        CampaignId id = CampaignId.New(TimeProvider.System);
        SiteFeature[] features = [new(FeatureKinds.Tracker, "google-analytics:G-7F3K2LQ0X1"), new(FeatureKinds.Wallet, "btc:bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"), new(FeatureKinds.IconMmh3, "-1137974563"), new(FeatureKinds.Contact, "telegram:kit_support_77")];
        SharedFeature[] shared = [.. features.Select((feature, i) => new SharedFeature(feature, 14 - (i * 3), 15 + (i * 40), 0.96 - (i * 0.2)))];
        CampaignMember[] members = [.. Enumerable.Range(0, 28).Select(i => new CampaignMember(new($"mybank-verify{i}.example", $"https://mybank-verify{i}.example/", "MyBank – verify your account", i % 9 == 8 ? "unreachable" : "http_content", "", Now.AddDays(-9), Now.AddHours(-i), id), Now.AddDays(-i), 0.97 - (i * 0.015), $"mybank-verify{(i + 4) % 28}.example", i < 24))];
        LinkEvidence[] evidence = [new(features[0], null, "tracker", 15, 0.93, true), new(new(FeatureKinds.PageTlsh, "T1B4E2C89B3C1C5B0A11F2D5A8"), "T1B4E2C89B3C1C5B0A11F2D5B1", "page", 19, 0.62, true), new(features[2], null, "icon", 95, 0.31, true)];
        GraphEdge[] edges = [.. members.SelectMany((member, i) => new[] { i % 4, i % 5 == 0 ? (i + 1) % 4 : i % 4 }.Distinct().Select(at => new GraphEdge(member.Site.Site, features[at].ToString(), shared[at].Weight)))];
        CampaignGraph graph = new([.. members.Select(member => new GraphNode(member.Site.Site, member, null)), .. shared.Select(each => new GraphNode(each.Feature.ToString(), null, each))], edges, 0);
        CampaignDetail detail = new(
            new(id, "MyBank – verify your account", 28, 0.81, Now.AddDays(-9), Now.AddHours(-2), null), members, [.. members.Select(member => new SiteLink(member.Site.Site, member.Through!, member.Strength, evidence))], shared,
            [new(Now.AddHours(-2), CampaignStep.Grown, null, 28), new(Now.AddDays(-2), CampaignStep.Merged, CampaignId.New(TimeProvider.System), 25), new(Now.AddDays(-9), CampaignStep.New, null, 2)]);
        return new(id.ToString(), detail, Drawing.Of(graph), Now);
    }
}
