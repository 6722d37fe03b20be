using System.CommandLine;
using Whorl.Delivery.Cli;
using Whorl.Hosting.Configuration;

namespace Whorl.Hosting;

/// <summary><c>whorl config check|show</c>: the configuration as Whorl reads it, without starting anything.</summary>
internal static class ConfigCommand
{
    private static readonly string[] Secret = ["password", "secret", "key", "token", "uri", "connectionstring"];

    public static Command Create()
    {
        Command check = new("check", "name every fault of the configuration");
        check.SetAction((parsed, cancel) => WithConfigurationAsync(parsed, async configuration =>
        {
            await using WebApplication app = WhorlHost.CreateBuilder(RoleTable.All, configuration).Build();
            IReadOnlyList<string> faults = ConfigurationCheck.Run(app.Services, configuration);
            foreach (string fault in faults)
            {
                await Console.Error.WriteLineAsync($"error: {fault}");
            }

            await Console.Error.WriteLineAsync(faults.Count == 0 ? "no faults" : "hint: docs/reference/configuration.md lists all keys");
            return faults.Count == 0 ? ExitCode.Done : ExitCode.WrongUsage;
        }));

        Command show = new("show", "print every setting that differs from its default, secrets masked");
        show.SetAction((parsed, cancel) => WithConfigurationAsync(parsed, configuration =>
        {
            foreach ((string key, string? value) in configuration.AsEnumerable().Where(pair => pair.Value is not null).OrderBy(pair => pair.Key, StringComparer.OrdinalIgnoreCase))
            {
                string last = key[(key.LastIndexOf(':') + 1)..].ToLowerInvariant();
                Console.WriteLine($"{key}={(Secret.Any(last.Contains) ? "***" : value)}");
            }

            return Task.FromResult(ExitCode.Done);
        }));
        return new Command("config", "check or show the configuration") { check, show };
    }

    private static async Task<int> WithConfigurationAsync(ParseResult parsed, Func<IConfigurationRoot, Task<int>> use)
    {
        try
        {
            return await use(WhorlConfiguration.Read(parsed.GetValue(RunCommand.ConfigOption)));
        }
        catch (ConfigurationException fault)
        {
            await Console.Error.WriteLineAsync($"error: {fault.Message}");
            return ExitCode.WrongUsage;
        }
    }
}
