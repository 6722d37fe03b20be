namespace Whorl.Analysis.Decisions;

/// <summary>What decisions tell an operator. Event ids 4000 to 4999.</summary>
internal static partial class DecisionLog
{
    [LoggerMessage(4001, LogLevel.Information, "{Count} decisions loaded (change {Number})")]
    public static partial void Loaded(ILogger logger, int count, long number);

    [LoggerMessage(4002, LogLevel.Warning, "The store does not answer: the {Count} decisions at hand stay in force, changes made elsewhere arrive by bus alone")]
    public static partial void StoreAway(ILogger logger, Exception fault, int count);

    [LoggerMessage(4003, LogLevel.Information, "The store answers again; decisions are at change {Number}")]
    public static partial void StoreBack(ILogger logger, long number);

    [LoggerMessage(4004, LogLevel.Warning, "Started with {Count} decisions of the last snapshot (change {Number}), because the store does not answer")]
    public static partial void FromSnapshot(ILogger logger, int count, long number);

    [LoggerMessage(4005, LogLevel.Warning, "{Count} stored decisions have a value that this version cannot read; they are not enforced")]
    public static partial void Unreadable(ILogger logger, int count);

    [LoggerMessage(4006, LogLevel.Warning, "The snapshot of decisions cannot be written; a start without the store would know none")]
    public static partial void SnapshotFailed(ILogger logger, Exception fault);

    [LoggerMessage(4007, LogLevel.Warning, "Old decisions could not be removed from the store; it is tried again")]
    public static partial void PruneFailed(ILogger logger, Exception fault);

    [LoggerMessage(4008, LogLevel.Warning, "Change {Number} of the decisions was not published: other nodes find it at their next look into the store")]
    public static partial void NotPublished(ILogger logger, long number);

    [LoggerMessage(4009, LogLevel.Debug, "A message about decisions could not be read; the store was asked instead")]
    public static partial void UnknownMessage(ILogger logger);
}
