namespace Whorl.Native.Capture;

/// <summary>An open live capture of one interface. Used by one thread at a time.</summary>
internal interface ILiveCapture : IDisposable
{
    /// <summary>What frames begin with, as a LINKTYPE number of capture files.</summary>
    int LinkType { get; }

    /// <summary>Why <see cref="TryRead"/> said <see cref="LiveRead.Gone"/>; null before.</summary>
    CaptureFault? Fault { get; }

    /// <summary>The next frame, waiting a short time for one. Its bytes are valid until the next call.</summary>
    LiveRead TryRead(out LiveFrame frame);

    /// <summary>What the kernel lost since the capture was opened.</summary>
    LiveLoss Loss();
}

/// <summary>What became of one read.</summary>
internal enum LiveRead
{
    Frame,

    /// <summary>Nothing came within the wait.</summary>
    Idle,

    /// <summary>The interface is down or away; this capture gives nothing more.</summary>
    Gone,
}

/// <summary>One frame.</summary>
/// <param name="bytes">The captured part, with VLAN tags where they were on the wire.</param>
/// <param name="originalLength">Bytes it had on the wire.</param>
/// <param name="time">The kernel's time, nanoseconds since 1970.</param>
internal readonly ref struct LiveFrame(ReadOnlySpan<byte> bytes, int originalLength, long time)
{
    public ReadOnlySpan<byte> Bytes { get; } = bytes;

    public int OriginalLength { get; } = originalLength;

    public long Time { get; } = time;
}

/// <param name="Drops">Frames there was no room for.</param>
/// <param name="Freezes">How often the ring was full.</param>
internal readonly record struct LiveLoss(long Drops, long Freezes);

/// <summary>What to capture.</summary>
/// <param name="Interface">Its name, or <c>any</c>.</param>
/// <param name="Namespace">Path of a network namespace, such as /var/run/netns/X or /proc/PID/ns/net; null for the process's own.</param>
/// <param name="Filter">A filter in the language of tcpdump; null for everything.</param>
/// <param name="Promiscuous">Take frames for other stations too.</param>
/// <param name="RingBytes">Room in the kernel, for each member.</param>
/// <param name="Members">Captures that share the traffic by conversation.</param>
internal sealed record LiveRequest(string Interface, string? Namespace, string? Filter, bool Promiscuous, int RingBytes, int Members = 1)
{
    /// <summary>The name that stands for every interface.</summary>
    public const string AnyInterface = "any";
}

/// <summary>Why there is no capture.</summary>
/// <param name="Kind">For programs.</param>
/// <param name="Reason">For a person: one sentence part without a full stop.</param>
internal sealed record CaptureFault(CaptureFaultKind Kind, string Reason);

internal enum CaptureFaultKind
{
    /// <summary>The process may not open packet sockets, or not enter the namespace.</summary>
    NoPrivilege,

    NoSuchInterface,

    InterfaceDown,

    NoSuchNamespace,

    /// <summary>libpcap is not installed.</summary>
    LibraryMissing,

    BadFilter,

    /// <summary>This kernel, or what stands in for one, has no packet rings.</summary>
    Unsupported,

    /// <summary>Anything else the system said.</summary>
    Failed,
}
