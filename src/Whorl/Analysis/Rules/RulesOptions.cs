using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Analysis.Rules;

/// <summary>Where detection rules are read from.</summary>
internal sealed class RulesOptions : IModuleOptions
{
    public static string Section => "Rules";

    /// <summary>
    /// Folders (every <c>*.yaml</c> file in them) and files, in order: thresholds and changes of a later one prevail. Where none is given:
    /// <c>content/rules</c> beside the executable, then the folder <c>rules</c> inside <c>Node:Data</c>, which need not exist.
    /// </summary>
    public IList<string> Paths { get; set; } = [];

    /// <summary>How often the files are looked at for changes, in seconds. A change is taken up when it stood still for one such time.</summary>
    [Range(0.1, 3600)]
    public double ReloadSeconds { get; set; } = 1;

    /// <summary>The paths in force: those given, or the usual two.</summary>
    public IReadOnlyList<string> PathsFor(string dataFolder) => Paths.Count > 0 ? [.. Paths] : DefaultPaths(dataFolder);

    public static IReadOnlyList<string> DefaultPaths(string dataFolder) =>
        [Path.Combine(AppContext.BaseDirectory, "content", "rules"), Path.Combine(dataFolder, "rules")];
}

[OptionsValidator]
internal sealed partial class RulesOptionsValidator : IValidateOptions<RulesOptions>;
