using System.Data.Common;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Whorl.Analysis.Campaigns;
using Whorl.Analysis.Campaigns.Linking;
using Whorl.Analysis.Campaigns.Queries;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Kernel.Sites;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Campaigns;

/// <summary>From the message on the bus to the answer of a query, on every engine.</summary>
public abstract class CampaignStoreContract
{
    private readonly ManualClock _clock = new();
    private readonly ListBus _bus = new();
    private IDatabase? _database;

    private IDatabase Database => _database ??= Open(CampaignTables.Migrations);

    private CampaignStore Store => field ??= new(Database);

    private static IgnoredFeatures Ignored => new(
        Options.Create(new CampaignsOptions { Ignored = ["tracker=google-tag-manager:GTM-BRAND"] }), NullLogger<IgnoredFeatures>.Instance);

    private CampaignQueries Queries => field ??= new(Database, Ignored);

    private CampaignsWorker Worker => field ??= NewWorker();

    /// <summary>Opens an empty database with these tables.</summary>
    internal abstract IDatabase Open(params MigrationSet[] sets);

    [Fact]
    public async Task Scans_that_share_a_rare_id_become_a_campaign_with_members_evidence_and_shared_features()
    {
        await ScanAsync("a.example", "tracker=google-analytics:G-1", "title=Shop");
        await ScanAsync("b.example", "tracker=google-analytics:G-1", "wallet=btc:1");
        await ScanAsync("c.example", "title=Other");

        Campaign campaign = (await Queries.CampaignsAsync(new(), default)).ShouldHaveSingleItem();
        (campaign.Sites, campaign.Label, campaign.Score).ShouldBe((2, "Title of a.example", 0.95));
        CampaignDetail detail = (await Queries.CampaignAsync(campaign.Id, default))!;
        detail.Members.Select(member => member.Site.Site).ShouldBe(["a.example", "b.example"]);
        SiteLink link = detail.Links.ShouldHaveSingleItem();
        LinkEvidence evidence = link.Evidence.ShouldHaveSingleItem();
        (evidence.Feature.ToString(), evidence.Shown, evidence.Weight, evidence.Counts).ShouldBe(("tracker=google-analytics:G-1", 2, 0.95, true));
        (detail.Shared[0].Members, detail.Shared[0].Shown, detail.Shared[0].Feature.Kind).ShouldBe((2, 2, "tracker"));
        (await Queries.CampaignsOfAsync(["a.example", "c.example"], default)).ShouldHaveSingleItem().Key.ShouldBe("a.example");
        CampaignGraph graph = (await Queries.GraphAsync(campaign.Id, default))!;
        graph.Nodes.Select(node => node.Id).ShouldBe(["a.example", "b.example", "tracker=google-analytics:G-1"]);
        graph.Edges.Select(edge => (edge.From, edge.To)).ShouldBe([("a.example", "tracker=google-analytics:G-1"), ("b.example", "tracker=google-analytics:G-1")]);
    }

    [Fact]
    public async Task Each_step_is_told_once_after_it_is_stored()
    {
        await ScanAsync("a.example", "wallet=btc:1");
        Observation second = await ScanAsync("b.example", "wallet=btc:1");
        await ScanAsync("c.example", "wallet=btc:1");
        await NewWorker().SweepAsync(default);

        Observation[] told = _bus.Told();
        told.Select(each => (each.Text("campaign.what"), each.Number("campaign.sites"))).ShouldBe([("new", 2), ("grown", 3)]);
        told[0].Text("evidence").ShouldBe(second.Id.ToString());
        told[1].Text("campaign.joined").ShouldBe("c.example");
        told.Select(each => each.Subject.Text).Distinct().ShouldBe([$"campaign:{told[0].Text("campaign.id")}"]);
        told.SelectMany(each => each.Attributes.EnumerateObject()).Select(each => each.Name)
            .ShouldAllBe(name => FindingKinds.Common.Concat(FindingKinds.All.SelectMany(kind => kind.Fields)).Any(field => field.Name == name));
    }

