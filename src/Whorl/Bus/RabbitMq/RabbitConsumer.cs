using System.Globalization;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Whorl.Bus.RabbitMq;

/// <summary>One subscription: holds a channel while there is a connection, acknowledges after the handler, and counts tries.</summary>
internal sealed class RabbitConsumer(
    Subscription subscription,
    Func<BusMessage, CancellationToken, Task> handler,
    TimeProvider clock,
    BusMetrics metrics,
    ILogger logger,
    Action<RabbitConsumer> ended) : IAsyncDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource? _idle;
    private Task _work = Task.CompletedTask;
    private int _inHand;
    private int _disposed;

    /// <summary>
    /// Listens over this connection until it is lost; then the next one is given here. The task ends when the queue is made and listened to.
    /// </summary>
    public Task Attach(IConnection connection, CancellationToken lost)
    {
        TaskCompletionSource listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _work = AttachAsync(_work, connection, listening, lost);
        }

        return listening.Task;
    }

    /// <summary>Takes no new messages, and ends when those in hand are done.</summary>
    public async Task CompleteAsync(CancellationToken cancel)
    {
        Task idle;
        lock (_gate)
        {
            _idle ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_inHand == 0)
            {
                _idle.TrySetResult();
            }

            idle = _idle.Task;
        }

        await idle.WaitAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        await _stop.CancelAsync();
        Task work;
        lock (_gate)
        {
            work = _work;
        }

        await work;
        ended(this);
        _stop.Dispose();
    }

    private async Task AttachAsync(Task before, IConnection connection, TaskCompletionSource listening, CancellationToken lost)
    {
        await before;
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, lost);
        while (!end.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(connection, listening, end.Token);
            }
            catch (Exception) when (end.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is OperationInterruptedException or AlreadyClosedException or IOException or OperationCanceledException or TimeoutException)
            {
                BusLog.SubscribeFailed(logger, fault, subscription.Queue);
            }

            await Task.Delay(RetryAfter, clock, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Ends when the channel is closed, by whomever.</summary>
    private async Task ListenAsync(IConnection connection, TaskCompletionSource listening, CancellationToken end)
    {
        // The limit on what is in hand is also the number delivered ahead: a message that waits here could be another node's.
        ushort inHand = (ushort)Math.Clamp(subscription.Parallelism, 1, 1000);
        IChannel channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: false, publisherConfirmationTrackingEnabled: false, consumerDispatchConcurrency: inHand), end);
        TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        channel.ChannelShutdownAsync += (_, _) =>
        {
            closed.TrySetResult();
            return Task.CompletedTask;
        };
        try
        {
            await channel.BasicQosAsync(0, inHand, global: false, end);
            string queue = await RabbitConnection.DeclareAsync(channel, subscription, end);
            AsyncEventingBasicConsumer consumer = new(channel);
            consumer.ReceivedAsync += (_, delivery) => DeliverAsync(channel, delivery);
            consumer.UnregisteredAsync += (_, _) =>
            {
                closed.TrySetResult(); // The queue was deleted at the broker: make it again.
                return Task.CompletedTask;
            };
            await channel.BasicConsumeAsync(queue, autoAck: false, consumer, end);
            listening.TrySetResult();
            await closed.Task.WaitAsync(end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            await RabbitConnection.CloseAsync(channel);
        }
    }

    private async Task DeliverAsync(IChannel channel, BasicDeliverEventArgs delivery)
    {
        lock (_gate)
        {
            if (_idle is not null)
            {
                return; // Not acknowledged: it goes back when the channel closes.
            }

            _inHand++;
        }

        try
        {
            await TryUntilSettledAsync(channel, delivery);
        }
        catch (Exception fault) when (fault is AlreadyClosedException or OperationInterruptedException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The channel went before the answer could be given, or the subscription ended: the broker delivers the message again.
        }
        finally
        {
            lock (_gate)
            {
                if (--_inHand == 0)
                {
                    _idle?.TrySetResult();
                }
            }
        }
    }

    private async Task TryUntilSettledAsync(IChannel channel, BasicDeliverEventArgs delivery)
    {
        BusMessage message = new(delivery.RoutingKey, delivery.Body.ToArray(), delivery.BasicProperties.ContentType ?? "application/octet-stream");
        int tries = EarlierDeliveries(delivery.BasicProperties);
        while (true)
        {
            try
            {
                await handler(message, _stop.Token);
            }
            catch (Exception) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                if (++tries >= subscription.MaxTries || fault is PoisonMessageException)
                {
                    BusLog.DeadLetter(logger, fault, subscription.Queue, message.Topic, tries);
                    metrics.DeadLetter();
                    await channel.BasicRejectAsync(delivery.DeliveryTag, requeue: false, CancellationToken.None);
                    return;
                }

                BusLog.DeliveryFailed(logger, fault, subscription.Queue, message.Topic, tries);
                metrics.Redelivered();
                await Task.Delay(Redelivery.RestAfter(tries), clock, _stop.Token);
                if (subscription.Durable)
                {
                    // Another node may do better. A quorum queue counts; an exclusive one does not, and has no other consumer.
                    await channel.BasicNackAsync(delivery.DeliveryTag, multiple: false, requeue: true, CancellationToken.None);
                    return;
                }

                continue;
            }

            await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, CancellationToken.None);
            return;
        }
    }

    private static int EarlierDeliveries(IReadOnlyBasicProperties properties) =>
        properties.Headers?.TryGetValue("x-delivery-count", out object? count) == true && count is IConvertible number
            ? number.ToInt32(CultureInfo.InvariantCulture)
            : 0;
}
