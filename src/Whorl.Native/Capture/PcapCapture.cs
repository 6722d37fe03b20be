using System.Runtime.InteropServices;

namespace Whorl.Native.Capture;

/// <summary>A capture by libpcap: for systems without packet rings.</summary>
internal sealed unsafe class PcapCapture : ILiveCapture
{
    private const int Snapshot = 256 * 1024;

    private const int NanosecondPrecision = 1;

    private const int BlockMilliseconds = 10;

    private const int WaitMilliseconds = 100;

    private readonly PcapHandle _handle;
    private readonly int _descriptor;
    private readonly long _fraction;
    private uint _dropsSeen;
    private long _drops;

    private PcapCapture(PcapHandle handle)
    {
        _handle = handle;
        _descriptor = PcapLibrary.SelectableDescriptor(handle);
        _fraction = PcapLibrary.GetPrecision(handle) == NanosecondPrecision ? 1 : 1000;
        LinkType = PcapLibrary.DataLink(handle);
    }

    public int LinkType { get; }

    public CaptureFault? Fault { get; private set; }

    /// <summary>Opens one capture, whatever <see cref="LiveRequest.Members"/> asks for.</summary>
    public static CaptureFault? TryOpen(LiveRequest request, out PcapCapture? capture)
    {
        capture = null;
        if (!PcapLibrary.IsPresent)
        {
            return PcapLibrary.Missing("capturing without packet rings");
        }

        PcapHandle? opened = null;
        CaptureFault? fault = NetworkNamespace.Run(request.Namespace, () => TryOpenHere(request, out opened));
        if (fault is not null)
        {
            opened?.Dispose();
            return fault;
        }

        capture = new(opened!);
        return null;
    }

    public LiveRead TryRead(out LiveFrame frame)
    {
        frame = default;
        int result = PcapLibrary.Next(_handle, out PcapLibrary.Header* header, out byte* data);
        if (result == 0)
        {
            Readiness.Wait(_descriptor, WaitMilliseconds);
            result = PcapLibrary.Next(_handle, out header, out data);
        }

        switch (result)
        {
            case > 0:
                frame = new(new(data, (int)header->Captured), (int)header->Length, (header->Seconds * 1_000_000_000L) + (header->Fraction * _fraction));
                return LiveRead.Frame;
            case 0:
                return LiveRead.Idle;
            default:
                Fault = new(CaptureFaultKind.InterfaceDown, $"the interface stopped: {_handle.ErrorText}");
                return LiveRead.Gone;
        }
    }

    public LiveLoss Loss()
    {
        if (PcapLibrary.Statistics(_handle, out PcapLibrary.Counts counts) == 0)
        {
            // The library's counter has 32 bits and wraps.
            _drops += unchecked(counts.Dropped - _dropsSeen);
            _dropsSeen = counts.Dropped;
        }

        return new(_drops, 0);
    }

    public void Dispose() => _handle.Dispose();

    private static CaptureFault? TryOpenHere(LiveRequest request, out PcapHandle handle)
    {
        byte* error = stackalloc byte[PcapLibrary.ErrorLength];
        handle = PcapLibrary.Create(request.Interface, error);
        if (handle.IsInvalid)
        {
            return new(CaptureFaultKind.Failed, Marshal.PtrToStringUTF8((nint)error) ?? "libpcap gives no handle");
        }

        PcapLibrary.SetSnapshot(handle, Snapshot);
        PcapLibrary.SetPromiscuous(handle, request.Promiscuous ? 1 : 0);
        PcapLibrary.SetTimeout(handle, BlockMilliseconds);
        PcapLibrary.SetBufferSize(handle, request.RingBytes);
        PcapLibrary.SetPrecision(handle, NanosecondPrecision);
        int activated = PcapLibrary.Activate(handle);
        if (activated < 0)
        {
            return Refused(activated, request.Interface, handle);
        }

        if (request.Filter is not null && PcapLibrary.SetFilter(handle, request.Filter) is { } wrong)
        {
            return new(CaptureFaultKind.BadFilter, $"the filter cannot be used: {wrong}");
        }

        return PcapLibrary.SetNonBlocking(handle, 1, error) == 0 ? null : new(CaptureFaultKind.Failed, handle.ErrorText);
    }

    // pcap_activate(3): its error numbers.
    private static CaptureFault Refused(int error, string name, PcapHandle handle) => error switch
    {
        -5 => new(CaptureFaultKind.NoSuchInterface, $"there is no interface {name}"),
        -8 or -11 => new(CaptureFaultKind.NoPrivilege, "capturing packets is not permitted to this process"),
        -9 => new(CaptureFaultKind.InterfaceDown, $"the interface {name} is down"),
        _ => new(CaptureFaultKind.Failed, $"{name} cannot be opened: {handle.ErrorText}"),
    };
}