    [Fact]
    public async Task Two_campaigns_that_turn_out_to_be_one_keep_the_older_id_and_the_other_says_where_it_went()
    {
        await ScanAsync("a.example", "wallet=btc:1");
        await ScanAsync("b.example", "wallet=btc:1");
        CampaignId older = (await Queries.CampaignsAsync(new(), default)).Single().Id;
        await ScanAsync("x.example", "wallet=btc:2");
        await ScanAsync("y.example", "wallet=btc:2");
        CampaignId younger = (await Queries.CampaignsAsync(new(), default)).Single(each => each.Id != older).Id;

        await ScanAsync("z.example", "wallet=btc:1", "wallet=btc:2");

        Campaign one = (await Queries.CampaignsAsync(new(), default)).ShouldHaveSingleItem();
        (one.Id, one.Sites).ShouldBe((older, 5));
        (await Queries.CampaignAsync(younger, default))!.Campaign.MergedInto.ShouldBe(older);
        _bus.Told()[^1].Text("campaign.what").ShouldBe("merged");
        _bus.Told()[^1].Text("campaign.other").ShouldBe(younger.ToString());
    }

    [Fact]
    public async Task Of_a_campaign_that_falls_apart_the_larger_part_keeps_the_id()
    {
        await ScanAsync("a.example", "wallet=btc:1");
        await ScanAsync("b.example", "wallet=btc:1");
        await ScanAsync("c.example", "wallet=btc:1", "wallet=btc:2");
        await ScanAsync("d.example", "wallet=btc:1");
        CampaignId id = (await Queries.CampaignsAsync(new(), default)).Single().Id;
        await ScanAsync("e.example", "wallet=btc:2");
        await ScanAsync("c.example", "wallet=btc:2");

        IReadOnlyList<Campaign> campaigns = await Queries.CampaignsAsync(new(CampaignOrder.Sites), default);
        campaigns.Select(each => each.Sites).ShouldBe([3, 2]);
        campaigns[0].Id.ShouldBe(id);
        (await Queries.CampaignAsync(campaigns[1].Id, default))!.History.Select(each => (each.Step, each.Other)).ShouldBe([(CampaignStep.Split, id)]);
    }

    [Fact]
    public async Task A_scan_that_comes_twice_or_late_changes_nothing_and_a_site_that_went_down_stays()
    {
        Observation first = Scan("a.example", "http_content", "wallet=btc:1");
        await ScanAsync("b.example", "wallet=btc:2");
        Observation later = Scan("a.example", "http_content", "wallet=btc:2");
        await TakeAsync(Worker, later);
        await TakeAsync(Worker, first);
        await TakeAsync(Worker, later);
        _clock.Advance(TimeSpan.FromHours(1));
        await TakeAsync(Worker, Scan("a.example", "unreachable"));

        (await Queries.CampaignsAsync(new(), default)).ShouldHaveSingleItem().Sites.ShouldBe(2);
        SiteProfile site = (await Queries.SiteAsync("a.example", default))!;
        (site.Site.Class, site.Features.Single().Feature.Value, site.Site.Last).ShouldBe(("unreachable", "btc:2", _clock.GetUtcNow()));
        _bus.Told().Length.ShouldBe(1);
    }

    [Fact]
    public async Task A_process_that_starts_again_goes_on_where_the_tables_are()
    {
        await ScanAsync("a.example", "wallet=btc:1");
        await ScanAsync("b.example", "wallet=btc:1");
        Campaign before = (await Queries.CampaignsAsync(new(), default)).Single();

        await TakeAsync(NewWorker(), Scan("c.example", "http_content", "wallet=btc:1"));

        Campaign after = (await Queries.CampaignsAsync(new(), default)).ShouldHaveSingleItem();
        (after.Id, after.Sites).ShouldBe((before.Id, 3));
        (await Queries.CampaignAsync(after.Id, default))!.History.Select(each => each.Step).ShouldBe([CampaignStep.Grown, CampaignStep.New]);
    }

