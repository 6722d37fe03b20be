namespace Whorl.Stores;

/// <summary>What the stores tell an operator. Event ids 9000 to 9999.</summary>
internal static partial class StoreLog
{
    [LoggerMessage(9001, LogLevel.Warning, "Writer {Writer}: the database does not take a batch of {Rows} rows ({Reason}); it is kept and tried again in {Seconds:0.0} s")]
    public static partial void Waiting(ILogger logger, string writer, int rows, string reason, double seconds);

    [LoggerMessage(9002, LogLevel.Error, "Writer {Writer}: the database refuses a row")]
    public static partial void Refused(ILogger logger, Exception fault, string writer);

    [LoggerMessage(9003, LogLevel.Warning, "Writer {Writer}: {Rows} rows were not stored before the process ended")]
    public static partial void LeftBehind(ILogger logger, string writer, int rows);
}
