using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using Whorl.Analysis.Rotations;
using Whorl.Bus.RabbitMq;
using Whorl.Kernel;
using Whorl.LiveTests.Processes;
using Whorl.LiveTests.Servers;
using Whorl.Sources.Probes;
using Whorl.Sources.Probes.Targets;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.LiveTests.Probes;

/// <summary>Two nodes, each prober and analyst, on one PostgreSQL and one RabbitMQ.</summary>
public sealed class TwoProbersTests(LiveServers servers) : IAsyncLifetime
{
    private const int Targets = 40;

    private const string Queue = "test.rotated";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly TempFolder _folder = new();
    private readonly TestMeters _meters = new();
    private readonly TcpListener _listener = new(IPAddress.Any, 0);
    private volatile byte[] _hello = Hello("c02f");
    private RabbitServer _rabbit = null!;
    private string _connectionString = "";

    public async ValueTask InitializeAsync()
    {
        // A broker of its own: queues of nodes outlive them.
        _rabbit = await RabbitServer.StartNewAsync();
        _connectionString = await (await servers.PostgresAsync()).NewDatabaseAsync();
        _listener.Start(1024);
        _ = AcceptAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await (_rabbit?.DisposeAsync() ?? default);
        _meters.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Every_target_is_asked_by_one_of_them_and_every_change_told_once()
    {
        await using IConnection connection = await new ConnectionFactory { Uri = new(_rabbit.Uri) }.CreateConnectionAsync();
        await using IChannel channel = await connection.CreateChannelAsync();
        await using WhorlProcess first = await StartAsync("first"), second = await StartAsync("second");
        await channel.QueueDeclareAsync(Queue, durable: false, exclusive: true, autoDelete: true);
        await channel.QueueBindAsync(Queue, RabbitConnection.Exchange, "observation.fingerprint.rotated");
        await using PostgresDatabase database = new(_connectionString, [ProbesTables.Migrations, RotationTables.Migrations], TimeProvider.System);
        await using ProbesStore store = new(
            database, new BatchWriters(database, TimeProvider.System, new StoreMetrics(_meters), NullLoggerFactory.Instance), Options.Create(new ProbesOptions()), Options.Create(new NodeOptions { Name = "watcher" }), TimeProvider.System);
        RotationStore rotations = new(database, Options.Create(new RotationsOptions()), TimeProvider.System);

        // Both hear of all of them at once.
        string[] addresses = [.. Enumerable.Range(1, Targets).Select(number => $"127.60.0.{number}")];
        foreach (string name in (string[])["first", "second"])
        {
            await File.AppendAllLinesAsync(Log(name), addresses.Select(address => $$"""{"ip":"{{address}}"}"""));
        }

        await first.UntilAsync(async () => (await store.QueueAsync(Targets + 1, default)) is { Count: Targets } queue && queue.All(entry => entry.Visits > 0), "through with all targets", Patience);
        IReadOnlyList<AuditEntry> audit = await store.AuditAsync(null, null, 10_000, default);

        // Each once, and both had their share.
        audit.Select(entry => entry.Address).Order(StringComparer.Ordinal).ShouldBe(addresses.Order(StringComparer.Ordinal));
        audit.ShouldAllBe(entry => entry.Outcome == "answered" && entry.Sent == 10);
        audit.Select(entry => entry.Node).Distinct().Order(StringComparer.Ordinal).ShouldBe(["first", "second"]);

        // All are rebuilt; a visit sees it, and whoever doubts it has each asked again.
        _hello = Hello("c030");
        foreach (string address in addresses)
        {
            await store.AgainAsync(PeerAddress.TryParse(address, out PeerAddress peer) ? peer : throw new FormatException(address), default);
        }

        HashSet<string> rotated = [];
        List<ObservationId> told = [];
        await first.UntilAsync(
            async () =>
            {
                while (await channel.BasicGetAsync(Queue, autoAck: true) is { } message)
                {
                    CloudEvents.TryReadBatch(message.Body.ToArray(), out IReadOnlyList<Observation> observations).ShouldBeTrue();
                    told.AddRange(observations.Select(observation => observation.Id));
                    rotated.UnionWith(observations.Select(observation => observation.Subject.Text[3..]));
                }

                return rotated.Count == Targets && (await rotations.UnpublishedAsync(DateTimeOffset.MaxValue, default)).Count == 0;
            },
            "told of all rotations", Patience);
        told.Count.ShouldBe(Targets, "no rotation is told twice");
        (await rotations.CountAsync(addresses, default)).Values.ShouldAllBe(count => count.Count == 1);
    }

    private string Log(string name) => _folder.File(name + ".jsonl");

    private Task<WhorlProcess> StartAsync(string name) => WhorlProcess.StartAsync(
        new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Node:Name"] = name,
            ["Store:Provider"] = "postgres",
            ["Store:ConnectionString"] = _connectionString,
            ["Bus:Provider"] = "rabbitmq",
            ["Bus:Uri"] = _rabbit.Uri,
            ["Outbound:Allow:0"] = "127.60.0.0/16",
            ["Probes:Logs:0:Path"] = Log(name),
            ["Probes:Logs:0:Field"] = "ip",
            ["Probes:TargetsAtOnce"] = "2",
            ["Probes:TargetConnectionsPerSecond"] = "1000",
            ["Probes:Timeout"] = "0:00:30",
            ["Probes:JarmPorts:0"] = $"{((IPEndPoint)_listener.LocalEndpoint).Port}",
            ["Probes:Without:0"] = "hassh",
            ["Probes:Without:1"] = "tcp",
            ["Probes:Without:2"] = "certificate",
            ["Probes:Without:3"] = "http",
            ["Probes:Without:4"] = "icmp",
            ["Probes:Without:5"] = "ipv6",
        },
        null, "run", "--roles", "prober,analyst,console");

    // TLS 1.2 with a cipher and three extensions.
    private static byte[] Hello(string cipher) => Convert.FromHexString(
        $"160303003b0200003703030102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2000{cipher}00000fff01000100000b0002010000170000" + "16030300040b000000");

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = AnswerAsync(await _listener.AcceptSocketAsync());
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task AnswerAsync(Socket socket)
    {
        using (socket)
        {
            try
            {
                byte[] heard = new byte[4096];
                await socket.ReceiveAsync(heard);
                await socket.SendAsync(_hello);
                await socket.ReceiveAsync(heard);
            }
            catch (SocketException)
            {
                // The probe has what it wants, and resets.
            }
        }
    }
}
