using Whorl.Analysis.Rules;
using Whorl.Delivery.Cli;
using Whorl.Kernel;

namespace Whorl.Hosting.Configuration;

/// <summary>Where the configuration says rules are, for verbs that look at them without starting anything.</summary>
internal static class ConfiguredRules
{
    /// <summary>The paths; null, after saying why, where the configuration cannot be read.</summary>
    public static IReadOnlyList<string>? Paths(string? file)
    {
        try
        {
            IConfigurationRoot configuration = WhorlConfiguration.Read(file);
            RulesOptions rules = configuration.GetSection(RulesOptions.Section).Get<RulesOptions>() ?? new();
            NodeOptions node = configuration.GetSection(NodeOptions.Section).Get<NodeOptions>() ?? new();
            return rules.PathsFor(node.Data);
        }
        catch (ConfigurationException fault)
        {
            Output.Console.Fail(fault.Message, "`whorl config check` finds every fault");
            return null;
        }
    }
}
