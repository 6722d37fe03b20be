using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Stores.Objects;

/// <summary>Large things that were observed (uploads, bodies, mails), kept as files by the hash of their bytes in the folder <c>objects</c> under Node:Data.</summary>
internal sealed class ObjectOptions : IModuleOptions
{
    public static string Section => "Objects";

    /// <summary>Megabytes of all of them together. When they are full nothing more is kept, so that nobody can wash away what is there; health says so.</summary>
    [Range(1, 1024 * 1024)]
    public int Megabytes { get; set; } = 1024;
}

[OptionsValidator]
internal sealed partial class ObjectOptionsValidator : IValidateOptions<ObjectOptions>;
