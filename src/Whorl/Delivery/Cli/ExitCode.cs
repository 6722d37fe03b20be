namespace Whorl.Delivery.Cli;

/// <summary>Exit codes of the command line: a contract with scripts.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int WrongUsage = 2;
    public const int PartlyDone = 3;
}
