using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Analysis.Journal;

/// <summary>How long observations are kept.</summary>
internal sealed class JournalOptions : IModuleOptions
{
    public static string Section => "Journal";

    /// <summary>Days after which observations are deleted.</summary>
    [Range(1, 36_500)]
    public int KeepDays { get; set; } = 30;

    /// <summary>Megabytes above which the oldest observations are deleted before their time. PostgreSQL: whole days, never the last one.</summary>
    [Range(64, 1_073_741_824)]
    public long MaxMegabytes { get; set; } = 20_480;
}

[OptionsValidator]
internal sealed partial class JournalOptionsValidator : IValidateOptions<JournalOptions>;
