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
}
