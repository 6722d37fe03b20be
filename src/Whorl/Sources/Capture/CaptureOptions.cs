using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Native.Capture;
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

    public IReadOnlyList<CapturePoint> Points() => [.. Interfaces.Select(text => CapturePoint.TryParse(text, out CapturePoint? point) ? point : null).OfType<CapturePoint>()];
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

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
