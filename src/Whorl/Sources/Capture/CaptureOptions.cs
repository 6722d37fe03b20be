using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Native.Capture;
using Whorl.Sources.Capture.Addresses;
using Whorl.Sources.Capture.Flows;
using Whorl.Sources.Capture.Inputs;

namespace Whorl.Sources.Capture;

/// <summary>Capture: where it listens and what it takes.</summary>
internal sealed class CaptureOptions : IModuleOptions
{
    public static string Section => "Capture";

    /// <summary>Interfaces to listen on: eth0, any, or NAMESPACE:eth0 for one in another network namespace, where NAMESPACE is a name of `ip netns` or a path such as /proc/PID/ns/net. Where none is given: the interface on which the MACVLAN, else IPVLAN, interfaces of a decoy network stand, looked for again while there is none.</summary>
    public List<string> Interfaces { get; set; } = [];

    /// <summary>Which frames to take, in the language of tcpdump, such as `not port 22`; needs libpcap. Empty: all.</summary>
    [MaxLength(4096)]
    public string Filter { get; set; } = "";

    /// <summary>Take frames meant for other stations too: for a mirror port.</summary>
    public bool Promiscuous { get; set; }

    /// <summary>How interfaces are read: by the kernel's packet ring, by libpcap, or the first of these that works.</summary>
    public CaptureMethod Method { get; set; }

    /// <summary>Megabytes of the kernel's ring, for each interface and thread; what fits in it is not lost while Whorl is busy.</summary>
    [Range(1, 1024)]
    public int RingMegabytes { get; set; } = 32;

    /// <summary>Threads for each interface; conversations are shared out among them.</summary>
    [Range(1, 64)]
    public int Threads { get; set; } = 1;

    /// <summary>Names of addresses, each as `203.0.113.0/28 web-decoy`; the longest prefix counts. Where there is a map, only traffic that touches it is told.</summary>
    public List<string> Map { get; set; } = [];

    /// <summary>File with more such lines; read again when it changes. A faulty one leaves the map as it was.</summary>
    public string MapFile { get; set; } = "";

    /// <summary>What one source shows one destination (address and port) again within this time is counted and told once more, with its count. Zero: everything is told.</summary>
    [Range(typeof(TimeSpan), "0:00:00", "1.00:00:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How many sightings are remembered for that, for each thread; then those unseen for longest are told and forgotten.</summary>
    [Range(16, 4_194_304)]
    public int WindowEntries { get; set; } = 65_536;

    /// <summary>Tell all four forms of JA4.</summary>
    public bool AllJa4Forms { get; set; }

    /// <summary>p0f signature file; empty: where the system's package puts it. Without one, stacks are told without the name of a system.</summary>
    public string P0fFile { get; set; } = "";

    /// <summary>How much is remembered for each interface and thread.</summary>
    [ValidateObjectMembers]
    public CaptureLimits Limits { get; set; } = new();

    public IReadOnlyList<CapturePoint> Points() => [.. Interfaces.Select(text => CapturePoint.TryParse(text, out CapturePoint? point) ? point : null).OfType<CapturePoint>()];
}

/// <summary>Bounds of what a thread of capture remembers. When a table is full, what was quiet for longest goes, and is counted.</summary>
internal sealed class CaptureLimits
{
    private static readonly FlowLimits Usual = new();

    /// <summary>Conversations followed at once; each takes about 400 bytes.</summary>
    [Range(256, 16_777_216)]
    public int Conversations { get; set; } = Usual.MaxConversations;

    /// <summary>SYNs that wait for an answer; each takes about 130 bytes.</summary>
    [Range(256, 16_777_216)]
    public int Syns { get; set; } = Usual.MaxSyns;

    /// <summary>Hosts whose sequence numbers and clocks are remembered; each takes about 200 bytes.</summary>
    [Range(256, 16_777_216)]
    public int Hosts { get; set; } = Usual.MaxHosts;

    /// <summary>Bytes of one direction of a conversation that are held while a message in it is not whole.</summary>
    [Range(4096, 1024 * 1024)]
    public int StreamBytes { get; set; } = Usual.StreamBytes;

    /// <summary>Bytes held for all of them together.</summary>
    [Range(1024 * 1024, 1024 * 1024 * 1024)]
    public int BufferBytes { get; set; } = Usual.BufferBytes;

    /// <summary>Quiet after which a TCP conversation is over.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "1.00:00:00")]
    public TimeSpan TcpIdle { get; set; } = Usual.TcpIdle;

    /// <summary>Quiet after which one of another protocol is over.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "1.00:00:00")]
    public TimeSpan UdpIdle { get; set; } = Usual.UdpIdle;

    public FlowLimits ForEngine() => Usual with
    {
        MaxConversations = Conversations,
        MaxSyns = Syns,
        MaxHosts = Hosts,
        StreamBytes = StreamBytes,
        BufferBytes = BufferBytes,
        TcpIdle = TcpIdle,
        UdpIdle = UdpIdle,
    };
}

[OptionsValidator]
internal sealed partial class CaptureOptionsValidator : IValidateOptions<CaptureOptions>;

/// <summary>What the attributes on <see cref="CaptureOptions"/> cannot say: names of interfaces, and the filter.</summary>
internal sealed class CaptureOptionsCheck : IValidateOptions<CaptureOptions>
{
    public ValidateOptionsResult Validate(string? name, CaptureOptions options)
    {
        List<string> faults = [];
        for (int i = 0; i < options.Interfaces.Count; i++)
        {
            if (!CapturePoint.TryParse(options.Interfaces[i], out CapturePoint? point))
            {
                faults.Add($"Interfaces:{i}: '{options.Interfaces[i]}' is no interface; write it as eth0, NAMESPACE:eth0 or /proc/PID/ns/net:eth0");
            }
            else if (options.Interfaces.IndexOf(point.Text) != i)
            {
                faults.Add($"Interfaces:{i}: '{options.Interfaces[i]}' stands there twice");
            }
        }

        if (!string.IsNullOrWhiteSpace(options.Filter) && FilterProgram.Check(options.Filter) is { } wrong)
        {
            faults.Add($"Filter: '{options.Filter}' is no capture filter: {wrong}");
        }

        if (!AddressMap.TryParse(options.Map, out _, out string? fault))
        {
            faults.Add($"Map:{fault}");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
