using Whorl.Kernel.Content;

namespace Whorl.Analysis.Rules;

internal static partial class RulesLog
{
    [LoggerMessage(5000, LogLevel.Information, "{Rules} rules from {Files} files in force")]
    public static partial void Loaded(ILogger logger, int rules, int files);

    [LoggerMessage(5001, LogLevel.Information, "Rules changed on disk: {Rules} rules in force now")]
    public static partial void Reloaded(ILogger logger, int rules);

    [LoggerMessage(5002, LogLevel.Error, "Rules {Outcome}: {Fault}")]
    public static partial void Fault(ILogger logger, string outcome, ContentFault fault);

    [LoggerMessage(5003, LogLevel.Debug, "The rules folders could not be looked at: {Reason}")]
    public static partial void LookFailed(ILogger logger, string reason);
}
