using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Delivery.Exports;

/// <summary>Observations as files for other systems to read: JSON lines and syslog lines (RFC 5424). Written by the role analyst.</summary>
internal sealed class ExportsOptions : IModuleOptions
{
    public static string Section => "Exports";

    /// <summary>File of JSON lines, one CloudEvents event each; empty: none.</summary>
    public string JsonFile { get; set; } = "";

    /// <summary>File of syslog lines with structured data; empty: none.</summary>
    public string SyslogFile { get; set; } = "";

    /// <summary>Kinds to export, such as `tls.client_hello`, `icmp.*` or `tls.#`; empty: all.</summary>
    public List<string> Kinds { get; set; } = [];

    /// <summary>Name of the structured data: a name, `@`, and a private enterprise number. The default holds the number that is set aside for examples (RFC 5612); put your own there.</summary>
    [RegularExpression("[!#-<>-?A-\\\\^-~]{1,20}@[0-9.]{1,11}")]
    public string SyslogId { get; set; } = "whorl@32473";

    /// <summary>Syslog facility, 0 to 23; 16 is local0.</summary>
    [Range(0, 23)]
    public int SyslogFacility { get; set; } = 16;

    /// <summary>Megabytes after which a file is put aside and a new one begun.</summary>
    [Range(1, 1_048_576)]
    public int MaxMegabytes { get; set; } = 256;

    /// <summary>Hours after which it is, too.</summary>
    [Range(1, 8760)]
    public int MaxHours { get; set; } = 24;

    /// <summary>Files put aside that are kept; older ones are deleted.</summary>
    [Range(0, 10_000)]
    public int Keep { get; set; } = 14;

    public bool IsOn => JsonFile.Length > 0 || SyslogFile.Length > 0;
}

[OptionsValidator]
internal sealed partial class ExportsOptionsValidator : IValidateOptions<ExportsOptions>;
