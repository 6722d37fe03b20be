using Microsoft.Extensions.Options;
using Whorl.Bus;
using Whorl.Delivery.WebConsole.Captures;
using Whorl.Delivery.WebConsole.Decoys;
using Whorl.Delivery.WebConsole.Overview;
using Whorl.Delivery.WebConsole.Prober;
using Whorl.Delivery.WebConsole.Requests;
using Whorl.Kernel;
using Whorl.Sources.Decoys;
using Whorl.Sources.Probes;

namespace Whorl.Delivery.WebConsole;

/// <summary>Listens on the bus for what the live pages show. Queues die with the process: what is missed meanwhile is in the journal.</summary>
internal sealed class ConsoleWorker(IBus bus, LiveRequests requests, SummaryHistory summaries, CaptureLive captures, ProberLive probers, DecoysLive decoys, IOptions<NodeOptions> node) : IHostedService, IAsyncDisposable
{
    // Ends of conversations are many and tell little in a live list; the journal and the pages of addresses have them.
    private static readonly string[] CapturedFamilies = ["tcp", "tls", "quic", "dtls", "ssh", "ipv6", "icmp"];

    private readonly List<IAsyncDisposable> _subscriptions = [];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _subscriptions.Add(await bus.SubscribeAsync(Queue("requests", "http.request"), (message, _) => Take(message, requests.Add), cancellationToken));
        _subscriptions.Add(await bus.SubscribeAsync(Queue("summaries", "edge.summary"), (message, _) => Take(message, summaries.Add), cancellationToken));
        _subscriptions.Add(await bus.SubscribeAsync(Queue("capture-summaries", "capture.summary"), (message, _) => Take(message, captures.AddSummaries), cancellationToken));
        _subscriptions.Add(await bus.SubscribeAsync(new($"console.{node.Value.Name}.probers", ProberControl.HealthTopic, Durable: false), (message, _) => Take(message, probers.Add), cancellationToken));
        _subscriptions.Add(await bus.SubscribeAsync(new($"console.{node.Value.Name}.decoys", DecoysBeat.Topic, Durable: false), (message, _) => Take(message, decoys.Add), cancellationToken));
        foreach (string family in CapturedFamilies)
        {
            _subscriptions.Add(await bus.SubscribeAsync(Queue("captured-" + family, family + ".*"), (message, _) => Take(message, captures.Newest.Add), cancellationToken));
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken) => await DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable subscription in _subscriptions)
        {
            await subscription.DisposeAsync();
        }

        _subscriptions.Clear();
    }

    private static Task Take(BusMessage message, Action<ReadOnlyMemory<byte>> add)
    {
        add(message.Body);
        return Task.CompletedTask;
    }

    private Subscription Queue(string name, string kind) => new($"console.{node.Value.Name}.{name}", Topics.ObservationPrefix + kind, Durable: false);
}