    [Fact]
    public async Task A_node_that_was_overtaken_by_another_reads_everything_again_and_loses_nothing()
    {
        await ScanAsync("a.example", "wallet=btc:1");
        await TakeAsync(NewWorker(), Scan("b.example", "http_content", "wallet=btc:1"));
        await ScanAsync("c.example", "wallet=btc:1");

        (await Queries.CampaignsAsync(new(), default)).ShouldHaveSingleItem().Sites.ShouldBe(3);
    }

    [Fact]
    public async Task More_like_this_also_shows_what_is_too_little_for_a_campaign_and_never_what_is_ignored()
    {
        await ScanAsync("a.example", "tracker=google-tag-manager:GTM-BRAND", "ip=192.0.2.1", "jarm=1");
        await ScanAsync("b.example", "tracker=google-tag-manager:GTM-BRAND");
        await ScanAsync("c.example", "ip=192.0.2.1", "jarm=1");

        SiteNeighbour like = (await Queries.NeighboursAsync("a.example", 10, default)).ShouldHaveSingleItem();
        (like.Site.Site, like.Links, like.Link.Score).ShouldBe(("c.example", false, 0.575));
        FeatureSites brand = await Queries.SitesAsync(new("tracker", "google-tag-manager:GTM-BRAND"), 10, default);
        (brand.Shown, brand.Weight, brand.Ignored, brand.Sites.Count).ShouldBe((2, 0, true, 2));
        SiteFeature address = new("ip", "192.0.2.1");
        (await Queries.WeightAsync(address, default)).ShouldBe((await Queries.SitesAsync(address, 1, default)).Weight);
        (await Queries.CountAsync(new(), default)).ShouldBe(0);
    }

    [Fact]
    public async Task Pages_that_are_only_alike_are_neighbours_with_both_digests_as_evidence()
    {
        string[] words = [.. Enumerable.Range(0, 400).Select(i => $"word{i * 7919 % 1000}")];
        string one = Fingerprints.Fuzzy.Ssdeep.Hash(System.Text.Encoding.ASCII.GetBytes(string.Join(' ', words)));
        words[200] = "other";
        string other = Fingerprints.Fuzzy.Ssdeep.Hash(System.Text.Encoding.ASCII.GetBytes(string.Join(' ', words)));
        await ScanAsync("a.example", $"text_ssdeep={one}");
        await ScanAsync("b.example", $"text_ssdeep={other}");

        SiteNeighbour like = (await Queries.NeighboursAsync("a.example", 10, default)).ShouldHaveSingleItem();
        LinkEvidence evidence = like.Link.Evidence.ShouldHaveSingleItem();
        like.Links.ShouldBeTrue();
        new[] { evidence.Feature.Value, evidence.Other }.ShouldBe([one, other], ignoreOrder: true);
    }

    [Fact]
    public async Task Campaigns_are_found_by_label_and_by_the_host_of_a_member()
    {
        await ScanAsync("a_1.example", "wallet=btc:1");
        await ScanAsync("b.example", "wallet=btc:1");

        foreach ((string text, int count) in new[] { ("TITLE of", 1), ("b.exam", 1), ("a_1", 1), ("a%1", 0), ("nobody", 0) })
        {
            (await Queries.CampaignsAsync(new(Text: text), default)).Count.ShouldBe(count, text);
        }
    }

    [Fact]
    public async Task Every_member_of_a_campaign_keeps_the_evidence_of_what_holds_it()
    {
        for (int i = 0; i < 20; i++)
        {
            await ScanAsync($"s{i}.example", "wallet=btc:1");
        }

        await ScanAsync("a.example", "wallet=btc:1");
        await ScanAsync("s7.example", "wallet=btc:1", "title=new");

        CampaignDetail detail = (await Queries.CampaignAsync((await Queries.CampaignsAsync(new(), default)).Single().Id, default))!;
        detail.Links.Count.ShouldBe(20);
        detail.Links.ShouldAllBe(link => link.Evidence.Count > 0);
    }

