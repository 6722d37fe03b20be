using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Whorl.Analysis.Intel;
using Whorl.Analysis.Journal;
using Whorl.Bus;
using Whorl.Fingerprints.Matching;
using Whorl.Kernel;
using Whorl.Stores;
using Whorl.Tests.Bus;
using Whorl.Tests.Support;

namespace Whorl.Tests.Intel;

public sealed class SignatureTests : IDisposable
{
    private const string Trickbot = "22b22b09b22b22b22b22b22b22b22b352842cd5d6b0278445702035e06875c";

    private readonly TempFolder _folder = new();
    private readonly ManualClock _clock = new();

    [Fact]
    public async Task A_probe_of_a_known_server_ends_as_a_labelled_observation_in_the_journal()
    {
        // The journal keeps thirty days of the real time.
        Observation probe = Seen(ProbeKinds.Jarm, $$"""{"target.ip":"203.0.113.9","target.port":443,"tls.jarm":"{{Trickbot}}"}""") with { Id = ObservationId.New(TimeProvider.System), Time = TimeProvider.System.GetUtcNow() };
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection([new("Node:Data", _folder.File("data"))]);
        builder.AddStores().AddBus().AddJournal().AddIntel();
        IHost host = builder.Build();
        await using IAsyncDisposable ending = (IAsyncDisposable)host;
        await host.StartAsync();
        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await host.Services.GetRequiredService<IBus>().SubscribeAsync(new("test", Topics.ObservationPrefix + FindingKinds.SignatureMatched, Durable: false), (_, _) =>
        {
            told.TrySetResult();
            return Task.CompletedTask;
        }, default);
        host.Services.GetRequiredService<IObservationSink>().TryPublish(probe).ShouldBeTrue();
        await told.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await host.StopAsync();

        JournalPage page = await host.Services.GetRequiredService<JournalStore>().SearchAsync(new() { Limit = 10 }, default);
        Observation found = page.Observations.Single(observation => observation.Kind == FindingKinds.SignatureMatched);
        (found.Subject.Text, found.Text("signature.label"), found.Text("signature.kind"), found.Number("target.port"), found.Text("evidence"))
            .ShouldBe(("ip:203.0.113.9", "trickbot", "jarm", 443, probe.Id.ToString()));
        found.Attributes.EnumerateObject().Select(property => property.Name).ShouldBeSubsetOf(
            FindingKinds.Common.Concat(FindingKinds.All.SelectMany(kind => kind.Fields)).Select(field => field.Name), "docs/reference/observations.md lists every attribute");
    }

    [Fact]
    public void Every_shipped_list_is_whole()
    {
        SignatureLibrary shipped = Library(Path.Combine(Repository.Root, "content", "signatures"));

        shipped.Lists.Select(list => (Path.GetFileName(list.File), list.Fault)).ShouldBe([("hassh.csv", null), ("hasshserver.csv", null), ("ja3.csv", null), ("jarm.csv", null)]);
        shipped.Lists.ShouldAllBe(list => list.Count > 0);
    }

    [Theory]
    [InlineData("tls.session", """{"source.ip":"192.0.2.1","destination.ip":"203.0.113.9","destination.port":8443,"tls.ja3s":"@"}""", "ja3s", "ip:203.0.113.9", 8443)]
    [InlineData("tls.client_hello", """{"source.ip":"192.0.2.1","source.port":5,"destination.ip":"203.0.113.9","tls.ja3":"@"}""", "ja3", "ip:192.0.2.1", null)]
    [InlineData("ssh.kex", """{"source.ip":"203.0.113.9","source.port":22,"destination.ip":"192.0.2.1","ssh.hassh_server":"@"}""", "hasshserver", "ip:203.0.113.9", 22)]
    [InlineData("probe.hassh", """{"target.ip":"203.0.113.9","target.port":2222,"ssh.hassh_server":"@"}""", "hasshserver", "ip:203.0.113.9", 2222)]
    public void A_fingerprint_is_laid_to_whom_it_belongs(string kind, string attributes, string signatures, string subject, int? port)
    {
        const string Hash = "0123456789abcdef0123456789abcdef";
        string file = Write($"{signatures}.csv", $"{Hash},known\n");

        Observation found = Matcher(file).Match(Seen(kind, attributes.Replace("@", Hash, StringComparison.Ordinal))).ShouldHaveSingleItem();

        (found.Subject.Text, found.Number("target.port")).ShouldBe((subject, (double?)port));
    }

