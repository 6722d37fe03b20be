using System.Collections.Immutable;
using Microsoft.Extensions.Options;

namespace Whorl.Bus;

/// <summary>
/// The bus within one process. What it has taken charge of lives as long as the process: on an orderly stop everything is delivered first.
/// </summary>
internal sealed class ChannelBus(IOptions<BusOptions> options, TimeProvider clock, BusMetrics metrics, ILogger<ChannelBus> logger) : IBusEngine
{
    // Enough to see what goes wrong; the count goes on when the oldest are forgotten.
    public const int MaxDeadLetters = 1000;

    private readonly TimeProvider _clock = clock;
    private readonly BusMetrics _metrics = metrics;
    private readonly ILogger _logger = logger;
    private readonly Lock _gate = new();
    private readonly Queue<BusMessage> _deadLetters = new();
    private readonly List<Consumer> _consumers = [];
    private ImmutableArray<ChannelQueue> _queues = [];
    private long _deadLetterCount;

    public bool IsConnected => true;

    /// <summary>The last messages that were given up, oldest first.</summary>
    public IReadOnlyList<BusMessage> DeadLetters
    {
        get
        {
            lock (_gate)
            {
                return [.. _deadLetters];
            }
        }
    }

    public long DeadLetterCount => Interlocked.Read(ref _deadLetterCount);

    public Task StartAsync(CancellationToken cancel) => Task.CompletedTask;

    /// <summary>
    /// Never waits: a handler may publish to its own queue. A full queue drops the message for itself alone and the answer is false, so a
    /// publisher that tries again reaches the other queues twice, as delivery at least once allows.
    /// </summary>
    public ValueTask<bool> PublishAsync(BusMessage message, CancellationToken cancel)
    {
        bool kept = true;
        foreach (ChannelQueue queue in _queues)
        {
            if (queue.Wants(message.Topic) && !queue.TryAdd(message))
            {
                if (queue.ShouldReportFull())
                {
                    BusLog.QueueFull(_logger, queue.Name);
                }

                _metrics.Dropped();
                kept = false;
            }
        }

        if (kept)
        {
            _metrics.Published();
        }

        return new(kept);
    }

    public ValueTask<IAsyncDisposable> SubscribeAsync(Subscription subscription, Func<BusMessage, CancellationToken, Task> handler, CancellationToken cancel)
    {
        lock (_gate)
        {
            ChannelQueue? queue = subscription.Durable ? _queues.FirstOrDefault(known => known.Name == subscription.Queue) : null;
            if (queue is null)
            {
                queue = new(subscription.Queue, options.Value.QueueMessages, options.Value.QueueMegabytes * 1024L * 1024L);
                queue.Bind(subscription.Pattern);
                _queues = _queues.Add(queue);
            }
            else
            {
                queue.Bind(subscription.Pattern);
            }

            queue.Consumers++;
            Consumer consumer = new(this, queue, subscription, handler);
            _consumers.Add(consumer);
            return new(consumer);
        }
    }

    public async Task CompleteAsync(CancellationToken cancel)
    {
        Consumer[] consumers;
        lock (_gate)
        {
            consumers = [.. _consumers];
        }

        try
        {
            await Task.WhenAll(consumers.Select(consumer => consumer.Queue.Idle)).WaitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            foreach (ChannelQueue queue in _queues.Where(queue => queue.Pending > 0))
            {
                BusLog.LeftBehind(_logger, queue.Name, queue.Pending);
            }
        }

        foreach (Consumer consumer in consumers)
        {
            await consumer.DisposeAsync();
        }
    }

    private void Forget(Consumer consumer, bool durable)
    {
        lock (_gate)
        {
            _consumers.Remove(consumer);
            consumer.Queue.Consumers--;
            if (!durable)
            {
                _queues = _queues.Remove(consumer.Queue);
            }
        }
    }

    private void Bury(BusMessage message)
    {
        Interlocked.Increment(ref _deadLetterCount);
        _metrics.DeadLetter();
        lock (_gate)
        {
            if (_deadLetters.Count == MaxDeadLetters)
            {
                _deadLetters.Dequeue();
            }

            _deadLetters.Enqueue(message);
        }
    }

    private sealed class Consumer : IAsyncDisposable
    {
        private readonly ChannelBus _bus;
        private readonly Subscription _subscription;
        private readonly Func<BusMessage, CancellationToken, Task> _handler;
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _work;
        private int _disposed;

        public Consumer(ChannelBus bus, ChannelQueue queue, Subscription subscription, Func<BusMessage, CancellationToken, Task> handler)
        {
            _bus = bus;
            Queue = queue;
            _subscription = subscription;
            _handler = handler;
            _work = Task.WhenAll(Enumerable.Range(0, subscription.Parallelism).Select(_ => Task.Run(DeliverAsync)));
        }

        public ChannelQueue Queue { get; }

        public async ValueTask DisposeAsync()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 1)
            {
                return;
            }

            await _stop.CancelAsync();
            await _work;
            _bus.Forget(this, _subscription.Durable);
            _stop.Dispose();
        }

        private async Task DeliverAsync()
        {
            while (true)
            {
                Delivery delivery;
                try
                {
                    delivery = await Queue.TakeAsync(_stop.Token);
                }
                catch (OperationCanceledException)
                {
                    return;
                }

                if (!await TryUntilSettledAsync(delivery))
                {
                    Queue.PutBack(delivery);
                    return;
                }
            }
        }

        /// <summary>False where the subscription ended first. The message rests in hand between tries, so its order is kept.</summary>
        private async Task<bool> TryUntilSettledAsync(Delivery delivery)
        {
            while (true)
            {
                try
                {
                    await _handler(delivery.Message, _stop.Token);
                    Queue.Settle(delivery);
                    return true;
                }
                catch (Exception) when (_stop.IsCancellationRequested)
                {
                    return false;
                }
                catch (Exception fault)
                {
                    if (++delivery.Tries >= _subscription.MaxTries || fault is PoisonMessageException)
                    {
                        BusLog.DeadLetter(_bus._logger, fault, Queue.Name, delivery.Message.Topic, delivery.Tries);
                        _bus.Bury(delivery.Message);
                        Queue.Settle(delivery);
                        return true;
                    }

                    BusLog.DeliveryFailed(_bus._logger, fault, Queue.Name, delivery.Message.Topic, delivery.Tries);
                    _bus._metrics.Redelivered();
                }

                try
                {
                    await Task.Delay(Redelivery.RestAfter(delivery.Tries), _bus._clock, _stop.Token);
                }
                catch (OperationCanceledException)
                {
                    return false;
                }
            }
        }
    }
}
