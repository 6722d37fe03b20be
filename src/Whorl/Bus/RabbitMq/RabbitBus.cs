using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Whorl.Kernel;

namespace Whorl.Bus.RabbitMq;

/// <summary>
/// The bus through a broker. A message is taken charge of when the broker has confirmed it, or when it is on the disk of this node: while the
/// broker is away messages go to the spool, and when it is back the spool is sent, in order, before anything newer.
/// </summary>
internal sealed class RabbitBus : IBusEngine, IAsyncDisposable
{
    private const int ReplayWindow = 64;

    private static readonly TimeSpan ConfirmTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstRest = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(5);

    private readonly string _uri;
    private readonly string _node;
    private readonly TimeProvider _clock;
    private readonly BusMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Spool _spool;
    private readonly Lock _gate = new();
    private readonly List<RabbitConsumer> _consumers = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _firstConnection = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Session? _session;
    private Task _work = Task.CompletedTask;
    private int _disposed;

    public RabbitBus(IOptions<BusOptions> options, IOptions<NodeOptions> node, TimeProvider clock, BusMetrics metrics, ILogger<RabbitBus> logger)
    {
        _uri = options.Value.ReadUri();
        _node = node.Value.Name;
        (_clock, _metrics, _logger) = (clock, metrics, logger);
        _spool = new(Path.Combine(node.Value.Data, "spool"), options.Value.SpoolMegabytes * 1024L * 1024L, logger);
    }

    public bool IsConnected => Volatile.Read(ref _session) is { IsReady: true };