    [Fact]
    public void One_address_with_one_fingerprint_is_told_once_a_window()
    {
        SignatureMatcher matcher = Matcher(Write("jarm.csv", $"{Trickbot},known\n"));
        Observation probe = Seen(ProbeKinds.Jarm, $$"""{"target.ip":"203.0.113.9","tls.jarm":"{{Trickbot}}"}""");
        Observation other = Seen(ProbeKinds.Jarm, $$"""{"target.ip":"203.0.113.10","tls.jarm":"{{Trickbot}}"}""");

        matcher.Match(probe).Count.ShouldBe(1);
        matcher.Told(matcher.Match(probe));
        matcher.Match(probe).ShouldBeEmpty();
        matcher.Match(other).Count.ShouldBe(1);
        _clock.Advance(TimeSpan.FromDays(1));
        matcher.Match(probe).Count.ShouldBe(1);
    }

    [Fact]
    public async Task What_the_bus_did_not_take_is_told_when_its_evidence_comes_again_and_what_it_took_is_not()
    {
        string file = Write("jarm.csv", $"{Trickbot},known\n");
        Observation probe = Seen(ProbeKinds.Jarm, $$"""{"target.ip":"203.0.113.9","tls.jarm":"{{Trickbot}}"}""");
        BusMessage message = new(Topics.ObservationPrefix + ProbeKinds.Jarm, CloudEvents.WriteBatch([probe, probe]), CloudEvents.BatchContentType);
        FullThenOpenBus bus = new();
        using SignaturesWorker worker = new(bus, Library(file), Matcher(file), _clock);

        await Should.ThrowAsync<IOException>(worker.TakeAsync(message, default));
        await worker.TakeAsync(message, default);
        await worker.TakeAsync(message, default);

        CloudEvents.TryReadBatch(bus.Taken.ShouldHaveSingleItem().Body, out IReadOnlyList<Observation> told).ShouldBeTrue();
        told.ShouldHaveSingleItem().Text("signature.label").ShouldBe("known");
    }

    [Fact]
    public void What_is_delivered_twice_to_two_processes_is_one_observation()
    {
        string file = Write("jarm.csv", $"{Trickbot},known\n{Trickbot[..30]}*,family\n");
        Observation probe = Seen(ProbeKinds.Jarm, $$"""{"target.ip":"203.0.113.9","tls.jarm":"{{Trickbot}}"}""");

        ObservationId[] ids = [.. Matcher(file).Match(probe).Select(found => found.Id)];

        ids.Distinct().Count().ShouldBe(2, "each label is an observation of its own");
        Matcher(file).Match(probe).Select(found => found.Id).ShouldBe(ids);
        Uuid7.TimeOf(ids[0].Value).ShouldBe(Uuid7.TimeOf(probe.Id.Value));
    }

