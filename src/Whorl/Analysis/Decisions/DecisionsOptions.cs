using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Analysis.Decisions;

/// <summary>Stored remedies.</summary>
internal sealed class DecisionsOptions : IModuleOptions
{
    public static string Section => "Decisions";

    /// <summary>How often the store is asked for changes that did not come by bus; at most 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:00:30")]
    public TimeSpan CatchUp { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long decisions stay in the store after their end, for those who ask why something happened; at least a day.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00")]
    public TimeSpan KeepEnded { get; set; } = TimeSpan.FromDays(30);
}

[OptionsValidator]
internal sealed partial class DecisionsOptionsValidator : IValidateOptions<DecisionsOptions>;
