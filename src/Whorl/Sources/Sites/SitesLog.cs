namespace Whorl.Sources.Sites;

/// <summary>What the sites worker tells an operator. Event ids 40000 to 40999.</summary>
internal static partial class SitesLog
{
    [LoggerMessage(40000, LogLevel.Information, "The sites worker {Worker} begins: jobs from {Source}, results to {Sink}; {Jobs} jobs, {Due} due")]
    public static partial void Begins(ILogger log, string worker, RecordSystem source, RecordSystem sink, long jobs, long due);

    [LoggerMessage(40001, LogLevel.Warning, "The visit to {Url} lost its lease and was broken off; somebody else has the job, or will")]
    public static partial void LeaseLost(ILogger log, string url);

    [LoggerMessage(40002, LogLevel.Error, "What came of the visit to {Url} could not be written; its lease runs out, and it is visited anew")]
    public static partial void NotWritten(ILogger log, Exception fault, string url);

    [LoggerMessage(40003, LogLevel.Error, "The visit to {Url} failed by a fault of ours")]
    public static partial void ScanFailed(ILogger log, Exception fault, string url);

    [LoggerMessage(40004, LogLevel.Warning, "{Url} is given up after {Failures} failures in a row; `whorl jobs retry` brings it back")]
    public static partial void GivenUp(ILogger log, string url, int failures);

    [LoggerMessage(40005, LogLevel.Warning, "The sites worker waits for its records: {Reason}")]
    public static partial void RecordsAway(ILogger log, string reason);

    [LoggerMessage(40006, LogLevel.Information, "The records are there again; the sites worker goes on")]
    public static partial void RecordsBack(ILogger log);

    [LoggerMessage(40007, LogLevel.Error, "A step of the sites worker failed and is tried again")]
    public static partial void StepFailed(ILogger log, Exception fault);

    [LoggerMessage(40009, LogLevel.Warning, "The scan of {Url} is kept and could not be told to campaigns and other listeners; it is tried again")]
    public static partial void NotTold(ILogger log, Exception fault, string url);

    [LoggerMessage(40010, LogLevel.Warning, "The journal {Path} cannot be written: {Reason}. Should this process be killed, the next one begins all jobs anew")]
    public static partial void NoJournal(ILogger log, string path, string reason);

    [LoggerMessage(40008, LogLevel.Information, "The sites worker is done: {Jobs} jobs taken in {Loops} loops")]
    public static partial void Done(ILogger log, long jobs, long loops);
}
