using Whorl.Fingerprints.Packets;
using Whorl.Native.Capture;

namespace Whorl.Sources.Capture.Inputs;

/// <summary>How a live interface is read.</summary>
internal enum CaptureMethod
{
    /// <summary>The kernel's packet ring, or libpcap where the system has none.</summary>
    Auto,

    /// <summary>The kernel's packet ring (AF_PACKET, TPACKET_V3).</summary>
    Ring,

    /// <summary>libpcap.</summary>
    Libpcap,
}

/// <summary>Frames of a live interface.</summary>
internal sealed class LiveSource : IPacketSource
{
    private readonly ILiveCapture _capture;
    private readonly LinkType _link;
    private long _frames;
    private long _bytes;

    private LiveSource(ILiveCapture capture, CapturePoint point)
    {
        _capture = capture;
        _link = (LinkType)capture.LinkType;
        Interfaces = [point.Text];
    }

    public IReadOnlyList<string> Interfaces { get; }

    public SourceFault? Fault { get; private set; }

    /// <summary>What reads the interface, for a person.</summary>
    public string Method => _capture is PacketRing ? "packet ring" : "libpcap";

    /// <summary>Opens as many sources as <paramref name="threads"/> says, which share the interface's conversations; libpcap gives one.</summary>
    public static CaptureFault? TryOpen(CapturePoint point, CaptureOptions options, int threads, out IReadOnlyList<LiveSource> sources)
    {
        LiveRequest request = new(point.Interface, point.Namespace, string.IsNullOrWhiteSpace(options.Filter) ? null : options.Filter, options.Promiscuous, options.RingMegabytes * 1024 * 1024, threads);
        sources = [];
        CaptureFault? fault = null;
        if (options.Method != CaptureMethod.Libpcap)
        {
            fault = PacketRing.TryOpen(request, out PacketRing[] rings);
            if (fault is null)
            {
                sources = [.. rings.Select(ring => new LiveSource(ring, point))];
                return null;
            }
        }

        if (options.Method == CaptureMethod.Ring || fault is { Kind: not CaptureFaultKind.Unsupported })
        {
            return fault;
        }

        fault = PcapCapture.TryOpen(request, out PcapCapture? pcap);
        if (fault is null)
        {
            sources = [new(pcap!, point)];
        }

        return fault;
    }

    public FrameRead TryRead(out CapturedFrame frame)
    {
        switch (_capture.TryRead(out LiveFrame live))
        {
            case LiveRead.Frame:
                _frames++;
                _bytes += live.Bytes.Length;
                frame = new(_link, live.Bytes, live.OriginalLength, live.Time, 0);
                return FrameRead.Frame;
            case LiveRead.Idle:
                frame = default;
                return FrameRead.Idle;
            default:
                Fault = new(_capture.Fault?.Reason ?? "the interface stopped", -1);
                frame = default;
                return FrameRead.Damaged;
        }
    }

    public SourceCounters Counters()
    {
        LiveLoss loss = _capture.Loss();
        return new(_frames, _bytes, loss.Drops, loss.Freezes);
    }

    public void Dispose() => _capture.Dispose();
}
