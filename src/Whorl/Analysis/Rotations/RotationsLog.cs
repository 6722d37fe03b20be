namespace Whorl.Analysis.Rotations;

/// <summary>What rotations tell an operator. Event ids 10000 to 10999.</summary>
internal static partial class RotationsLog
{
    [LoggerMessage(10001, LogLevel.Warning, "Rotations that were not published yet could not be looked for; it is tried again")]
    public static partial void SweepFailed(ILogger logger, Exception fault);

    [LoggerMessage(10002, LogLevel.Warning, "The rotation {Id} was not published; it is tried again")]
    public static partial void NotPublished(ILogger logger, string id);
}
