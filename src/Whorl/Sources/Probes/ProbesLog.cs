namespace Whorl.Sources.Probes;

internal static partial class ProbesLog
{
    [LoggerMessage(15000, LogLevel.Information, "The prober begins: {Known} targets known, {Due} due{Manner}")]
    public static partial void Begins(ILogger log, long known, long due, string manner);

    [LoggerMessage(15001, LogLevel.Error, "A visit failed by a fault of ours; its target is visited anew")]
    public static partial void VisitFailed(ILogger log, Exception fault);

    [LoggerMessage(15002, LogLevel.Warning, "The prober waits for the store: {Reason}")]
    public static partial void StoreAway(ILogger log, string reason);

    [LoggerMessage(15003, LogLevel.Information, "The store is there again; the prober goes on")]
    public static partial void StoreBack(ILogger log);

    [LoggerMessage(15004, LogLevel.Information, "The prober was told: {Action}")]
    public static partial void Told(ILogger log, string action);

    [LoggerMessage(15005, LogLevel.Warning, "The log {File} cannot be read: {Reason}; it is tried again")]
    public static partial void LogAway(ILogger log, string file, string reason);

    [LoggerMessage(15006, LogLevel.Warning, "Raw packets are not permitted: TCP/IP stacks are known by connections alone. Give CAP_NET_RAW to change that")]
    public static partial void NoRawPackets(ILogger log);

    [LoggerMessage(15007, LogLevel.Information, "Trimmed {Count} rows of the prober's audit and targets")]
    public static partial void Trimmed(ILogger log, int count);

    [LoggerMessage(15009, LogLevel.Information, "The prober is off: it asks strangers, so it is started by name (--roles prober) or with Probes:On")]
    public static partial void Off(ILogger log);

    [LoggerMessage(15008, LogLevel.Error, "A step of the prober failed and is tried again")]
    public static partial void StepFailed(ILogger log, Exception fault);
}
