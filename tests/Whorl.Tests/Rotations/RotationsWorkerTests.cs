using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Whorl.Analysis.Journal;
using Whorl.Analysis.Rotations;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Stores;
using Whorl.Tests.Bus;
using Whorl.Tests.Support;

namespace Whorl.Tests.Rotations;

public sealed class RotationsWorkerTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly TempFolder _folder = new();
    private int _minute;

    [Fact]
    public async Task Probes_that_show_a_change_end_as_one_observation_in_the_journal()
    {
        Observation[] seen =
        [
            Probe(ProbeKinds.Jarm, """{"target.ip":"203.0.113.9","target.port":443,"tls.jarm":"A"}"""),
            Probe(ProbeKinds.Jarm, """{"target.ip":"203.0.113.9","target.port":443,"tls.jarm":"B"}"""),
            Probe(ProbeKinds.Jarm, """{"target.ip":"203.0.113.9","target.port":443,"tls.jarm":"B"}"""),
        ];

        JournalPage page = await RunAsync(seen);

        Observation rotated = page.Observations.Single(observation => observation.Kind == FindingKinds.Rotated);
        rotated.Subject.Text.ShouldBe("ip:203.0.113.9");
        JsonElement told = rotated.Attributes;
        (told.GetProperty("probe.name").GetString(), told.GetProperty("rotation.kind").GetString(), told.GetProperty("rotation.old").GetString(), told.GetProperty("rotation.new").GetString())
            .ShouldBe(("jarm", "rotated", "A", "B"));
        told.GetProperty("evidence").GetString().ShouldBe($"{seen[1].Id},{seen[2].Id}");
        told.EnumerateObject().Select(property => property.Name).ShouldAllBe(name => Known(name), "docs/reference/observations.md lists every attribute");
    }

    [Fact]
    public async Task Of_a_certificate_chain_the_servers_own_counts_and_host_keys_are_watched_beside_hassh()
    {
        JournalPage page = await RunAsync(
            Enumerable.Range(0, 4).SelectMany(visit => new[]
            {
                Probe(ProbeKinds.Certificate, $$"""{"target.ip":"203.0.113.9","target.port":443,"certificate.index":0,"certificate.sha256":"own"}"""),
                Probe(ProbeKinds.Certificate, $$"""{"target.ip":"203.0.113.9","target.port":443,"certificate.index":1,"certificate.sha256":"issuer{{visit / 2}}"}"""),
                Probe(ProbeKinds.Hassh, $$"""{"target.ip":"203.0.113.9","target.port":22,"ssh.hassh_server":"same","ssh.host_key_sha256":"key{{visit / 2}}"}"""),
            }));

        page.Observations.Where(observation => observation.Kind == FindingKinds.Rotated).ShouldHaveSingleItem().Attributes.GetProperty("probe.name").GetString().ShouldBe("host_key");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"target.ip":"nonsense","tls.jarm":"A"}""")]
    [InlineData("""{"target.ip":7,"tls.jarm":"A"}""")]
    [InlineData("""{"target.ip":"203.0.113.9","target.port":"x","tls.jarm":["A"]}""")]
    [InlineData("""{"target.ip":"203.0.113.9","target.port":70000,"tls.jarm":""}""")]
    public void Attributes_that_make_no_sense_are_no_sighting(string attributes) => Sighting.In(Probe(ProbeKinds.Jarm, attributes)).ShouldBeEmpty();

    [Fact]
    public async Task What_was_committed_by_a_process_that_died_is_published_by_the_next_under_the_same_id()
    {
        ManualClock clock = new();
        using SqliteDatabase database = new(_folder.File("whorl.db"), [RotationTables.Migrations], clock);
        RotationStore store = new(database, Microsoft.Extensions.Options.Options.Create(new RotationsOptions { Confirmations = 1 }), clock);
        PeerAddress.TryParse("203.0.113.9", out PeerAddress peer).ShouldBeTrue();
        Rotation rotation = default!;
        foreach (string value in new[] { "A", "B" })
        {
            rotation = (await store.RecordAsync([new(peer, 443, "jarm", value, clock.GetUtcNow(), ObservationId.New(clock))], default)).Rotations.SingleOrDefault()!;
            clock.Advance(TimeSpan.FromSeconds(5));
        }

        FullThenOpenBus bus = new();
        RotationsWorker worker = new(bus, store, new(new TestMeters()), Microsoft.Extensions.Options.Options.Create(new NodeOptions { Name = "node" }), clock, Microsoft.Extensions.Logging.Abstractions.NullLogger<RotationsWorker>.Instance);

        await worker.SweepAsync(default);
        bus.Tries.ShouldBe(0, "it is young: its own process may be at it");
        clock.Advance(TimeSpan.FromMinutes(1));
        await worker.SweepAsync(default);
        bus.Taken.ShouldBeEmpty("the bus was full");
        await worker.SweepAsync(default);
        await worker.SweepAsync(default);

        bus.Tries.ShouldBe(2, "what the bus took is not offered again");
        CloudEvents.TryReadBatch(bus.Taken.ShouldHaveSingleItem().Body, out IReadOnlyList<Observation> told).ShouldBeTrue();
        told.ShouldHaveSingleItem().Id.ShouldBe(rotation.Id);
    }

    public void Dispose() => _folder.Dispose();

    private static bool Known(string name) => FindingKinds.Common.Concat(FindingKinds.All.SelectMany(kind => kind.Fields)).Any(field => field.Name == name);

    private Observation Probe(string kind, string attributes)
    {
        DateTimeOffset time = Start.AddMinutes(_minute++);
        return new(new(Guid.CreateVersion7(time)), kind, time, "node", new Subject("ip:203.0.113.9"), JsonDocument.Parse(attributes).RootElement);
    }

    private async Task<JournalPage> RunAsync(IEnumerable<Observation> observations)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection([new("Node:Data", _folder.File("data"))]);
        builder.AddStores().AddBus().AddJournal().AddRotations();
        IHost host = builder.Build();
        await using IAsyncDisposable ending = (IAsyncDisposable)host;
        await host.StartAsync();
        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await host.Services.GetRequiredService<IBus>().SubscribeAsync(new("test", Topics.ObservationPrefix + FindingKinds.Rotated, Durable: false), (_, _) =>
        {
            told.TrySetResult();
            return Task.CompletedTask;
        }, default);
        IObservationSink sink = host.Services.GetRequiredService<IObservationSink>();
        foreach (Observation observation in observations)
        {
            sink.TryPublish(observation).ShouldBeTrue();
        }

        await told.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await host.StopAsync();
        return await host.Services.GetRequiredService<JournalStore>().SearchAsync(new() { Limit = 1000 }, default);
    }
}
