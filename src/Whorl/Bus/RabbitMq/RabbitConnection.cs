using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Whorl.Kernel;

namespace Whorl.Bus.RabbitMq;

/// <summary>
/// Names and shapes at the broker: one durable topic exchange; a durable queue is a quorum queue, any other is exclusive to its connection;
/// what is given up goes through a fanout exchange to one bounded queue.
/// </summary>
internal static class RabbitConnection
{
    public const string Exchange = "whorl";
    public const string DeadLetters = "whorl.dead";

    // Enough to see what goes wrong; the oldest make room.
    private const int MaxDeadLetters = 10_000;

    // Consumers count tries themselves. This is for a message that ends its consumer's process each time, before it can be counted.
    private const int MaxDeliveries = 100;

    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(2);

    public static string QueueName(Subscription subscription) => "whorl." + subscription.Queue;

    public static async Task<IConnection> OpenAsync(string uri, string node, CancellationToken cancel)
    {
        ConnectionFactory factory = new()
        {
            Uri = new Uri(uri),
            ClientProvidedName = "whorl " + node,

            // Recovery is the bus's own: it knows what to do with messages meanwhile.
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            RequestedConnectionTimeout = ConnectTime,
            ContinuationTimeout = ConnectTime * 2,
            RequestedHeartbeat = TimeSpan.FromSeconds(10),
        };
        return await factory.CreateConnectionAsync(cancel);
    }

    public static async Task DeclareAsync(IChannel channel, CancellationToken cancel)
    {
        await channel.ExchangeDeclareAsync(Exchange, ExchangeType.Topic, durable: true, autoDelete: false, cancellationToken: cancel);
        await channel.ExchangeDeclareAsync(DeadLetters, ExchangeType.Fanout, durable: true, autoDelete: false, cancellationToken: cancel);
        await channel.QueueDeclareAsync(DeadLetters, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["x-queue-type"] = "quorum",
            ["x-max-length"] = MaxDeadLetters,
            ["x-overflow"] = "drop-head",
        }, cancellationToken: cancel);
        await channel.QueueBindAsync(DeadLetters, DeadLetters, "", cancellationToken: cancel);
    }

    /// <summary>Makes the queue of a subscription and binds it; its name at the broker is returned.</summary>
    public static async Task<string> DeclareAsync(IChannel channel, Subscription subscription, CancellationToken cancel)
    {
        Dictionary<string, object?> arguments = new(StringComparer.Ordinal) { ["x-dead-letter-exchange"] = DeadLetters };
        if (subscription.Durable)
        {
            // The same for every durable queue: the broker refuses a queue whose arguments have changed.
            arguments["x-queue-type"] = "quorum";
            arguments["x-delivery-limit"] = MaxDeliveries;
        }

        QueueDeclareOk queue = await channel.QueueDeclareAsync(
            subscription.Durable ? QueueName(subscription) : "",
            durable: subscription.Durable,
            exclusive: !subscription.Durable,
            autoDelete: !subscription.Durable,
            arguments,
            cancellationToken: cancel);
        await channel.QueueBindAsync(queue.QueueName, Exchange, subscription.Pattern, cancellationToken: cancel);
        return queue.QueueName;
    }

    /// <summary>Says goodbye if anybody listens. The client may wait for an answer that a lost broker never gives, so it gets a deadline.</summary>
    public static async Task CloseAsync(IChannel channel)
    {
        if (channel.IsOpen)
        {
            await channel.CloseAsync(Constants.ReplySuccess, "", abort: true, CancellationToken.None).WaitAsync(CloseTime).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The same for a connection and all it has open.</summary>
    public static async Task CloseAsync(IConnection connection) =>
        await connection.CloseAsync(Constants.ReplySuccess, "", CloseTime, abort: true, CancellationToken.None).WaitAsync(CloseTime * 2).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>Where the broker is, without the password.</summary>
    public static string Describe(string uri) => new Uri(uri) is { } address ? $"{address.Host}:{(address.Port > 0 ? address.Port : 5672)}" : uri;

    public static async Task<DoctorFinding> ProbeAsync(string uri, CancellationToken cancel)
    {
        try
        {
            await using IConnection connection = await OpenAsync(uri, "doctor", cancel);
            string version = connection.ServerProperties?.TryGetValue("version", out object? value) == true && value is byte[] text
                ? System.Text.Encoding.UTF8.GetString(text)
                : "unknown";
            return new("bus: RabbitMQ", true, $"version {version}, {Describe(uri)}", null);
        }
        catch (Exception fault) when (fault is BrokerUnreachableException or IOException or OperationInterruptedException)
        {
            return new("bus: RabbitMQ", false, $"no connection to {Describe(uri)}: {Reason(fault)}", "Check that the broker runs and what Bus:Uri or Bus:UriFile says");
        }
    }

    /// <summary>The innermost message: the client wraps it in two that say nothing.</summary>
    public static string Reason(Exception fault)
    {
        while (fault.InnerException is { } inner)
        {
            fault = inner;
        }

        return fault.Message;
    }
}
