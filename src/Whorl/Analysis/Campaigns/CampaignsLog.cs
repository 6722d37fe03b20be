namespace Whorl.Analysis.Campaigns;

/// <summary>What campaigns tell an operator. Event ids 43000 to 43999.</summary>
internal static partial class CampaignsLog
{
    [LoggerMessage(43001, LogLevel.Warning, "{File}:{Line} is no feature and was left out")]
    public static partial void BadLine(ILogger logger, string file, int line);

    [LoggerMessage(43002, LogLevel.Warning, "{File} cannot be read, and what it lists is not ignored: {Reason}")]
    public static partial void Unreadable(ILogger logger, string file, string reason);

    [LoggerMessage(43003, LogLevel.Information, "{Sites} sites with {Features} features make {Campaigns} campaigns; linked in {Seconds:F1} s")]
    public static partial void Loaded(ILogger logger, int sites, int features, int campaigns, double seconds);

    [LoggerMessage(43004, LogLevel.Warning, "Another node has linked sites too; everything is read again")]
    public static partial void Overtaken(ILogger logger);

    [LoggerMessage(43005, LogLevel.Warning, "Changes of campaigns that were not published yet could not be looked for; it is tried again")]
    public static partial void SweepFailed(ILogger logger, Exception fault);

    [LoggerMessage(43006, LogLevel.Warning, "The change {Id} of a campaign was not published; it is tried again")]
    public static partial void NotPublished(ILogger logger, string id);

    [LoggerMessage(43007, LogLevel.Error, "Campaigns could not be read from the store; scans wait")]
    public static partial void LoadFailed(ILogger logger, Exception fault);

    [LoggerMessage(43008, LogLevel.Warning, "A change of campaigns could not be written and is tried again: {Reason}")]
    public static partial void WrittenAgain(ILogger logger, string reason);

    [LoggerMessage(43009, LogLevel.Information, "Another analyst links sites; this one stands by and takes over when that one is gone")]
    public static partial void StandsBy(ILogger logger);

    [LoggerMessage(43010, LogLevel.Information, "This analyst links sites from now on")]
    public static partial void Leads(ILogger logger);
}
