namespace Whorl.Sources.Decoys;

internal static partial class DecoysLog
{
    [LoggerMessage(13000, LogLevel.Information, "Decoy {Decoy} pretends {Service} on {Place}")]
    public static partial void Listening(ILogger log, string decoy, string service, string place);

    [LoggerMessage(13001, LogLevel.Warning, "Decoy {Decoy} cannot pretend {Service} on {Place}: {Reason}. It is tried again; the others run. {Hint}")]
    public static partial void NotListening(ILogger log, string decoy, string service, string place, string reason, string hint);

    [LoggerMessage(13002, LogLevel.Information, "No decoys: Decoys:Fleet is empty")]
    public static partial void NoFleet(ILogger log);

    [LoggerMessage(13003, LogLevel.Error, "A conversation with decoy {Decoy}, {Service}, ended by a fault of its own")]
    public static partial void Failed(ILogger log, string decoy, string service, Exception fault);

    [LoggerMessage(13004, LogLevel.Error, "Decoy {Decoy}, {Service}, on {Place} stopped listening and begins again: {Reason}")]
    public static partial void Broke(ILogger log, string decoy, string service, string place, string reason);

    [LoggerMessage(13005, LogLevel.Warning, "The object store is full ({Megabytes} MB): payloads are told but no longer kept. Objects:Megabytes, or clear the folder objects")]
    public static partial void ObjectsFull(ILogger log, long megabytes);
}
