namespace Whorl.Delivery.WebConsole;

/// <summary>Event ids 6000 to 6999.</summary>
internal static partial class ConsoleLog
{
    [LoggerMessage(6000, LogLevel.Information, "Console on {Address}")]
    public static partial void Listening(ILogger logger, string address);

    [LoggerMessage(6001, LogLevel.Warning, "Sign-in of {Name} from {Address} failed")]
    public static partial void SignInFailed(ILogger logger, string name, string address);

    [LoggerMessage(6002, LogLevel.Information, "{Name} signed in from {Address}")]
    public static partial void SignedIn(ILogger logger, string name, string address);

    [LoggerMessage(6003, LogLevel.Warning, "Sign-in from {Address} refused for {Seconds} s after too many failures")]
    public static partial void Throttled(ILogger logger, string address, int seconds);

    [LoggerMessage(6004, LogLevel.Information, "{Name} set a password by a sign-in link, from {Address}")]
    public static partial void LinkUsed(ILogger logger, string name, string address);

    [LoggerMessage(6005, LogLevel.Warning, "No account store: the console shows pages to nobody until one is configured")]
    public static partial void NoStore(ILogger logger);

    [LoggerMessage(6006, LogLevel.Warning, "A request to the console failed because the store does not answer (reference {Reference})")]
    public static partial void StoreFailed(ILogger logger, string reference, Exception fault);

    [LoggerMessage(6007, LogLevel.Error, "A request to the console failed (reference {Reference})")]
    public static partial void Failed(ILogger logger, string reference, Exception fault);
}
