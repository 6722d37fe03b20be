namespace Whorl.Bus;

/// <summary>What the bus tells an operator. Event ids 3000 to 3999.</summary>
internal static partial class BusLog
{
    [LoggerMessage(3001, LogLevel.Warning, "Queue {Queue}: a message under {Topic} failed (try {Try}), it is delivered again")]
    public static partial void DeliveryFailed(ILogger logger, Exception fault, string queue, string topic, int @try);

    [LoggerMessage(3002, LogLevel.Error, "Queue {Queue}: a message under {Topic} is given up after {Tries} tries and kept as a dead letter")]
    public static partial void DeadLetter(ILogger logger, Exception fault, string queue, string topic, int tries);

    [LoggerMessage(3003, LogLevel.Warning, "Queue {Queue} is full: messages are dropped and counted until it drains")]
    public static partial void QueueFull(ILogger logger, string queue);

    [LoggerMessage(3004, LogLevel.Warning, "Queue {Queue}: {Count} messages could not be delivered before the process ended")]
    public static partial void LeftBehind(ILogger logger, string queue, int count);

    [LoggerMessage(3005, LogLevel.Error, "Observations could not be handed to the bus")]
    public static partial void OutboxFailed(ILogger logger, Exception fault);

    [LoggerMessage(3010, LogLevel.Information, "Connected to the broker at {Broker}")]
    public static partial void Connected(ILogger logger, string broker);

    [LoggerMessage(3011, LogLevel.Warning, "No connection to the broker at {Broker} ({Reason}): messages go to the spool; trying again in {Seconds:0.0} s")]
    public static partial void Disconnected(ILogger logger, string broker, string reason, double seconds);

    [LoggerMessage(3012, LogLevel.Information, "Sent {Count} messages from the spool to the broker")]
    public static partial void SpoolSent(ILogger logger, long count);

    [LoggerMessage(3013, LogLevel.Warning, "The spool is full ({Megabytes} MB): messages are dropped and counted until the broker is back")]
    public static partial void SpoolFull(ILogger logger, int megabytes);

    [LoggerMessage(3014, LogLevel.Warning, "Spool file {File}: the last {Bytes} bytes are no whole message and are passed over (the process or machine died while writing)")]
    public static partial void SpoolTorn(ILogger logger, string file, long bytes);

    [LoggerMessage(3015, LogLevel.Error, "The spool cannot be written: messages are dropped and counted")]
    public static partial void SpoolFailed(ILogger logger, Exception fault);

    [LoggerMessage(3016, LogLevel.Warning, "Subscribing to queue {Queue} failed; it is tried again")]
    public static partial void SubscribeFailed(ILogger logger, Exception fault, string queue);
}
