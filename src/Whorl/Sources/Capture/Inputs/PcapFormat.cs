using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Whorl.Fingerprints.Packets;

namespace Whorl.Sources.Capture.Inputs;

/// <summary>
/// The classic format of libpcap, microseconds or nanoseconds, in either byte order.
/// <code>
/// magic 4 | major 2 | minor 2 | zone 4 | accuracy 4 | snapshot length 4 | link type 4
/// seconds 4 | fraction 4 | captured length 4 | original length 4 | bytes …
/// </code>
/// </summary>
internal sealed class PcapFormat : CaptureFormat
{
    public const uint Micro = 0xA1B2C3D4;
    public const uint Nano = 0xA1B23C4D;
    public const uint MicroSwapped = 0xD4C3B2A1;
    public const uint NanoSwapped = 0x4D3CB2A1;

    private const int FileHeaderLength = 24;
    private const int RecordHeaderLength = 16;

    private static readonly string[] NoName = [""];

    private bool _started;
    private bool _swapped;
    private long _unit;
    private LinkType _link;

    public override IReadOnlyList<string> Interfaces => NoName;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override FrameRead TryRead(InputBytes input, out CapturedFrame frame, out string? reason)
    {
        frame = default;
        InputRead read;
        if (!_started)
        {
            read = input.Ensure(FileHeaderLength);
            if (read != InputRead.There)
            {
                return Ended(read, input, "its header", out reason);
            }

            Start(input.Bytes);
            input.Pass(FileHeaderLength);
        }

        read = input.Ensure(RecordHeaderLength);
        if (read != InputRead.There)
        {
            return Ended(read, input, "a frame's header", out reason);
        }

        ReadOnlySpan<byte> header = input.Bytes;
        uint captured = U32(header[8..]);
        uint original = U32(header[12..]);
        if (captured > MaxFrame)
        {
            reason = $"a frame claims to have {captured} bytes";
            return FrameRead.Damaged;
        }

        int whole = RecordHeaderLength + (int)captured;
        if (header.Length < whole)
        {
            read = input.Ensure(whole);
            if (read != InputRead.There)
            {
                return Ended(read, input, "a frame", out reason);
            }

            header = input.Bytes;
        }

        long time = (U32(header) * 1_000_000_000L) + (U32(header[4..]) * _unit);
        frame = new CapturedFrame(_link, header.Slice(RecordHeaderLength, (int)captured), (int)Math.Min(original, int.MaxValue), time, 0);
        input.Pass(whole);
        reason = null;
        return FrameRead.Frame;
    }

    private void Start(ReadOnlySpan<byte> header)
    {
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(header);
        _started = true;
        _swapped = magic is MicroSwapped or NanoSwapped;
        _unit = magic is Nano or NanoSwapped ? 1 : 1000;

        // The upper bits hold the length of a frame check sequence.
        _link = (LinkType)(U32(header[20..]) & 0xFFFF);
    }

    private uint U32(ReadOnlySpan<byte> bytes) =>
        _swapped ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
}
