namespace Whorl.Sources.Capture;

internal static partial class CaptureLog
{
    [LoggerMessage(2000, LogLevel.Information, "Capture listens on {Interface} by {Method}, {Threads} threads")]
    public static partial void Listening(ILogger log, string @interface, string method, int threads);

    [LoggerMessage(2001, LogLevel.Warning, "Capture does not listen on {Interface}: {Reason}. It is tried again; nothing else stops. {Hint}")]
    public static partial void NotListening(ILogger log, string @interface, string reason, string hint);

    [LoggerMessage(2002, LogLevel.Information, "Capture is off: {Reason}. It starts by itself when there is one")]
    public static partial void Off(ILogger log, string reason);

    [LoggerMessage(2003, LogLevel.Warning, "Capture has nothing to listen on: {Reason}. It is looked for again; nothing else stops")]
    public static partial void NoInterface(ILogger log, string reason);

    [LoggerMessage(2004, LogLevel.Information, "Capture chose {Interfaces}: {Because}")]
    public static partial void Chose(ILogger log, string interfaces, string because);

    [LoggerMessage(2005, LogLevel.Warning, "Capture on {Interface} sees little: {Reason}")]
    public static partial void Blind(ILogger log, string @interface, string reason);

    [LoggerMessage(2006, LogLevel.Warning, "Capture on {Interface}: the kernel dropped {Drops} frames in the last second; a larger Capture:RingMegabytes, more Capture:Threads or a Capture:Filter helps")]
    public static partial void Dropping(ILogger log, string @interface, long drops);

    [LoggerMessage(2007, LogLevel.Error, "Capture on {Interface} failed and is opened again")]
    public static partial void Failed(ILogger log, string @interface, Exception fault);

    [LoggerMessage(2008, LogLevel.Information, "Capture on {Interface} ended: it is no longer chosen")]
    public static partial void Left(ILogger log, string @interface);

    [LoggerMessage(2010, LogLevel.Warning, "The map of addresses {File} cannot be used: {Reason}; the one before stays")]
    public static partial void MapFaulty(ILogger log, string file, string reason);

    [LoggerMessage(2011, LogLevel.Warning, "p0f's signatures cannot be read: {Reason}; stacks are told without the name of a system")]
    public static partial void NoSignatures(ILogger log, string reason);
}
