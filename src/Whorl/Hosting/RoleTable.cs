using Whorl.Hosting.Configuration;

namespace Whorl.Hosting;

/// <summary>Which modules each role is made of: the one place where roles and modules meet.</summary>
internal static class RoleTable
{
    public static IReadOnlyList<Role> All { get; } =
    [
        new("edge", "stand in front of web sites", []),
        new("analyst", "keep observations, make decisions", []),
        new("console", "pages and API for people and systems", []),
    ];

    /// <summary>Roles by name, comma-separated lists allowed; all of them where no name is given.</summary>
    public static IReadOnlyList<Role> Select(IReadOnlyList<string> names)
    {
        string[] wanted = [.. names.SelectMany(name => name.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Distinct(StringComparer.Ordinal)];
        string[] unknown = [.. wanted.Where(name => !All.Any(role => role.Name == name))];
        return unknown.Length > 0
            ? throw new ConfigurationException($"--roles: no such role: {string.Join(", ", unknown)}; there are {string.Join(", ", All.Select(role => role.Name))}")
            : wanted.Length == 0 ? All : [.. All.Where(role => wanted.Contains(role.Name, StringComparer.Ordinal))];
    }
}
