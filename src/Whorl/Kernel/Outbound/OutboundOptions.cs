using Microsoft.Extensions.Options;

namespace Whorl.Kernel.Outbound;

/// <summary>Whom Whorl never turns to by itself, whatever a probe, a site or a redirect says.</summary>
internal sealed class OutboundOptions : IModuleOptions
{
    public static string Section => "Outbound";

    /// <summary>Prefixes that may be reached although they are private, loopback, own or otherwise special, such as `10.20.0.0/16` of a laboratory. It lifts nothing else: what Deny, the opt-out file or an `allow` decision names stays out of reach.</summary>
    public List<string> Allow { get; set; } = [];

    /// <summary>Prefixes (`203.0.113.0/24`) and autonomous systems (`AS64500`) that are never reached.</summary>
    public List<string> Deny { get; set; } = [];

    /// <summary>File with more of these, one a line, `#` begins a remark: those who asked to be left alone. Read again when it changes; while it cannot be read or has a faulty line, what it said before stays in force.</summary>
    public string OptOutFile { get; set; } = "";

    /// <summary>Table that tells which addresses belong to which autonomous system: tab-separated start, end, number, country, name, as iptoasn.com publishes it, gzipped or not. Needed where Deny or the opt-out file names one.</summary>
    public string AsnFile { get; set; } = "";
}

/// <summary>Names every prefix that is none, and every file that is not there.</summary>
internal sealed class OutboundOptionsValidator : IValidateOptions<OutboundOptions>
{
    public ValidateOptionsResult Validate(string? name, OutboundOptions options)
    {
        List<string> faults = [];
        for (int i = 0; i < options.Allow.Count; i++)
        {
            if (!Network.TryParse(options.Allow[i], out _))
            {
                faults.Add($"Allow:{i}: '{options.Allow[i]}' is no prefix; write it as 10.20.0.0/16");
            }
        }

        for (int i = 0; i < options.Deny.Count; i++)
        {
            if (!OptOut.TryParse(options.Deny[i], out _))
            {
                faults.Add($"Deny:{i}: '{options.Deny[i]}' is neither a prefix like 203.0.113.0/24 nor an autonomous system like AS64500");
            }
        }

        bool namesSystem = options.Deny.Exists(text => OptOut.TryParse(text, out OptOut entry) && entry.Asn != 0);
        if (namesSystem && options.AsnFile.Length == 0)
        {
            faults.Add("AsnFile: Deny names an autonomous system, and nothing says which addresses are its; get ip2asn-combined.tsv.gz from iptoasn.com and name it here");
        }

        CheckFile(faults, nameof(options.AsnFile), options.AsnFile);
        CheckFile(faults, nameof(options.OptOutFile), options.OptOutFile);
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static void CheckFile(List<string> faults, string key, string file)
    {
        if (file.Length > 0 && !File.Exists(file))
        {
            faults.Add($"{key}: there is no file {file}");
        }
    }
}
