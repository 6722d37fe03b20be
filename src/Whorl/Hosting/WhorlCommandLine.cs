using System.CommandLine;
using Whorl.Delivery.Cli;
using Whorl.Delivery.Cli.Capturing;
using Whorl.Delivery.Cli.Hashing;
using Whorl.Delivery.Cli.Probing;
using Whorl.Delivery.Cli.Sites;
using Whorl.Hosting.Configuration;

namespace Whorl.Hosting;

/// <summary>The whole command line: the verbs that start or look at a host, and those that talk to a running one.</summary>
internal static class WhorlCommandLine
{
    /// <summary>Runs one command line; what the parser refuses is wrong usage, which scripts tell from failure.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        ParseResult parsed = Create().Parse(args);
        int code = await parsed.InvokeAsync();
        return parsed.Errors.Count > 0 ? ExitCode.WrongUsage : code;
    }

    public static RootCommand Create()
    {
        LocalNode node = new(OpenNode);
        RootCommand root = CommandLine.Create(
            RunCommand.Create(), EdgeCommand.Create(), DoctorCommand.Create(), ConfigCommand.Create(),
            DecisionsCommand.Create(node, Output.Console, TimeProvider.System), KeysCommand.Create(node, Output.Console),
            UserCommand.Create(node, Output.Console), ExplainCommand.Create(node, Output.Console),
            CaptureCommand.Create(Output.Console, StandardOutput.Open), HashCommand.Create(Output.Console, Console.OpenStandardInput),
            CompareCommand.Create(Output.Console, Console.OpenStandardInput),
            ProbeCommand.Create(ReadConfiguration, Output.Console, Console.OpenStandardInput, TimeProvider.System),
            JobsCommand.Create(node, Output.Console, Console.OpenStandardInput, TimeProvider.System),
            SiteCommand.Create(node, Output.Console, Console.OpenStandardInput, TimeProvider.System),
            CampaignsCommand.Create(node, Output.Console, Console.OpenStandardOutput),
            RulesCommand.Create(parsed => ConfiguredRules.Paths(parsed.GetValue(RunCommand.ConfigOption)), Output.Console));
        root.Add(RunCommand.ConfigOption);
        return root;
    }

    // Everything this machine's configuration asks for, nothing started: for verbs that work on the store itself.
    private static WebApplication? OpenNode(ParseResult parsed)
    {
        if (ReadConfiguration(parsed) is not { } configuration)
        {
            return null;
        }

        WebApplicationBuilder builder = WhorlHost.CreateBuilder(RoleTable.All, configuration);
        builder.Logging.ClearProviders();
        return builder.Build();
    }

    private static IConfiguration? ReadConfiguration(ParseResult parsed)
    {
        try
        {
            return WhorlConfiguration.Read(parsed.GetValue(RunCommand.ConfigOption));
        }
        catch (ConfigurationException fault)
        {
            Output.Console.Fail(fault.Message, "`whorl config check` finds every fault; docs/reference/configuration.md lists all keys");
            return null;
        }
    }
}