    [Fact]
    public async Task A_campaign_of_more_members_than_a_page_shows_is_exported_whole()
    {
        // A wallet of a thousand sites says nothing: each hundred has one of its own, and some of them the one before it too.
        await NewKeeper().TakeAsync(
            [.. Enumerable.Range(0, CampaignQueries.MaxMembers + 5).Select(number => SiteSighting.In(Scan($"s{number}.example", "http_content", $"wallet=btc:{number / 100}", number % 100 < 10 ? $"wallet=btc:{(number / 100) - 1}" : "title=x"))!)], default);

        Campaign campaign = (await Queries.CampaignsAsync(new(), default)).ShouldHaveSingleItem();
        campaign.Sites.ShouldBe(CampaignQueries.MaxMembers + 5);
        (await Queries.CampaignAsync(campaign.Id, default))!.Members.Count.ShouldBe(CampaignQueries.MaxMembers);
        (await Queries.WholeAsync(campaign.Id, default))!.Members.Count.ShouldBe(campaign.Sites);
    }

    [Fact]
    public async Task What_several_addresses_of_a_host_show_is_what_the_site_shows()
    {
        await ScanAsync("b.example", "wallet=btc:1");
        await ScanAsync("c.example", "contact=telegram:seller");
        CampaignKeeper keeper = NewKeeper();
        for (int i = 0; i < 3; i++)
        {
            SiteSighting root = SiteSighting.In(Scan("a.example", "http_content", "wallet=btc:1"))!;
            SiteSighting login = SiteSighting.In(Scan("a.example", "http_content", "contact=telegram:seller"))!, gone = SiteSighting.In(Scan("a.example", "http_error", "title=404"))!;
            await keeper.TakeAsync([root], default);
            _clock.Advance(TimeSpan.FromSeconds(1));
            await keeper.TakeAsync([login with { Url = "https://a.example/login" }, gone with { Url = "https://a.example/old" }], default);
        }

        Campaign campaign = (await Queries.CampaignsAsync(new(), default)).ShouldHaveSingleItem();
        campaign.Sites.ShouldBe(3);
        (await Queries.CampaignAsync(campaign.Id, default))!.History.Select(each => each.Step).ShouldBe([CampaignStep.Grown, CampaignStep.New]);
        (await Queries.SiteAsync("a.example", default))!.Features.Select(each => each.Feature.ToString()).ShouldBe(["contact=telegram:seller", "wallet=btc:1"], ignoreOrder: true);
    }

