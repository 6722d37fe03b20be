using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Whorl.Kernel;

/// <summary>Who this process is and where it keeps its files.</summary>
internal sealed class NodeOptions : IModuleOptions
{
    public static string Section => "Node";

    /// <summary>Name of this node: the sensor of its observations. Letters, digits, dot, dash and underscore.</summary>
    [Required, RegularExpression("[A-Za-z0-9._-]{1,64}")]
    public string Name { get; set; } = DefaultName();

    /// <summary>Folder for the database, spool, certificates and keys; made with access for the owner alone.</summary>
    [Required]
    public string Data { get; set; } = "data";

    /// <summary>Source ports that this node's own probes use, above those Linux gives to others. Capture leaves out what goes from or to an address of this machine with such a port. Empty: nothing is left out.</summary>
    [RegularExpression("([1-9][0-9]{0,4}-[1-9][0-9]{0,4})?")]
    public string ProbePorts { get; set; } = "61000-64999";

    private static string DefaultName()
    {
        string name = string.Concat(Environment.MachineName.Where(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_').Take(64));
        return name.Length > 0 ? name : "whorl";
    }
}

[OptionsValidator]
internal sealed partial class NodeOptionsValidator : IValidateOptions<NodeOptions>;
