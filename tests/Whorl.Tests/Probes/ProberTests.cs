using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Sources.Probes;
using Whorl.Sources.Probes.Targets;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Probes;

/// <summary>The prober as a role, in a host of its own, with everything but the peers real.</summary>
public sealed class ProberTests : IDisposable
{
    // What all of this has to happen within, on a machine that is busy.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly byte[] Hello = Convert.FromHexString("160303003b0200003703030102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2000c02f00000fff01000100000b0002010000170000");

    private readonly TempFolder _folder = new();
    private readonly BlockingCollection<Observation> _results = [];

    [Fact]
    public async Task Whoever_tries_to_sign_in_is_asked_back_and_everything_sent_is_accounted_for()
    {
        await using FakePeer peer = FakePeer.Answering(_ => Hello);
        ObservationId seen;
        await using (Running prober = await StartAsync(peer))
        {
            seen = prober.Publish("auth.attempt", "127.0.0.1");
            Observation result = Next();
            result.Kind.ShouldBe("probe.jarm");
            result.Subject.ShouldBe(new Subject("ip:127.0.0.1"));
            result.Attributes.GetProperty("target.port").GetInt32().ShouldBe(peer.Port);
            result.Attributes.GetProperty("probe.reason").GetString().ShouldBe(seen.ToString());
            await prober.UntilAsync(async store => (await store.AuditAsync(null, null, 9, default)).Any(entry => entry.Outcome == "answered"));
            AuditEntry audit = (await prober.Store.AuditAsync(null, null, 9, default)).Single(entry => entry.Outcome == "answered");
            (audit.Address, audit.Port, audit.Sent).ShouldBe(("127.0.0.1", peer.Port, 10));
        }

        // Known after a restart, and not due before its time.
        await using Running later = await StartAsync(peer);
        (await later.Store.CountAsync(default)).ShouldBe(new(1, 0));
    }

    [Theory]
    [InlineData("tcp.syn", "{}")]
    [InlineData("tls.client_hello", """{"source.ip":"127.0.0.1","tls.transport":"tcp"}""")]
    [InlineData("tls.session", """{"source.ip":"127.0.0.1","tls.transport":"quic"}""")]
    [InlineData("http.request", """{"source.ip":"127.0.0.1","flow.id":"f"}""")]
    [InlineData("auth.attempt", """{"source.ip":"127.0.0.1","service":"snmp"}""")]
    [InlineData("http.request", """{"client.ip":"127.0.0.1"}""")]
    [InlineData("ssh.kex", """{"source.ip":"127.0.0.1","ssh.side":"server"}""")]
    public async Task What_can_be_forged_or_speaks_of_somebody_else_asks_nobody(string kind, string attributes)
    {
        await using FakePeer peer = FakePeer.Silent();
        await using Running prober = await StartAsync(peer);
        prober.Publish(kind, "127.0.0.1", attributes);
        prober.Publish("auth.attempt", "127.0.0.2");
        await prober.UntilAsync(async store => (await store.CountAsync(default)).Known > 0);
        (await prober.Store.QueueAsync(9, default)).ShouldHaveSingleItem().Address.ShouldBe("127.0.0.2");
    }

    [Fact]
    public async Task A_handshake_that_a_server_answered_makes_a_target_and_so_does_whatever_is_named()
    {
        await using FakePeer peer = FakePeer.Silent();
        await using (Running prober = await StartAsync(peer))
        {
            prober.Publish("tls.session", "127.0.0.1", """{"source.ip":"127.0.0.1","tls.transport":"tcp"}""");
            await prober.UntilAsync(async store => (await store.CountAsync(default)).Known == 1);
        }

        await using Running named = await StartAsync(peer, ("Probes:Triggers:0", "tls.client_hello"));
        named.Publish("tls.client_hello", "127.0.0.2", """{"source.ip":"127.0.0.2","tls.transport":"tcp"}""");
        await named.UntilAsync(async store => (await store.CountAsync(default)).Known == 2);
    }

