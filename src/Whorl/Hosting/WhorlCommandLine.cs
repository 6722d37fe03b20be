using System.CommandLine;
using Whorl.Delivery.Cli;
using Whorl.Hosting.Configuration;

namespace Whorl.Hosting;

/// <summary>The whole command line: the verbs that start or look at a host, and those that talk to a running one.</summary>
internal static class WhorlCommandLine
{
    public static RootCommand Create()
    {
        RootCommand root = CommandLine.Create(
            RunCommand.Create(), DoctorCommand.Create(), ConfigCommand.Create(),
            RulesCommand.Create(parsed => ConfiguredRules.Paths(parsed.GetValue(RunCommand.ConfigOption))));
        root.Add(RunCommand.ConfigOption);
        return root;
    }
}
