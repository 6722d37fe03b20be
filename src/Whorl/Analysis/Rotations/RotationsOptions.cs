using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Analysis.Rotations;

/// <summary>When a changed fingerprint counts as a rotation.</summary>
internal sealed class RotationsOptions : IModuleOptions
{
    public static string Section => "Rotations";

    /// <summary>How often in a row a new value must be seen before it is called a rotation. 1: at once, noise included.</summary>
    [Range(1, 10)]
    public int Confirmations { get; set; } = 2;
}

[OptionsValidator]
internal sealed partial class RotationsOptionsValidator : IValidateOptions<RotationsOptions>;
