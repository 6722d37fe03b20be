using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Delivery.WebConsole;

/// <summary>The console's pages and the API beside them.</summary>
internal sealed class ConsoleOptions : IModuleOptions
{
    public static string Section => "Console";

    /// <summary>Address and port of console and API: loopback, unless you put a proxy with TLS in front and mean it.</summary>
    [Required]
    public string Listen { get; set; } = "http://127.0.0.1:8911";

    /// <summary>Hours after which an unused session ends.</summary>
    [Range(1, 720)]
    public int SessionHours { get; set; } = 12;

    /// <summary>The address people open, where it differs from Listen (a proxy with TLS); printed in sign-in links.</summary>
    [Url]
    public string? PublicUrl { get; set; }
}

[OptionsValidator]
internal sealed partial class ConsoleOptionsValidator : IValidateOptions<ConsoleOptions>;
