namespace Whorl.Sources.Edge;

internal static partial class EdgeLog
{
    [LoggerMessage(1000, LogLevel.Information, "Edge listens on {Address}")]
    public static partial void Listening(ILogger log, string address);

    [LoggerMessage(1001, LogLevel.Information, "Edge protects {Site}: {Hosts} to {Upstreams}")]
    public static partial void Protects(ILogger log, string site, string hosts, string upstreams);

    [LoggerMessage(1002, LogLevel.Warning, "Upstream {Upstream} of {Site} failed: {Kind}; reference {Reference}")]
    public static partial void UpstreamFailed(ILogger log, string upstream, string site, Forwarding.ForwardResult kind, string reference);

    [LoggerMessage(1003, LogLevel.Error, "Judging failed; requests pass unjudged until it works again")]
    public static partial void JudgeFailed(ILogger log, Exception fault);

    [LoggerMessage(1004, LogLevel.Error, "Observations could not be handed over; they are dropped and counted")]
    public static partial void SinkFailed(ILogger log, Exception fault);

    [LoggerMessage(1005, LogLevel.Information, "Edge drains {Active} requests")]
    public static partial void Draining(ILogger log, int active);

    [LoggerMessage(1006, LogLevel.Debug, "robots.txt of {Site} could not be had: {Reason}")]
    public static partial void RobotsUnknown(ILogger log, string site, string reason);

    [LoggerMessage(1007, LogLevel.Error, "A request failed inside the edge; reference {Reference}")]
    public static partial void Failed(ILogger log, string reference, Exception fault);

    [LoggerMessage(1008, LogLevel.Error, "Recording stopped unexpectedly and is started again")]
    public static partial void RecorderFailed(ILogger log, Exception fault);
}
