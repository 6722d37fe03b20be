using Microsoft.Extensions.Options;
using Whorl.Bus;
using Whorl.Delivery.WebConsole.Overview;
using Whorl.Delivery.WebConsole.Requests;
using Whorl.Kernel;

namespace Whorl.Delivery.WebConsole;

/// <summary>Listens on the bus for what the live pages show. Queues die with the process: what is missed meanwhile is in the journal.</summary>
internal sealed class ConsoleWorker(IBus bus, LiveRequests requests, SummaryHistory summaries, IOptions<NodeOptions> node) : IHostedService, IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _subscriptions = [];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _subscriptions.Add(await bus.SubscribeAsync(Queue("requests", "http.request"), (message, _) => Take(message, requests.Add), cancellationToken));
        _subscriptions.Add(await bus.SubscribeAsync(Queue("summaries", "edge.summary"), (message, _) => Take(message, summaries.Add), cancellationToken));
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