    [Fact]
    public async Task Of_the_addresses_of_a_host_the_newest_count()
    {
        CampaignKeeper keeper = NewKeeper();
        for (int i = 0; i < 12; i++)
        {
            await keeper.TakeAsync([SiteSighting.In(Scan("a.example", "http_content", $"wallet=btc:{i}"))! with { Url = $"https://a.example/{i}" }], default);
        }

        (await Queries.SiteAsync("a.example", default))!.Features.Count.ShouldBe(8);
        VisitedPages pages = (await Store.PagesAsync(["a.example"], default))["a.example"];
        pages.All.Select(page => page.Url).Order(StringComparer.Ordinal).ShouldBe(Enumerable.Range(4, 8).Select(i => $"https://a.example/{i}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_write_that_a_passing_fault_stopped_is_made_again_without_reading_everything()
    {
        FaultyDatabase faulty = new(Database);
        CampaignKeeper keeper = new(new(faulty), Ignored, new(new TestMeters()), _clock, NullLogger<CampaignKeeper>.Instance);
        await keeper.LoadAsync(default);
        int opened = faulty.Opened;
        faulty.FaultAt = opened + 2;

        await keeper.TakeAsync([SiteSighting.In(Scan("a.example", "http_content", "wallet=btc:1"))!], default);

        (faulty.Opened - opened).ShouldBe(3, "pages of the site, the write that failed, the write");
        (await Queries.SiteAsync("a.example", default)).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_write_whose_answer_was_lost_counts_once_and_that_of_another_is_seen()
    {
        GroupChanges nothing = new([], [], [], [], []);
        CampaignWrite write = new("one", [new(SiteSighting.In(Scan("a.example", "http_content", "wallet=btc:1"))!, [])], [], nothing, []);
        long turn = (await Store.LoadAsync(default)).Turn;

        (await Store.WriteAsync(turn, write, _clock.GetUtcNow(), default)).ShouldBe(turn + 1);
        (await Store.WriteAsync(turn, write, _clock.GetUtcNow(), default)).ShouldBe(turn + 1);
        (await Store.LoadAsync(default)).Turn.ShouldBe(turn + 1);
        await Should.ThrowAsync<OvertakenException>(Store.WriteAsync(turn, write with { Mark = "two" }, _clock.GetUtcNow(), default));
    }

    [Fact]
    public async Task A_title_that_is_cut_amid_a_surrogate_pair_is_stored_without_its_half()
    {
        Observation scan = Scan("a.example", "http_content", ["wallet=btc:1"], new string('a', 255) + "\U0001F4B0");
        await TakeAsync(Worker, scan);

        (await Queries.SiteAsync("a.example", default))!.Site.Title.ShouldBe(new string('a', 255));
    }

    /// <summary>How many workers listen for scans.</summary>
    protected int Listening => _bus.Listening;

    private CampaignsWorker NewWorker() => NewWorker(new(Database, Options.Create(new BusOptions())));

    private protected CampaignsWorker NewWorker(LinkerSeat seat) => new(
        _bus, seat, NewKeeper(), Store,
        Options.Create(new CampaignsOptions()), Options.Create(new NodeOptions { Name = "node" }), _clock, NullLogger<CampaignsWorker>.Instance);

    private CampaignKeeper NewKeeper() => new(Store, Ignored, new(new TestMeters()), _clock, NullLogger<CampaignKeeper>.Instance);

    private async Task<Observation> ScanAsync(string site, params string[] features)
    {
        Observation scan = Scan(site, "http_content", features);
        await TakeAsync(Worker, scan);
        return scan;
    }

    private static Task TakeAsync(CampaignsWorker worker, Observation scan) =>
        worker.TakeAsync(new(Topics.ObservationPrefix + SiteKinds.Scan, CloudEvents.WriteBatch([scan]), CloudEvents.BatchContentType), default);

    private Observation Scan(string site, string name, params string[] features) => Scan(site, name, features, $"Title of {site}");

    private Observation Scan(string site, string name, string[] features, string title)
    {
        _clock.Advance(TimeSpan.FromSeconds(1));
        Dictionary<string, object> attributes = new()
        {
            ["site.url"] = $"https://{site}/",
            ["site.scan"] = Uuid7.Text(Uuid7.New(_clock)),
            ["site.class"] = name,
            ["site.title"] = title,
            ["site.features"] = features,
        };
        return new(ObservationId.New(_clock), SiteKinds.Scan, _clock.GetUtcNow(), "node", Subject.Site(site), JsonSerializer.SerializeToElement(attributes));
    }

    /// <summary>A database that cannot be reached now and then.</summary>
    private sealed class FaultyDatabase(IDatabase inner) : IDatabase
    {
        public int Opened { get; private set; }

        public int FaultAt { get; set; }

        public Dialect Dialect => inner.Dialect;

        public ValueTask<DbConnection> OpenAsync(CancellationToken cancel)
        {
            return ++Opened == FaultAt ? throw new IOException("cut") : inner.OpenAsync(cancel);
        }
    }

    private sealed class ListBus : IBus
    {
        private readonly List<BusMessage> _messages = [];

        public Observation[] Told() => [.. _messages.SelectMany(message => CloudEvents.TryReadBatch(message.Body, out IReadOnlyList<Observation> told) ? told : [])];

        public ValueTask<bool> PublishAsync(BusMessage message, CancellationToken cancel)
        {
            _messages.Add(message);
            return new(true);
        }

        public int Listening { get; private set; }

        public ValueTask<IAsyncDisposable> SubscribeAsync(Subscription subscription, Func<BusMessage, CancellationToken, Task> handler, CancellationToken cancel)
        {
            Listening++;
            return new(new Listener(this));
        }

        private sealed class Listener(ListBus bus) : IAsyncDisposable
        {
            public ValueTask DisposeAsync()
            {
                bus.Listening--;
                return default;
            }
        }
    }
}
