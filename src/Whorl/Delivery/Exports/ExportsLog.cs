namespace Whorl.Delivery.Exports;

/// <summary>What the exports tell an operator. Event ids 7000 to 7999.</summary>
internal static partial class ExportsLog
{
    [LoggerMessage(7000, LogLevel.Warning, "Observations cannot be written to {File} ({Reason}); they wait on the bus until they can")]
    public static partial void CannotWrite(ILogger logger, string file, string reason);

    [LoggerMessage(7001, LogLevel.Information, "Observations are written to {File} again")]
    public static partial void WritesAgain(ILogger logger, string file);

    [LoggerMessage(7002, LogLevel.Warning, "{File} ended in the middle of a line, as after a crash; {Bytes} bytes were cut off")]
    public static partial void CutHalfLine(ILogger logger, string file, long bytes);

    [LoggerMessage(7003, LogLevel.Warning, "An export that was put aside cannot be deleted: {Reason}")]
    public static partial void CannotDelete(ILogger logger, string reason);
}
