using System.CommandLine;
using Whorl.Delivery.Cli;
using Whorl.Hosting.Configuration;

namespace Whorl.Hosting;

/// <summary><c>whorl run</c>: starts roles and stays until it is told to stop.</summary>
internal static class RunCommand
{
    public static Option<string?> ConfigOption { get; } = new("--config") { Description = "settings file (YAML or JSON); default: whorl.yaml here, then in /etc/whorl", HelpName = "FILE", Recursive = true };

    public static Command Create()
    {
        Option<string[]> roles = new("--roles")
        {
            Description = "roles to start, by comma: " + string.Join(", ", RoleTable.All.Select(role => role.Name)) + "; default: all",
            AllowMultipleArgumentsPerToken = true,
        };
        Command command = new("run", "start Whorl") { roles };
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(roles) ?? [], parsed.GetValue(ConfigOption), [], cancel));
        return command;
    }

    /// <summary>Starts <paramref name="names"/> (all where empty) and runs until SIGINT, SIGTERM or <paramref name="cancel"/>.</summary>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> names, string? file, IEnumerable<KeyValuePair<string, string?>> overrides, CancellationToken cancel)
    {
        try
        {
            IConfigurationRoot configuration = WhorlConfiguration.Read(file, overrides);
            WebApplication app = WhorlHost.Build(RoleTable.Select(names), configuration, names.Count > 0);
            await using (app)
            {
                await app.StartAsync(cancel);
                await app.WaitForShutdownAsync(cancel);
            }

            return ExitCode.Done;
        }
        catch (ConfigurationException fault)
        {
            foreach (string line in fault.Message.Split('\n'))
            {
                await Console.Error.WriteLineAsync($"error: {line}");
            }

            await Console.Error.WriteLineAsync("hint: `whorl config check` finds every fault without starting; docs/reference/configuration.md lists all keys");
            return ExitCode.WrongUsage;
        }
        catch (IOException fault)
        {
            // An address that is taken, most often.
            await Console.Error.WriteLineAsync($"error: {fault.Message}");
            await Console.Error.WriteLineAsync("hint: choose another address with Console:Listen or Edge:Listen");
            return ExitCode.Failed;
        }
    }
}