    [Fact]
    public async Task A_single_datagram_to_a_decoy_names_nobody_whatever_triggers_are_named()
    {
        await using FakePeer peer = FakePeer.Silent();
        await using Running prober = await StartAsync(peer, ("Probes:Triggers:0", "auth.attempt"), ("Probes:Triggers:1", "query"));
        prober.Publish("query", "127.0.0.1", """{"source.ip":"127.0.0.1","service":"dns"}""");
        prober.Publish("auth.attempt", "127.0.0.1", """{"source.ip":"127.0.0.1","service":"snmp"}""");
        prober.Publish("query", "127.0.0.2");
        prober.Publish("auth.attempt", "127.0.0.3");
        await prober.UntilAsync(async store => (await store.CountAsync(default)).Known == 2);
        (await prober.Store.QueueAsync(9, default)).Select(entry => entry.Address).Order(StringComparer.Ordinal).ShouldBe(["127.0.0.2", "127.0.0.3"]);
    }

    [Fact]
    public async Task Forbidden_addresses_never_become_targets()
    {
        await using FakePeer peer = FakePeer.Silent();
        await using Running prober = await StartAsync(peer);
        foreach (string address in (string[])["10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "203.0.113.9"])
        {
            prober.Publish("auth.attempt", address);
        }

        prober.Publish("auth.attempt", "127.0.0.9");
        await prober.UntilAsync(async store => (await store.CountAsync(default)).Known > 0);
        (await prober.Store.CountAsync(default)).Known.ShouldBe(1);
    }

    [Fact]
    public async Task A_dry_run_sends_nothing_and_says_what_it_would_have()
    {
        await using FakePeer peer = FakePeer.Silent();
        await using Running prober = await StartAsync(peer, ("Probes:DryRun", "true"));
        prober.Publish("auth.attempt", "127.0.0.1");
        await prober.UntilAsync(async store => (await store.QueueAsync(1, default)) is [{ Visits: 1 }]);
        (await prober.Store.AuditAsync(null, null, 99, default)).ShouldAllBe(entry => entry.Outcome == "dry_run" && entry.Sent == 0);
        peer.Connections.ShouldBe(0);
    }

    [Fact]
    public async Task Told_to_stop_it_breaks_off_and_stays_stopped_over_a_restart_until_it_is_told_to_go_on()
    {
        await using FakePeer peer = FakePeer.Silent();
        await using (Running prober = await StartAsync(peer))
        {
            prober.Publish("auth.attempt", "127.0.0.1");
            await prober.UntilAsync(_ => Task.FromResult(peer.Connections > 0));
            await prober.OrderAsync("""{"action":"stop"}""");
            await prober.UntilAsync(async store => await store.StateAsync(default) == "Stopped");
        }

        int before = peer.Connections;
        await using Running later = await StartAsync(peer);
        later.Publish("auth.attempt", "127.0.0.2");
        await later.UntilAsync(async store => (await store.CountAsync(default)).Known == 2);
        later.Host.Services.GetRequiredService<ProberControl>().State.ShouldBe(ProberState.Stopped);
        peer.Connections.ShouldBe(before);

        await later.OrderAsync("""{"action":"resume","node":"somebody-else"}""");
        await later.OrderAsync("""{"action":"resume"}""");
        await later.UntilAsync(_ => Task.FromResult(peer.Connections > before));
    }

    [Fact]
    public async Task A_rotation_brings_the_next_visit_forward()
    {
        await using FakePeer peer = FakePeer.Answering(_ => Hello);
        await using Running prober = await StartAsync(peer);
        prober.Publish("auth.attempt", "127.0.0.1");
        await prober.UntilAsync(async store => (await store.QueueAsync(1, default)) is [{ Visits: 1 }]);
        DateTimeOffset due = (await prober.Store.QueueAsync(1, default))[0].Due;
        prober.Publish("fingerprint.rotated", "127.0.0.1");
        await prober.UntilAsync(async store => (await store.QueueAsync(1, default))[0].Due < due - TimeSpan.FromHours(3));
    }

    [Fact]
    public async Task Addresses_in_the_log_of_another_collector_are_asked_back()
    {
        await using FakePeer peer = FakePeer.Silent();
        File.WriteAllText(_folder.File("other.jsonl"), "{\"attacker\":{\"ip\":\"127.0.0.5\"}}\n{\"attacker\":{\"ip\":\"10.0.0.1\"}}\n");
        await using Running prober = await StartAsync(peer, ("Probes:Logs:0:Path", _folder.File("other.jsonl")), ("Probes:Logs:0:Field", "attacker.ip"));
        await prober.UntilAsync(async store => (await store.QueueAsync(9, default)) is [{ Address: "127.0.0.5", Reason: "log" }]);
    }

    [Fact]
    public async Task Without_being_asked_for_by_name_it_does_nothing()
    {
        await using FakePeer peer = FakePeer.Silent();
        await using Running prober = await StartAsync(peer, ("Probes:On", "false"));
        prober.Publish("auth.attempt", "127.0.0.1");
        await prober.Host.StopAsync();
        (await prober.Store.CountAsync(default)).Known.ShouldBe(0);
    }

    public void Dispose()
    {
        _results.Dispose();
        _folder.Dispose();
    }

    private Observation Next() => _results.TryTake(out Observation? observation, Patience) ? observation : throw new TimeoutException("nothing was found");

    private async Task<Running> StartAsync(FakePeer peer, params (string Key, string Value)[] settings)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(
        [
            new("Node:Data", _folder.File("data")), new("Node:Name", "test"), new("Outbound:Allow:0", "127.0.0.0/8"), new("Probes:On", "true"), new("Probes:Timeout", "0:00:20"),
            new("Probes:JarmPorts:0", $"{peer.Port}"), new("Probes:HasshPorts:0", "1"), new("Probes:TcpPorts:0", "1"), new("Probes:HttpPorts:0", "1"), new("Probes:Without:0", "certificate"),
            new("Probes:Without:1", "http"), new("Probes:Without:2", "tcp"), new("Probes:Without:3", "hassh"), new("Probes:Without:4", "icmp"), new("Probes:Without:5", "ipv6"),
        ]);
        builder.Configuration.AddInMemoryCollection(settings.Select(each => new KeyValuePair<string, string?>(each.Key, each.Value)));
        builder.Services.AddSingleton(new RunningRoles(Named: false));
        builder.AddStores().AddBus().AddProbes();
        IHost host = builder.Build();
        await host.StartAsync();
        await host.Services.GetRequiredService<IBus>().SubscribeAsync(
            new("results", "observation.probe.#", Durable: false),
            (message, _) =>
            {
                CloudEvents.TryReadBatch(message.Body, out IReadOnlyList<Observation> observations).ShouldBeTrue();
                foreach (Observation observation in observations)
                {
                    _results.Add(observation);
                }

                return Task.CompletedTask;
            },
            default);
        return new(host);
    }

    private sealed class Running(IHost host) : IAsyncDisposable
    {
        public IHost Host => host;

        public ProbesStore Store => host.Services.GetRequiredService<ProbesStore>();

        public ObservationId Publish(string kind, string address, string attributes = """{"session.id":"s"}""")
        {
            ObservationId id = ObservationId.New(TimeProvider.System);
            using JsonDocument document = JsonDocument.Parse(attributes);
            host.Services.GetRequiredService<IObservationSink>().TryPublish(
                new Observation(id, kind, TimeProvider.System.GetUtcNow(), "test", new Subject($"ip:{address}"), document.RootElement.Clone())).ShouldBeTrue();
            return id;
        }

        public async Task OrderAsync(string order) =>
            (await host.Services.GetRequiredService<IBus>().PublishAsync(new(ProberControl.ControlTopic, Encoding.UTF8.GetBytes(order), "application/json"), default)).ShouldBeTrue();

        public async Task UntilAsync(Func<ProbesStore, Task<bool>> condition)
        {
            using CancellationTokenSource late = new(Patience);
            while (!await condition(Store))
            {
                await Task.Delay(20, late.Token);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await host.StopAsync();
            await ((IAsyncDisposable)host).DisposeAsync();
        }
    }
}
