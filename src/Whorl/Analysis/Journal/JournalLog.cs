namespace Whorl.Analysis.Journal;

/// <summary>What the journal tells an operator. Event ids 8000 to 8999.</summary>
internal static partial class JournalLog
{
    [LoggerMessage(8001, LogLevel.Warning, "The journal could not be opened yet ({Reason}); observations wait on the bus")]
    public static partial void NotOpen(ILogger logger, string reason);

    [LoggerMessage(8002, LogLevel.Information, "Deleted {Count} blocks (SQLite) or days (PostgreSQL) of observations that were too old or too many")]
    public static partial void Trimmed(ILogger logger, int count);

    [LoggerMessage(8003, LogLevel.Warning, "Deleting old observations failed; it is tried again in a minute")]
    public static partial void TrimFailed(ILogger logger, Exception fault);
}
