using System.Buffers.Binary;

namespace Whorl.Sources.Capture.Inputs;

/// <summary>A file format: finds the frames in the bytes. Made anew for every file.</summary>
internal abstract class CaptureFormat
{
    /// <summary>
    /// Bytes of a frame at most. The largest snapshot length that any capturing program sets is 256 KiB (and 128 MiB for
    /// D-Bus and USB, which have no IP in them): more is damage, and must not make the reader take memory for it.
    /// </summary>
    protected const int MaxFrame = 1024 * 1024;

    /// <summary>Names of the interfaces so far.</summary>
    public abstract IReadOnlyList<string> Interfaces { get; }

    /// <summary>The next frame. On <see cref="FrameRead.Damaged"/> <paramref name="reason"/> tells what is wrong at <see cref="InputBytes.Offset"/>.</summary>
    public abstract FrameRead TryRead(InputBytes input, out CapturedFrame frame, out string? reason);

    /// <summary>The format whose first bytes these are; null where there is none.</summary>
    /// <param name="first">Four bytes.</param>
    public static CaptureFormat? Of(ReadOnlySpan<byte> first) => BinaryPrimitives.ReadUInt32LittleEndian(first) switch
    {
        PcapFormat.Micro or PcapFormat.Nano or PcapFormat.MicroSwapped or PcapFormat.NanoSwapped => new PcapFormat(),
        PcapngFormat.SectionHeader => new PcapngFormat(),
        _ => null,
    };

    /// <summary>What an unfinished read means to who reads the file.</summary>
    protected static FrameRead Ended(InputRead read, InputBytes input, string whatIsCut, out string? reason)
    {
        reason = null;
        switch (read)
        {
            case InputRead.NotYet:
                return FrameRead.Idle;
            case InputRead.Failed:
                reason = input.Failure;
                return FrameRead.Damaged;
            case InputRead.End when input.Bytes.IsEmpty:
                return FrameRead.End;
            default:
                reason = $"the file ends inside {whatIsCut}";
                return FrameRead.Damaged;
        }
    }
}
