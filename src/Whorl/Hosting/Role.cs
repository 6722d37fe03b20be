namespace Whorl.Hosting;

/// <summary>A part of Whorl that can be started alone. What it needs is written in <see cref="RoleTable"/> and nowhere else.</summary>
/// <param name="Name">As given to <c>--roles</c>.</param>
/// <param name="Summary">One line for help texts.</param>
/// <param name="Modules">What it adds to the host; a module named by several roles is added once.</param>
internal sealed record Role(string Name, string Summary, IReadOnlyList<Func<IHostApplicationBuilder, IHostApplicationBuilder>> Modules);
