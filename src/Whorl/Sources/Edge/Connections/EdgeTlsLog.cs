namespace Whorl.Sources.Edge.Connections;

internal static partial class EdgeTlsLog
{
    [LoggerMessage(1101, LogLevel.Information, "Certificates read again ({Count} configured)")]
    public static partial void Reloaded(ILogger logger, int count);

    [LoggerMessage(1102, LogLevel.Error, "Certificates changed but cannot be read; the old ones stay in use: {Reason}")]
    public static partial void NotReloaded(ILogger logger, string reason);
}
