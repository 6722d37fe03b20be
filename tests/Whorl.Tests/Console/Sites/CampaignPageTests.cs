using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Whorl.Analysis.Campaigns;
using Whorl.Analysis.Campaigns.Queries;
using Whorl.Delivery.WebConsole.Accounts;
using Whorl.Delivery.WebConsole.Pages.Sites;
using Whorl.Delivery.WebConsole.Serving;
using Whorl.Delivery.WebConsole.Sites;
using Whorl.Delivery.WebConsole.Sites.Graphs;
using Whorl.Kernel;
using Whorl.Kernel.Sites;

namespace Whorl.Tests.WebConsole.Sites;

/// <summary>A campaign, as people see it, and its drawing.</summary>
public sealed class CampaignPageTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_same_graph_is_always_drawn_the_same_and_every_point_is_on_the_sheet()
    {
        CampaignGraph graph = Graph(40, 6, i => $"s{i}.example", i => $"G-{i}");
        Drawing one = Drawing.Of(graph), two = Drawing.Of(graph);

        one.Points.ShouldBe(two.Points);
        one.Points.Count.ShouldBe(46);
        foreach (DrawnPoint point in one.Points)
        {
            double.Parse(point.X, CultureInfo.InvariantCulture).ShouldBeInRange(0, one.Width);
            double.Parse(point.Y, CultureInfo.InvariantCulture).ShouldBeInRange(0, one.Height);
        }

        one.Points.Select(point => (point.X, point.Y)).Distinct().Count().ShouldBe(46, "no point hides another");
    }

    [Fact]
    public void Sites_that_share_something_lie_nearer_than_those_that_share_nothing()
    {
        (double X, double Y)[] at = ForceLayout.Place(8, [(0, 1, 1), (1, 2, 1), (2, 3, 1), (3, 0, 1), (4, 5, 1), (5, 6, 1), (6, 7, 1), (7, 4, 1)]);
        double Far(int from, int to) => Math.Sqrt(Math.Pow(at[from].X - at[to].X, 2) + Math.Pow(at[from].Y - at[to].Y, 2));
        Far(0, 1).ShouldBeLessThan(Far(0, 5));
        Far(4, 7).ShouldBeLessThan(Far(2, 6));
    }

    [Fact]
    public void A_campaign_of_thousands_is_drawn_in_part_and_says_so()
    {
        Drawing drawing = Drawing.Of(Graph(1000, 20, i => $"s{i}.example", i => $"G-{i}") with { Hidden = 7 });
        drawing.Points.Count.ShouldBe(Drawing.MaxPoints);
        drawing.Hidden.ShouldBe(1020 - Drawing.MaxPoints + 7);
        drawing.Points.ShouldContain(point => !point.IsSite);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_graph_of_next_to_nothing_is_drawn_too(int sites) => Drawing.Of(Graph(sites, 0, i => $"s{i}.example", _ => "")).Points.Count.ShouldBe(sites);

    [Fact]
    public async Task Members_evidence_and_drawing_are_shown_and_what_strangers_wrote_stays_text()
    {
        CampaignModel model = Model(HostileScan.Value);
        await using ConsoleHost host = Showing(model);
        await host.InitializeAsync();
        HttpClient member = await host.MemberAsync();

        string raw = await member.GetStringAsync("/test-campaign"), html = WebUtility.HtmlDecode(raw);

        raw.ShouldNotContain("<script>alert");
        raw.ShouldNotContain("<img src=https");
        raw.ShouldNotContain("\u202e");
        html.ShouldContain("<svg class=\"drawing\"");
        html.ShouldContain("3 sites and 1 things that they share, joined by 3 lines");
        html.ShouldContain("href=\"/sites/s1.example\"");
        html.ShouldContain("/features?kind=tracker&value=google-analytics%3AG-1");
        html.ShouldContain($"/api/v1/campaigns/{model.Detail!.Campaign.Id}/export?format=stix");
        html.ShouldContain("shown by 3");
        html.ShouldContain("took another in");
    }

    /// <summary>A campaign of three sites with one tracker.</summary>
    internal static CampaignModel Model(string label)
    {
        CampaignId id = CampaignId.New(TimeProvider.System), other = CampaignId.New(TimeProvider.System);
        SiteFeature tracker = new(FeatureKinds.Tracker, "google-analytics:G-1");
        CampaignSite Site(int i) => new($"s{i}.example", $"https://s{i}.example/", label, "http_content", "scan", Now, Now, id);
        CampaignMember[] members = [.. Enumerable.Range(0, 3).Select(i => new CampaignMember(Site(i), Now, 0.95, $"s{(i + 1) % 3}.example", i > 0))];
        LinkEvidence[] evidence = [new(tracker, null, "tracker", 3, 0.93, true), new(new(FeatureKinds.PageTlsh, "T1AB"), "T1AC", "page", 4, 0.4, false), new(new(FeatureKinds.Title, label.Length > 200 ? label[..200] : label), null, "page", 3, 0.2, false)];
        CampaignDetail detail = new(
            new(id, label, 3, 0.95, Now.AddDays(-3), Now, null), members, [.. members.Select(each => new SiteLink(each.Site.Site, each.Through!, 0.95, evidence))],
            [new(tracker, 3, 3, 0.93), new(new(FeatureKinds.Title, "x"), 2, 900, 0.01)], [new(Now, CampaignStep.Merged, other, 3), new(Now.AddDays(-3), CampaignStep.New, null, 2)]);
        CampaignGraph graph = new(
            [.. members.Select(each => new GraphNode(each.Site.Site, each, null)), new(tracker.ToString(), null, detail.Shared[0])],
            [.. members.Select(each => new GraphEdge(each.Site.Site, tracker.ToString(), 0.93))], 0);
        return new(id.ToString(), detail, Drawing.Of(graph), Now);
    }

    /// <summary>A console with one page more, which shows this campaign.</summary>
    private static ConsoleHost Showing(CampaignModel model) => new()
    {
        More =
        [
            builder =>
            {
                builder.Services.AddSingleton(new EndpointMap(routes =>
                    routes.MapGet("/test-campaign", (HttpContext http) => Page.Show<CampaignPage, CampaignModel>(http, model)).RequireAuthorization(Session.ViewPolicy)));
                return builder;
            },
        ],
    };

    private static CampaignGraph Graph(int sites, int features, Func<int, string> host, Func<int, string> value)
    {
        GraphNode[] nodes =
        [
            .. Enumerable.Range(0, sites).Select(i => new GraphNode(host(i), new(new(host(i), "", null, "http_content", "", Now, Now, null), Now, 0.5 + (i % 10 / 25.0), null, true), null)),
            .. Enumerable.Range(0, features).Select(i => new GraphNode("tracker=" + value(i), null, new(new(FeatureKinds.Tracker, value(i)), 4, 9, 0.9))),
        ];
        return new(nodes, [.. Enumerable.Range(0, features == 0 ? 0 : sites).Select(i => new GraphEdge(host(i), "tracker=" + value(i % features), 0.9))], 0);
    }
}