    [Fact]
    public void A_changed_list_is_taken_up_and_what_is_wrong_with_one_does_not_hide_the_others()
    {
        string folder = Path.GetDirectoryName(Write("jarm.csv", $"{Trickbot},old\n"))!;
        SignatureLibrary library = Library(folder);
        library.Current.Match(FingerprintKind.Jarm, Trickbot).ShouldHaveSingleItem().Label.ShouldBe("old");

        Write("jarm.csv", $"{Trickbot},renamed\nnonsense,x\n");
        Write("apples.csv", "a,b\n");
        library.Refresh();

        library.Current.Match(FingerprintKind.Jarm, Trickbot).ShouldHaveSingleItem().Label.ShouldBe("renamed");
        library.Lists.Count(list => list.Fault is not null).ShouldBe(2);
        library.Lists.Single(list => list.Kind == FingerprintKind.Jarm).Fault!.ShouldContain("line 2");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"target.ip":"x","tls.jarm":"22b22b09b22b22b22b22b22b22b22b352842cd5d6b0278445702035e06875c"}""")]
    [InlineData("""{"target.ip":"203.0.113.9","tls.jarm":{}}""")]
    [InlineData("""{"target.ip":"203.0.113.9","target.port":1e300,"tls.jarm":"\u0000"}""")]
    public void Attributes_that_make_no_sense_match_nothing(string attributes) =>
        Matcher(Write("jarm.csv", $"{Trickbot},known\n")).Match(Seen(ProbeKinds.Jarm, attributes)).ShouldBeEmpty();

    [Fact]
    public async Task A_list_is_fetched_kept_and_not_replaced_by_rubbish()
    {
        string answer = $"# a list\n{Trickbot},fetched\n";
        using HttpListener server = new();
        int port = FreePort();
        server.Prefixes.Add($"http://127.0.0.1:{port}/");
        server.Start();
        Task serving = Task.Run(async () =>
        {
            for (int i = 0; i < 3; i++)
            {
                HttpListenerContext context = await server.GetContextAsync();
                context.Response.StatusCode = i == 2 ? 500 : 200;
                context.Response.Close(Encoding.UTF8.GetBytes(i == 0 ? answer : "<html>maintenance</html>"), willBlock: false);
            }
        });
        SignatureUrl.TryParse($"jarm http://127.0.0.1:{port}/list.csv", out SignatureUrl? url).ShouldBeTrue();
        SignatureFetcher fetcher = new(Options.Create(new SignaturesOptions()), Node(), _clock, NullLogger<SignatureFetcher>.Instance);

        (await fetcher.FetchAsync(url!, default)).ShouldBeNull();
        (await fetcher.FetchAsync(url!, default)).ShouldBe("there is no jarm fingerprint in it");
        (await fetcher.FetchAsync(url!, default))!.ShouldContain("500");
        await serving;

        File.ReadAllText(fetcher.FileFor(url!)).ShouldBe(answer);
        Library(SignaturesOptions.FetchedFolder(Node().Value.Data)).Current.Match(FingerprintKind.Jarm, Trickbot).ShouldHaveSingleItem().Label.ShouldBe("fetched");
    }

    [Theory]
    [InlineData("jarm")]
    [InlineData("https://example.org/list.csv")]
    [InlineData("apples https://example.org/list.csv")]
    [InlineData("ja3 file:///etc/passwd")]
    public void What_is_no_list_to_fetch_is_a_fault_of_the_configuration(string url)
    {
        ValidateOptionsResult result = new SignaturesOptionsCheck().Validate(null, new() { Urls = [url] });
        result.Failed.ShouldBeTrue();
        result.FailureMessage!.ShouldContain("Urls:0");
    }

    public void Dispose() => _folder.Dispose();

    private static int FreePort()
    {
        using System.Net.Sockets.TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private Observation Seen(string kind, string attributes) =>
        new(ObservationId.New(_clock), kind, _clock.GetUtcNow(), "node", new Subject("ip:203.0.113.9"), JsonDocument.Parse(attributes).RootElement);

    private string Write(string name, string text)
    {
        string file = _folder.File(Path.Combine("lists", name));
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }

    private IOptions<NodeOptions> Node() => Options.Create(new NodeOptions { Name = "node", Data = _folder.File("data") });

    private SignatureLibrary Library(string path) => new(Options.Create(new SignaturesOptions { Paths = [path] }), Node(), NullLogger<SignatureLibrary>.Instance);

    private SignatureMatcher Matcher(string file) => new(Library(file), Options.Create(new SignaturesOptions()), Node(), _clock);
}
