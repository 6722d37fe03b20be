using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Kernel.Content;
using Whorl.Sources.Decoys.Personas;

namespace Whorl.Sources.Decoys;

/// <summary>How passwords and the like are kept that were given to decoys.</summary>
internal enum SecretKeeping
{
    /// <summary>As they were given, and as a hash.</summary>
    Clear,

    /// <summary>As a hash salted by this node's own key (the file decoys.key in Node:Data): equal ones can be told, none can be read.</summary>
    Hashed,

    /// <summary>Not at all.</summary>
    Omitted,
}

/// <summary>Decoys: fake services that no honest peer has reason to touch.</summary>
internal sealed class DecoysOptions : IModuleOptions
{
    public static string Section => "Decoys";

    /// <summary>The decoys of this node.</summary>
    [ValidateEnumeratedItems]
    public List<DecoyOptions> Fleet { get; set; } = [];

    /// <summary>How passwords are kept. What is tried against a decoy is guessed, stolen or default, and worth knowing as it is; where a person of yours might mistype it, hash it.</summary>
    public SecretKeeping Secrets { get; set; }

    /// <summary>Folders of persona files; a persona of a later one takes the place of one of the same name. Where none is given: <c>content/personas</c> beside the executable, then the folder <c>personas</c> inside <c>Node:Data</c>.</summary>
    public List<string> Personas { get; set; } = [];

    /// <summary>What one source and all sources together may take.</summary>
    [ValidateObjectMembers]
    public DecoyLimits Limits { get; set; } = new();

    public IReadOnlyList<string> PersonaFolders(string dataFolder) =>
        Personas.Count > 0 ? Personas : [Path.Combine(AppContext.BaseDirectory, "content", "personas"), Path.Combine(dataFolder, "personas")];
}

/// <summary>One decoy: a persona on one or more addresses.</summary>
internal sealed class DecoyOptions
{
    /// <summary>Name of the decoy in observations. Letters, digits, dot, dash and underscore.</summary>
    [Required, RegularExpression("[A-Za-z0-9._-]{1,64}")]
    public string Name { get; set; } = "";

    /// <summary>Addresses it lives on. One that this machine does not have (yet) is tried again.</summary>
    [MinLength(1)]
    public List<string> Addresses { get; set; } = [];

    /// <summary>Name of its persona.</summary>
    [Required]
    public string Persona { get; set; } = "";

    /// <summary>Added to the port of every service, for decoys behind a redirection of ports.</summary>
    [Range(0, 60_000)]
    public int PortOffset { get; set; }

    public IEnumerable<IPAddress> Parsed() => Addresses.Select(text => IPAddress.TryParse(text, out IPAddress? address) ? address : null).OfType<IPAddress>();
}

/// <summary>Bounds of what decoys hold and say.</summary>
internal sealed class DecoyLimits
{
    /// <summary>Conversations at once; each takes about 4 kilobytes while its peer is silent.</summary>
    [Range(1, 1_000_000)]
    public int Connections { get; set; } = 8192;

    /// <summary>Conversations at once of one source (an IPv4 address, an IPv6 /64).</summary>
    [Range(1, 1_000_000)]
    public int ConnectionsPerSource { get; set; } = 256;

    /// <summary>Connections a minute of one source.</summary>
    [Range(1, 10_000_000)]
    public int ConnectionsPerMinute { get; set; } = 3000;

    /// <summary>Megabytes a minute that one source may send.</summary>
    [Range(1, 100_000)]
    public int MegabytesPerMinute { get; set; } = 64;

    /// <summary>Datagrams a minute of one source that are answered and told.</summary>
    [Range(1, 10_000_000)]
    public int DatagramsPerMinute { get; set; } = 600;

    /// <summary>Megabytes a minute that all sources together may send.</summary>
    [Range(1, 1_000_000)]
    public int TotalMegabytesPerMinute { get; set; } = 1024;

    /// <summary>Datagrams a minute of all sources together that are answered and told; their sources can be forged.</summary>
    [Range(1, 100_000_000)]
    public int TotalDatagramsPerMinute { get; set; } = 60_000;

    /// <summary>Sources remembered for that.</summary>
    [Range(64, 4_194_304)]
    public int Sources { get; set; } = 65_536;

    /// <summary>How long one conversation may last.</summary>
    [Range(typeof(TimeSpan), "0:00:01", "1.00:00:00")]
    public TimeSpan SessionTime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a peer may be silent.</summary>
    [Range(typeof(TimeSpan), "0:00:01", "1.00:00:00")]
    public TimeSpan IdleTime { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Kilobytes one conversation may send.</summary>
    [Range(1, 1_000_000)]
    public int KilobytesIn { get; set; } = 8192;

    /// <summary>Kilobytes a decoy sends in one conversation.</summary>
    [Range(1, 1_000_000)]
    public int KilobytesOut { get; set; } = 8192;

    /// <summary>Observations of one conversation, beside its end.</summary>
    [Range(1, 1_000_000)]
    public int Observations { get; set; } = 2000;

    /// <summary>Kilobytes that are kept of one upload, mail or body.</summary>
    [Range(1, 65_536)]
    public int PayloadKilobytes { get; set; } = 1024;
}

[OptionsValidator]
internal sealed partial class DecoysOptionsValidator : IValidateOptions<DecoysOptions>;

/// <summary>What the attributes on <see cref="DecoysOptions"/> cannot say: addresses, personas, and places taken twice.</summary>
internal sealed class DecoysOptionsCheck(IOptions<NodeOptions> node) : IValidateOptions<DecoysOptions>
{
    public ValidateOptionsResult Validate(string? name, DecoysOptions options)
    {
        List<string> faults = [];
        List<ContentFault> contentFaults = [];
        IReadOnlyDictionary<string, Persona> personas = PersonaFiles.Read(options.PersonaFolders(node.Value.Data), contentFaults);
        faults.AddRange(contentFaults.Select(fault => $"Personas: {fault}"));
        foreach (string folder in options.Personas.Where(folder => !Directory.Exists(folder)))
        {
            faults.Add($"Personas: there is no folder '{folder}'");
        }

        HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
        HashSet<(IPAddress, int, bool)> places = [];
        for (int i = 0; i < options.Fleet.Count; i++)
        {
            DecoyOptions decoy = options.Fleet[i];
            if (!names.Add(decoy.Name))
            {
                faults.Add($"Fleet:{i}:Name: another decoy is called '{decoy.Name}'");
            }

            foreach (string text in decoy.Addresses.Where(text => !PeerAddress.TryParse(text, out _)))
            {
                faults.Add($"Fleet:{i}:Addresses: '{text}' is no IP address");
            }

            if (!personas.TryGetValue(decoy.Persona, out Persona? persona))
            {
                faults.Add($"Fleet:{i}:Persona: there is no persona '{decoy.Persona}' ({NearestName.Hint(decoy.Persona, personas.Keys) ?? $"there are {string.Join(", ", personas.Keys.Order(StringComparer.Ordinal))}"})");
                continue;
            }

            foreach (PersonaService service in persona.Services)
            {
                if (service.Port + decoy.PortOffset > 65_535)
                {
                    faults.Add($"Fleet:{i}:PortOffset: port {service.Port} of {service.Name} would be {service.Port + decoy.PortOffset}");
                }

                foreach (IPAddress taken in decoy.Parsed().Where(address => !places.Add((address, service.Port + decoy.PortOffset, service.IsDatagram))))
                {
                    faults.Add($"Fleet:{i}:Addresses: another decoy has {taken} port {service.Port + decoy.PortOffset}");
                }
            }
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
