using Whorl.Sources.Sites;

namespace Whorl.Hosting.Configuration;

/// <summary>
/// Where settings come from, later ones winning: a file (<c>--config</c>, else the first of whorl.yaml, whorl.json here or in /etc/whorl),
/// the variables of <see cref="SitesVariables"/>, environment variables <c>WHORL_Section__Key</c>, the command line.
/// </summary>
internal static class WhorlConfiguration
{
    private static readonly string[] DefaultFiles = ["whorl.yaml", "whorl.json", "/etc/whorl/whorl.yaml", "/etc/whorl/whorl.json"];

    /// <param name="variable">Reads an environment variable without the prefix; those of this process where it is not given.</param>
    public static IConfigurationRoot Read(string? file, IEnumerable<KeyValuePair<string, string?>>? overrides = null, Func<string, string?>? variable = null)
    {
        ConfigurationBuilder builder = new();
        if (file is not null && !File.Exists(file))
        {
            throw new ConfigurationException($"{file}: no such file");
        }

        if ((file ?? Array.Find(DefaultFiles, File.Exists)) is { } path)
        {
            builder.Add(SourceFor(Path.GetFullPath(path)));
        }

        List<string> faults = [];
        builder.AddInMemoryCollection(SitesVariables.Read(variable ?? Environment.GetEnvironmentVariable, faults));
        if (faults.Count > 0)
        {
            throw new ConfigurationException(string.Join('\n', faults));
        }

        builder.AddEnvironmentVariables("WHORL_");
        builder.AddInMemoryCollection(overrides);
        try
        {
            return builder.Build();
        }
        catch (InvalidDataException fault)
        {
            throw new ConfigurationException(fault.InnerException is { } inner ? $"{fault.Message} {inner.Message}" : fault.Message);
        }
    }

    private static IConfigurationSource SourceFor(string path)
    {
        if (!path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            return new YamlConfigurationSource(path);
        }

        Microsoft.Extensions.Configuration.Json.JsonConfigurationSource json = new() { Path = path };
        json.ResolveFileProvider();
        return json;
    }
}
