using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Native.Capture;
using Whorl.Sources.Capture.Inputs;
using Whorl.Sources.Capture.Listening;

namespace Whorl.Sources.Capture;

/// <summary>May this process capture?</summary>
internal sealed class CapturePrivilegeDoctor : IDoctorCheck
{
    public Task<DoctorFinding> CheckAsync(CancellationToken cancel) => Task.FromResult(PacketRing.TryPrivilege() is { } fault
        ? new DoctorFinding("capture: privilege", false, $"{fault.Reason}: passive fingerprints of live traffic are off", CaptureHint.For(fault.Kind))
        : new DoctorFinding("capture: privilege", true, "packets may be captured", null));
}

/// <summary>Is libpcap there?</summary>
internal sealed class CaptureLibraryDoctor : IDoctorCheck
{
    public Task<DoctorFinding> CheckAsync(CancellationToken cancel) => Task.FromResult(PcapLibrary.IsPresent
        ? new DoctorFinding("capture: libpcap", true, "capture filters can be used", null)
        : new DoctorFinding("capture: libpcap", false, "libpcap is not on this machine: no capture filters, and no capture where the kernel has no packet rings", CaptureHint.For(CaptureFaultKind.LibraryMissing)));
}

/// <summary>Is there something to listen on?</summary>
internal sealed class CaptureInterfaceDoctor(IOptions<CaptureOptions> options) : IDoctorCheck
{
    private const string Name = "capture: interface";

    public Task<DoctorFinding> CheckAsync(CancellationToken cancel) => Task.FromResult(Check(options.Value.Points(), NetworkLink.List()));

    internal static DoctorFinding Check(IReadOnlyList<CapturePoint> set, IReadOnlyList<NetworkLink> links)
    {
        InterfaceChoice choice = InterfaceChoice.Of(set, links);
        if (choice.Points.Count == 0)
        {
            return new(Name, false, InterfaceChoice.NothingFound, $"set Capture:Interfaces; there are {string.Join(", ", links.Select(link => link.Name))}");
        }

        foreach (CapturePoint point in choice.Points.Where(point => point is { Namespace: null, Interface: not LiveRequest.AnyInterface }))
        {
            NetworkLink? link = links.FirstOrDefault(link => link.Name == point.Interface);
            if (link is not { Up: true })
            {
                return link is null
                    ? new(Name, false, $"there is no interface {point}", CaptureHint.For(CaptureFaultKind.NoSuchInterface))
                    : new(Name, false, $"the interface {point} is down", $"ip link set {point} up");
            }

            if (InterfaceChoice.Blindness(point, links) is { } blindness)
            {
                return new(Name, false, blindness, "set Capture:Interfaces to that one, or to nothing: then it is found");
            }
        }

        return new(Name, true, string.Join(", ", choice.Points) + (choice.Because is null ? "" : $": {choice.Because}"), null);
    }
}
