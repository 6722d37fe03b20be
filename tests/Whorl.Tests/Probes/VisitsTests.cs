using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Kernel.Outbound;
using Whorl.Sources.Probes;
using Whorl.Sources.Probes.Asking;
using Whorl.Sources.Probes.Targets;
using Whorl.Stores;
using Whorl.Tests.Bus;
using Whorl.Tests.Support;

namespace Whorl.Tests.Probes;

/// <summary>One visit, with a bus and ports that fail as a test says.</summary>
public sealed class VisitsTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly TestMeters _meters = new();
    private SqliteDatabase _database = null!;
    private ProbesStore _store = null!;

    public ValueTask InitializeAsync()
    {
        _database = new(_folder.File("whorl.db"), [ProbesTables.Migrations], TimeProvider.System);
        _store = new(
            _database, new BatchWriters(_database, TimeProvider.System, new StoreMetrics(_meters), NullLoggerFactory.Instance), Options.Create(new ProbesOptions()), Options.Create(new NodeOptions { Name = "test" }), TimeProvider.System);
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _database.Dispose();
        _meters.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_visit_is_over_only_when_the_bus_has_taken_all_it_found()
    {
        long visits = -1;
        FullThenOpenBus bus = new() { WhenFull = async () => visits = (await _store.QueueAsync(1, default)).Single().Visits };
        await VisitAsync(bus, FakePeer.Nobody().Port, "61000-64999");

        visits.ShouldBe(0, "the bus was full, and a process that dies now must visit anew");
        CloudEvents.TryReadBatch(bus.Taken.ShouldHaveSingleItem().Body, out IReadOnlyList<Observation> told).ShouldBeTrue();
        (bus.Taken[0].Topic, told.ShouldHaveSingleItem().Text("probe.failure")).ShouldBe(("observation.probe.failed", "refused"));
        (await _store.QueueAsync(1, default)).Single().Visits.ShouldBe(1);
    }

    [Fact]
    public async Task Who_could_not_be_asked_for_want_of_a_port_of_ours_was_not_silent()
    {
        using TcpListener taken = new(IPAddress.Any, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        FullThenOpenBus bus = new();
        await VisitAsync(bus, FakePeer.Nobody().Port, $"{port}-{port}");

        CloudEvents.TryReadBatch(bus.Taken.ShouldHaveSingleItem().Body, out IReadOnlyList<Observation> told).ShouldBeTrue();
        told.ShouldHaveSingleItem().Text("probe.failure").ShouldBe("local");
        (await _store.QueueAsync(1, default)).Single().Silent.ShouldBe(0);
    }

    private async Task VisitAsync(IBus bus, ushort jarmPort, string ports)
    {
        ProbesOptions options = new() { JarmPorts = [jarmPort], Without = ["hassh", "tcp", "certificate", "http", "icmp", "ipv6"] };
        OutboundGuard guard = new(new OutboundOptions { Allow = ["127.0.0.0/8"] }, TimeProvider.System, NullLogger.Instance, null, () => OwnAddresses.None);
        using ProbeSet probes = new(options, new SourcePorts(ports));
        Visits visits = new(_store, bus, probes, guard, Options.Create(options), new ProbesMetrics(_meters), TimeProvider.System, NullLogger<Visits>.Instance);
        await _store.AddAsync([new(PeerAddress.From(IPAddress.Loopback), "log")], null, default);
        await visits.VisitAsync((await _store.ClaimAsync(1, TimeSpan.FromMinutes(1), default)).Single(), default);
    }
}
