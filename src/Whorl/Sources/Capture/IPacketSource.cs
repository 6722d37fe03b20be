using Whorl.Fingerprints.Packets;

namespace Whorl.Sources.Capture;

/// <summary>Where frames come from: a live interface or a file. Read by one thread.</summary>
internal interface IPacketSource : IDisposable
{
    /// <summary>Names of the interfaces that <see cref="CapturedFrame.Interface"/> counts; a file without names has one empty name. May grow while it is read.</summary>
    IReadOnlyList<string> Interfaces { get; }

    /// <summary>Why reading ended with <see cref="FrameRead.Damaged"/>; null before.</summary>
    SourceFault? Fault { get; }

    /// <summary>The next frame. Its bytes are valid until the next call.</summary>
    FrameRead TryRead(out CapturedFrame frame);

    /// <summary>Totals since the source was opened.</summary>
    SourceCounters Counters();
}

/// <summary>What became of one read.</summary>
internal enum FrameRead
{
    /// <summary>There is a frame.</summary>
    Frame,

    /// <summary>Nothing came within a short wait; ask again.</summary>
    Idle,

    /// <summary>The file has ended.</summary>
    End,

    /// <summary>The file cannot be read on, or the interface is gone; <see cref="IPacketSource.Fault"/> says why.</summary>
    Damaged,
}

/// <summary>One frame as it was captured.</summary>
/// <param name="link">What it begins with.</param>
/// <param name="bytes">The captured part.</param>
/// <param name="originalLength">Bytes it had on the wire.</param>
/// <param name="time">When it was captured, in nanoseconds since 1970.</param>
/// <param name="interface">Index into <see cref="IPacketSource.Interfaces"/>.</param>
internal readonly ref struct CapturedFrame(LinkType link, ReadOnlySpan<byte> bytes, int originalLength, long time, int @interface)
{
    public LinkType Link { get; } = link;

    public ReadOnlySpan<byte> Bytes { get; } = bytes;

    public int OriginalLength { get; } = originalLength;

    public long Time { get; } = time;

    public int Interface { get; } = @interface;
}

/// <summary>Why a source stopped.</summary>
/// <param name="Reason">What is wrong, for a person.</param>
/// <param name="Offset">Where in the file, in bytes from its (unpacked) start; -1 for an interface.</param>
internal sealed record SourceFault(string Reason, long Offset);

/// <summary>What a source has seen.</summary>
/// <param name="Frames">Frames delivered.</param>
/// <param name="Bytes">Captured bytes delivered.</param>
/// <param name="KernelDrops">Frames the kernel had no room for.</param>
/// <param name="Freezes">How often the kernel's ring was full.</param>
internal readonly record struct SourceCounters(long Frames, long Bytes, long KernelDrops, long Freezes);
