namespace Whorl.Bus;

/// <summary>A message: bytes under a dotted topic such as <c>observation.http.request</c> or <c>decision.changed</c>.</summary>
internal sealed record BusMessage(string Topic, ReadOnlyMemory<byte> Body, string ContentType);

/// <summary>What a subscriber wants.</summary>
/// <param name="Queue">Name of the queue. Durable subscriptions that name the same queue share its messages; different queues each get every message.</param>
/// <param name="Pattern">Topic with wildcards: <c>*</c> is one word, <c>#</c> is any number of words (AMQP 0-9-1 topic rules).</param>
/// <param name="Durable">
/// True: once made, the queue keeps messages while nobody listens. False: the subscription has a queue of its own, shared with none, gone with it.
/// </param>
internal sealed record Subscription(string Queue, string Pattern, bool Durable)
{
    /// <summary>After so many failed deliveries a message goes to the dead letters.</summary>
    public int MaxTries { get; init; } = 5;

    /// <summary>How many messages the handler may have in hand at once; more than one gives up their order.</summary>
    public int Parallelism { get; init; } = 1;
}

/// <summary>
/// Moves messages between roles. Delivery is at least once: a message counts as handled when the handler's task ended without error;
/// until then it is delivered again, and after <see cref="Subscription.MaxTries"/> it is a dead letter.
/// </summary>
internal interface IBus
{
    /// <summary>
    /// Hands a message over. When the task ends the bus has taken charge of it (queued in process; confirmed by the broker or written to the spool);
    /// false means it was dropped and counted because every bound was reached.
    /// </summary>
    ValueTask<bool> PublishAsync(BusMessage message, CancellationToken cancel);

    /// <summary>
    /// Starts delivering to <paramref name="handler"/>, one message at a time unless the subscription asks for more. Disposing stops:
    /// the handler's token is cancelled and what it had in hand is delivered again to the next subscriber of a durable queue.
    /// </summary>
    ValueTask<IAsyncDisposable> SubscribeAsync(Subscription subscription, Func<BusMessage, CancellationToken, Task> handler, CancellationToken cancel);
}

/// <summary>Thrown by a handler for a message that no further try can help: it becomes a dead letter at once.</summary>
internal sealed class PoisonMessageException(string message) : Exception(message);

/// <summary>What the host needs of a bus besides <see cref="IBus"/>.</summary>
internal interface IBusEngine : IBus
{
    /// <summary>False while messages go to the spool instead of the broker.</summary>
    bool IsConnected { get; }

    /// <summary>Starts connecting; returns when connected, or after a few seconds without.</summary>
    Task StartAsync(CancellationToken cancel);

    /// <summary>Delivers what can still be delivered, then stops all subscriptions.</summary>
    Task CompleteAsync(CancellationToken cancel);
}

/// <summary>Topics of this version.</summary>
internal static class Topics
{
    public const string ObservationPrefix = "observation.";

    /// <summary>Decisions were added or ended; the body is what changed.</summary>
    public const string DecisionChanged = "decision.changed";

    /// <summary>An address should be probed again without delay, because what it showed last may be noise; the body is the address as text.</summary>
    public const string ProbeAgain = "probe.again";
}
