using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Sources.Probes;

/// <summary>The prober: whom it asks back, what, how often, and how much at once.</summary>
internal sealed class ProbesOptions : IModuleOptions
{
    public static string Section => "Probes";

    /// <summary>Ask back also where the role was not started by name: `whorl run` without `--roles` starts every other role, but nobody is asked by accident.</summary>
    public bool On { get; set; }

    /// <summary>Kinds of observations whose source is asked back. Give all of them: what stands here replaces the default, which is `tls.session` over TCP and, from conversations with decoys, `http.request`, `auth.attempt`, `command`, `payload` and `session.ended`. None of these can be made with a forged address; `tls.client_hello`, `ssh.kex` and requests that capture saw can be, by one packet, and so can `tcp.syn` and the `icmp` kinds. Whatever stands here, what a decoy heard counts only where it belongs to a conversation (`session.id`): single datagrams to it never do.</summary>
    public List<string> Triggers { get; set; } = [];

    /// <summary>Ask back also who made requests to the edge; otherwise only requests to decoys count.</summary>
    public bool EdgeRequests { get; set; }

    /// <summary>Files of JSON lines that other collectors write, whose addresses are asked back.</summary>
    [ValidateEnumeratedItems]
    public List<ProbeLog> Logs { get; set; } = [];

    /// <summary>Targets are found and planned, the audit says what would have been sent, and nothing is.</summary>
    public bool DryRun { get; set; }

    /// <summary>Ports for JARM; empty: 443, 8443, 8080, 4443, 50050, 2222, 993, 995, 8888, 9001. Where one answers, its certificate is read too.</summary>
    public List<ushort> JarmPorts { get; set; } = [];

    /// <summary>Ports for HASSHServer and the host key; empty: 22, 2222, 22222, 2022.</summary>
    public List<ushort> HasshPorts { get; set; } = [];

    /// <summary>Ports for the TCP/IP stack; empty: 22, 80, 443, 8080, 8443, 445, 3389.</summary>
    public List<ushort> TcpPorts { get; set; } = [];

    /// <summary>Ports for web servers; empty: 80, 443, 8080, 8443.</summary>
    public List<ushort> HttpPorts { get; set; } = [];

    /// <summary>Probes that are left out: `jarm`, `hassh`, `tcp`, `certificate`, `http`, `icmp`, `ipv6`.</summary>
    public List<string> Without { get; set; } = [];

    /// <summary>Time one probe of one port may take on the wire, from its first packet to its last.</summary>
    [Range(typeof(TimeSpan), "0:00:00.1", "0:05:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>Kilobytes one probe of one port takes at most.</summary>
    [Range(16, 16_384)]
    public int MaxKilobytes { get; set; } = 1024;

    /// <summary>Connections to all targets at once.</summary>
    [Range(1, 50_000)]
    public int Connections { get; set; } = 1000;

    /// <summary>New connections a second to all targets.</summary>
    [Range(1, 100_000)]
    public int ConnectionsPerSecond { get; set; } = 500;

    /// <summary>Connections to one target at once.</summary>
    [Range(1, 1000)]
    public int TargetConnections { get; set; } = 10;

    /// <summary>New connections a second to one target.</summary>
    [Range(1, 10_000)]
    public int TargetConnectionsPerSecond { get; set; } = 25;

    /// <summary>Targets that are asked side by side.</summary>
    [Range(1, 20_000)]
    public int TargetsAtOnce { get; set; } = 250;

    /// <summary>Connections of one JARM that are open side by side: 1 asks as the published scanner does, 9 is fastest.</summary>
    [Range(1, 9)]
    public int JarmAtOnce { get; set; } = 9;

    /// <summary>Time between two visits to a target; a fifth more or less by chance.</summary>
    [Range(typeof(TimeSpan), "0:00:01", "30.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromHours(6);

    /// <summary>The same for a target whose fingerprints changed lately.</summary>
    [Range(typeof(TimeSpan), "0:00:01", "30.00:00:00")]
    public TimeSpan RotatingInterval { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>Each visit that finds nothing doubles the time to the next, up to this.</summary>
    [Range(typeof(TimeSpan), "0:00:01", "365.00:00:00")]
    public TimeSpan LongestInterval { get; set; } = TimeSpan.FromDays(7);

    /// <summary>A target that nothing was seen of for so long is forgotten.</summary>
    [Range(typeof(TimeSpan), "0:01:00", "3650.00:00:00")]
    public TimeSpan Forget { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Targets that are remembered. When so many are, a new one has the place of whoever was silent in most visits; where nobody was silent it is refused and counted. Of one IPv6 network (/64) there are at most 8, so that nobody fills the queue with addresses of their own.</summary>
    [Range(1, 10_000_000)]
    public int MaxTargets { get; set; } = 200_000;

    /// <summary>How long the audit of what was sent is kept.</summary>
    [Range(typeof(TimeSpan), "0:01:00", "3650.00:00:00")]
    public TimeSpan AuditAge { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How the SSH probe introduces itself.</summary>
    [RegularExpression("SSH-2\\.0-[!-,.-~]{1,64}( [ -~]{1,128})?")]
    public string SshIdentification { get; set; } = "SSH-2.0-OpenSSH_9.6";

    /// <summary>How the web probe introduces itself.</summary>
    [RegularExpression("[ -~]{1,256}")]
    public string UserAgent { get; set; } = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

    /// <summary>p0f signature file; empty: where the system's package puts it. Without one, stacks are told without the name of a system.</summary>
    public string P0fFile { get; set; } = "";
}

/// <summary>A log of another collector.</summary>
internal sealed class ProbeLog
{
    /// <summary>The file; it may be rotated or cut while it is read.</summary>
    [Required]
    public string Path { get; set; } = "";

    /// <summary>Where the address stands in each line: a name, or several with dots between for one inside another.</summary>
    [Required]
    public string Field { get; set; } = "";
}

[OptionsValidator]
internal sealed partial class ProbesOptionsValidator : IValidateOptions<ProbesOptions>;

/// <summary>What the attributes on <see cref="ProbesOptions"/> cannot say: names of probes and of kinds.</summary>
internal sealed class ProbesOptionsCheck : IValidateOptions<ProbesOptions>
{
    public ValidateOptionsResult Validate(string? name, ProbesOptions options)
    {
        List<string> faults = [];
        for (int i = 0; i < options.Without.Count; i++)
        {
            if (!Asking.ProbeWords.TryRead(options.Without[i], out _))
            {
                faults.Add($"Without:{i}: there is no probe '{options.Without[i]}'; there are {string.Join(", ", Asking.ProbeWords.All.Select(Asking.ProbeWords.Word))}");
            }
        }

        HashSet<string> kinds = [.. ObservationKinds.Chapters.SelectMany(chapter => chapter.Kinds).Select(kind => kind.Name)];
        for (int i = 0; i < options.Triggers.Count; i++)
        {
            if (!kinds.Contains(options.Triggers[i]))
            {
                faults.Add($"Triggers:{i}: there is no kind of observation '{options.Triggers[i]}'; docs/reference/observations.md lists them");
            }
        }

        if (options.P0fFile.Length > 0 && !File.Exists(options.P0fFile))
        {
            faults.Add($"P0fFile: there is no file {options.P0fFile}");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
