namespace Whorl.Analysis.Intel;

/// <summary>What lists of known fingerprints tell an operator. Event ids 11000 to 11999.</summary>
internal static partial class SignaturesLog
{
    [LoggerMessage(11001, LogLevel.Information, "{Count} known fingerprints loaded from {Files} lists")]
    public static partial void Loaded(ILogger logger, int count, int files);

    [LoggerMessage(11002, LogLevel.Warning, "The list {File}: {Fault}")]
    public static partial void Fault(ILogger logger, string file, string fault);

    [LoggerMessage(11003, LogLevel.Warning, "Lists of known fingerprints could not be looked for: {Reason}; it is tried again")]
    public static partial void LookFailed(ILogger logger, string reason);

    [LoggerMessage(11004, LogLevel.Warning, "The list at {Address} could not be fetched ({Reason}); the copy from before stays in force, and it is tried again in {Rest}")]
    public static partial void NotFetched(ILogger logger, Uri address, string reason, TimeSpan rest);
}