    public async Task StartAsync(CancellationToken cancel)
    {
        _work = Task.Run(RunAsync, CancellationToken.None);
        await _firstConnection.Task.WaitAsync(StartTime, _clock, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask<bool> PublishAsync(BusMessage message, CancellationToken cancel)
    {
        // While older messages are in the spool this one goes behind them.
        if (Volatile.Read(ref _session) is { IsReady: true } session && _spool.IsEmpty && await TrySendAsync(session.Publisher, message, cancel))
        {
            _metrics.Published();
            return true;
        }

        if (_spool.TryAppend(message))
        {
            _metrics.Spooled();
            _metrics.Published();
            return true;
        }

        _metrics.Dropped();
        return false;
    }

    public async ValueTask<IAsyncDisposable> SubscribeAsync(Subscription subscription, Func<BusMessage, CancellationToken, Task> handler, CancellationToken cancel)
    {
        RabbitConsumer consumer = new(subscription, handler, _clock, _metrics, _logger, Forget);
        Task listening = Task.CompletedTask;
        lock (_gate)
        {
            _consumers.Add(consumer);
            if (_session is { } session)
            {
                listening = consumer.Attach(session.Connection, session.Lost.Token);
            }
        }

        // So that what is published from now on reaches it. Without a broker it is attached when there is one.
        await listening.WaitAsync(StartTime, _clock, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return consumer;
    }

    public async Task CompleteAsync(CancellationToken cancel)
    {
        RabbitConsumer[] consumers;
        lock (_gate)
        {
            consumers = [.. _consumers];
        }

        await Task.WhenAll(consumers.Select(consumer => consumer.CompleteAsync(cancel)));
        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        RabbitConsumer[] consumers;
        lock (_gate)
        {
            consumers = [.. _consumers];
        }

        foreach (RabbitConsumer consumer in consumers)
        {
            await consumer.DisposeAsync();
        }

        await _stop.CancelAsync();
        await _work;
        _spool.Dispose();
        _stop.Dispose();
    }

    private void Forget(RabbitConsumer consumer)
    {
        lock (_gate)
        {
            _consumers.Remove(consumer);
        }
    }

    private async Task RunAsync()
    {
        for (int failures = 0; !_stop.IsCancellationRequested;)
        {
            string reason;
            try
            {
                await using Session session = await Session.OpenAsync(_uri, _node, _stop.Token);
                failures = 0;
                _metrics.Connected();
                BusLog.Connected(_logger, RabbitConnection.Describe(_uri));
                await UseAsync(session);
                await ReplayUntilLostAsync(session);
                reason = session.Reason;
            }
            catch (Exception) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                // Whatever it was, the answer is the same: this connection is over, the next may do better.
                reason = RabbitConnection.Reason(fault);
            }
            finally
            {
                Volatile.Write(ref _session, null);
            }

            TimeSpan rest = TimeSpan.FromTicks(Math.Min(LongestRest.Ticks, FirstRest.Ticks << Math.Min(failures++, 10)));
            if (!_stop.IsCancellationRequested)
            {
                BusLog.Disconnected(_logger, RabbitConnection.Describe(_uri), reason, rest.TotalSeconds);
                await Task.Delay(rest, _clock, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task UseAsync(Session session)
    {
        Task[] listening;
        lock (_gate)
        {
            listening = [.. _consumers.Select(consumer => consumer.Attach(session.Connection, session.Lost.Token))];
            _session = session;
        }

        // Queues of this node first: a message for a queue that does not exist yet goes nowhere. Meanwhile messages still go to the spool.
        await Task.WhenAll(listening).WaitAsync(StartTime, _clock, session.Lost.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        session.IsReady = true;
        _firstConnection.TrySetResult();
    }

    private async Task ReplayUntilLostAsync(Session session)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, session.Lost.Token);
        while (!end.IsCancellationRequested)
        {
            long sent = 0;
            while (!_spool.IsEmpty && !end.IsCancellationRequested)
            {
                // Sent in order over one channel; all confirmed, or all sent again.
                IReadOnlyList<BusMessage> window = _spool.Peek(ReplayWindow);
                bool[] confirmed = await Task.WhenAll(window.Select(message => TrySendAsync(session.Publisher, message, end.Token).AsTask()));
                if (confirmed.Contains(false))
                {
                    session.Lose("a message of the spool was not confirmed");
                    break;
                }

                if (window.Count > 0)
                {
                    _spool.RemovePeeked();
                    sent += window.Count;
                }
            }

            if (sent > 0)
            {
                BusLog.SpoolSent(_logger, sent);
            }

            await _spool.WaitAsync(end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async ValueTask<bool> TrySendAsync(IChannel channel, BusMessage message, CancellationToken cancel)
    {
        using CancellationTokenSource deadline = new(ConfirmTime, _clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancel, deadline.Token);
        try
        {
            BasicProperties properties = new() { ContentType = message.ContentType, DeliveryMode = DeliveryModes.Persistent };
            await channel.BasicPublishAsync(RabbitConnection.Exchange, message.Topic, mandatory: false, properties, message.Body, either.Token);
            return true;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested && !_stop.IsCancellationRequested && !deadline.IsCancellationRequested && Volatile.Read(ref _session) is not null)
        {
            throw;
        }
        catch (Exception fault) when (fault is PublishException or AlreadyClosedException or OperationInterruptedException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            // Whether the broker has it is not known; it is sent again, as delivery at least once allows.
            return false;
        }
    }

    /// <summary>One connection with its publishing channel.</summary>
    private sealed class Session : IAsyncDisposable
    {
        private bool _ready;

        private Session(IConnection connection, IChannel publisher)
        {
            (Connection, Publisher) = (connection, publisher);
            connection.ConnectionShutdownAsync += (_, shutdown) =>
            {
                Lose(shutdown.ReplyText);
                return Task.CompletedTask;
            };
            publisher.ChannelShutdownAsync += (_, shutdown) =>
            {
                Lose(shutdown.ReplyText);
                return Task.CompletedTask;
            };
        }

        public IConnection Connection { get; }

        public IChannel Publisher { get; }

        public CancellationTokenSource Lost { get; } = new();

        public string Reason { get; private set; } = "";

        public bool IsReady
        {
            get => Volatile.Read(ref _ready);
            set => Volatile.Write(ref _ready, value);
        }

        public static async Task<Session> OpenAsync(string uri, string node, CancellationToken cancel)
        {
            IConnection connection = await RabbitConnection.OpenAsync(uri, node, cancel);
            try
            {
                IChannel publisher = await connection.CreateChannelAsync(
                    new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancel);
                await RabbitConnection.DeclareAsync(publisher, cancel);
                return new(connection, publisher);
            }
            catch
            {
                await connection.DisposeAsync();
                throw;
            }
        }

        public void Lose(string reason)
        {
            if (!Lost.IsCancellationRequested)
            {
                Reason = reason;

                // Not on this thread: it is the client's own, and waiters of the token close the connection.
                _ = Lost.CancelAsync();
            }
        }

        public async ValueTask DisposeAsync()
        {
            // Consumers may still hold the token, so the source is left to the collector.
            await Lost.CancelAsync();
            await RabbitConnection.CloseAsync(Connection);
        }
    }
}
