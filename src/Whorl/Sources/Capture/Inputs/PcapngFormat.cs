using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using Whorl.Fingerprints.Packets;

namespace Whorl.Sources.Capture.Inputs;

/// <summary>
/// pcapng (draft-ietf-opsawg-pcapng): blocks of type, length, body and length again, in sections that each have their own
/// byte order and interfaces. Blocks that hold no frame are passed over.
/// </summary>
internal sealed class PcapngFormat : CaptureFormat
{
    /// <summary>The same in either byte order.</summary>
    public const uint SectionHeader = 0x0A0D0D0A;

    private const uint ByteOrder = 0x1A2B3C4D;
    private const uint InterfaceDescription = 1;
    private const uint ObsoletePacket = 2;
    private const uint SimplePacket = 3;
    private const uint EnhancedPacket = 6;

    private const int BlockHeaderLength = 8;
    private const int PacketHeaderLength = BlockHeaderLength + 20;

    // A frame with its options; secrets and name resolution blocks are of this order too.
    private const int MaxBlock = 16 * MaxFrame;

    // Interfaces of one section, and different names in all: a host has dozens, one with containers hundreds.
    private const int MaxInterfaces = 4096;

    // Linux allows 15 characters, Windows names are a GUID with a prefix.
    private const int MaxName = 128;

    private readonly List<string> _names = [];
    private readonly List<PcapngInterface> _section = [];
    private bool _big;
    private bool _started;
    private long _skip;

    public override IReadOnlyList<string> Interfaces => _names;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override FrameRead TryRead(InputBytes input, out CapturedFrame frame, out string? reason)
    {
        frame = default;
        while (true)
        {
            if (_skip > 0 && !TrySkip(input, out FrameRead ended, out reason))
            {
                return ended;
            }

            InputRead read = input.Ensure(BlockHeaderLength);
            if (read != InputRead.There)
            {
                return Ended(read, input, "a block's header", out reason);
            }

            uint type = U32(input.Bytes);
            if (type == SectionHeader || !_started)
            {
                read = input.Ensure(BlockHeaderLength + 4);
                if (read != InputRead.There)
                {
                    return Ended(read, input, "a section's header", out reason);
                }

                if (!TryStartSection(input.Bytes[BlockHeaderLength..]))
                {
                    reason = "a section has no byte order";
                    return FrameRead.Damaged;
                }
            }

            uint length = U32(input.Bytes[4..]);
            if (length < BlockHeaderLength + 4 || length % 4 != 0 || length > MaxBlock)
            {
                reason = $"a block claims to have {length} bytes";
                return FrameRead.Damaged;
            }

            if (type is not (InterfaceDescription or ObsoletePacket or SimplePacket or EnhancedPacket))
            {
                _skip = length;
                continue;
            }

            read = input.Ensure((int)length);
            if (read != InputRead.There)
            {
                return Ended(read, input, "a block", out reason);
            }

            ReadOnlySpan<byte> block = input.Bytes[..(int)length];
            reason = type switch
            {
                InterfaceDescription => AddInterface(block),
                SimplePacket => ReadSimple(block, out frame),
                _ => ReadPacket(block, obsolete: type == ObsoletePacket, out frame),
            };
            if (reason is not null)
            {
                return FrameRead.Damaged;
            }

            input.Pass((int)length);
            if (type != InterfaceDescription)
            {
                return FrameRead.Frame;
            }
        }
    }

    private bool TrySkip(InputBytes input, out FrameRead ended, out string? reason)
    {
        ended = default;
        reason = null;
        while (_skip > 0)
        {
            InputRead read = input.Ensure(1);
            if (read != InputRead.There)
            {
                ended = read == InputRead.End ? FrameRead.Damaged : Ended(read, input, "a block", out reason);
                reason ??= read == InputRead.End ? "the file ends inside a block" : null;
                return false;
            }

            int passed = (int)Math.Min(_skip, input.Bytes.Length);
            input.Pass(passed);
            _skip -= passed;
        }

        return true;
    }

    private bool TryStartSection(ReadOnlySpan<byte> order)
    {
        bool little = BinaryPrimitives.ReadUInt32LittleEndian(order) == ByteOrder;
        _big = BinaryPrimitives.ReadUInt32BigEndian(order) == ByteOrder;
        _started = true;
        _section.Clear();
        return little || _big;
    }

    // link type 2 | reserved 2 | snapshot length 4 | options: code 2, length 2, value, padded to four
    private string? AddInterface(ReadOnlySpan<byte> block)
    {
        if (block.Length < 20)
        {
            return "an interface is described in too few bytes";
        }

        if (_section.Count == MaxInterfaces)
        {
            return $"a section has more than {MaxInterfaces} interfaces";
        }

        PcapngInterface made = new() { Link = (LinkType)U16(block[8..]), SnapLength = U32(block[12..]) };
        string name = "";
        ReadOnlySpan<byte> options = block[16..^4];
        while (options.Length >= 4)
        {
            int code = U16(options);
            int length = U16(options[2..]);
            if (code == 0 || 4 + length > options.Length)
            {
                break;
            }

            ReadOnlySpan<byte> value = options.Slice(4, length);
            switch (code)
            {
                case 2:
                    name = Encoding.UTF8.GetString(value[..Math.Min(length, MaxName)]);
                    break;
                case 9 when length == 1:
                    made.SetResolution(value[0]);
                    break;
                case 14 when length == 8:
                    made.Offset = (long)(_big ? BinaryPrimitives.ReadUInt64BigEndian(value) : BinaryPrimitives.ReadUInt64LittleEndian(value));
                    break;
                default:
                    break;
            }

            options = options[Math.Min(options.Length, 4 + ((length + 3) & ~3))..];
        }

        made.Index = IndexOf(name);
        _section.Add(made);
        return null;
    }

    // Sections repeat their interfaces (a file per hour, joined): a name keeps its number.
    private int IndexOf(string name)
    {
        int index = _names.IndexOf(name);
        if (index < 0 && _names.Count < MaxInterfaces)
        {
            index = _names.Count;
            _names.Add(name);
        }

        return Math.Max(index, 0);
    }

    // enhanced: interface 4 | time 8 | captured 4 | original 4 | bytes; obsolete: interface 2 | drops 2 | …
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private string? ReadPacket(ReadOnlySpan<byte> block, bool obsolete, out CapturedFrame frame)
    {
        frame = default;
        if (block.Length < PacketHeaderLength + 4)
        {
            return "a frame's block has too few bytes";
        }

        uint number = obsolete ? U16(block[8..]) : U32(block[8..]);
        uint captured = U32(block[20..]);
        if (number >= _section.Count)
        {
            return $"a frame names interface {number}, which is not described";
        }

        if (captured > block.Length - PacketHeaderLength - 4)
        {
            return $"a frame claims to have {captured} bytes, more than its block";
        }

        PcapngInterface from = _section[(int)number];
        long time = from.Nanoseconds(((ulong)U32(block[12..]) << 32) | U32(block[16..]));
        uint original = U32(block[24..]);
        frame = new CapturedFrame(from.Link, block.Slice(PacketHeaderLength, (int)captured), (int)Math.Min(original, int.MaxValue), time, from.Index);
        return null;
    }

    // original length 4 | bytes; no time, and always of the first interface
    private string? ReadSimple(ReadOnlySpan<byte> block, out CapturedFrame frame)
    {
        frame = default;
        if (block.Length < 16 || _section.Count == 0)
        {
            return block.Length < 16 ? "a frame's block has too few bytes" : "a frame stands before any interface";
        }

        PcapngInterface from = _section[0];
        uint original = U32(block[8..]);
        uint captured = Math.Min(original, (uint)block.Length - 16);
        captured = from.SnapLength == 0 ? captured : Math.Min(captured, from.SnapLength);
        frame = new CapturedFrame(from.Link, block.Slice(12, (int)captured), (int)Math.Min(original, int.MaxValue), 0, from.Index);
        return null;
    }

    private uint U32(ReadOnlySpan<byte> bytes) => _big ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private ushort U16(ReadOnlySpan<byte> bytes) => _big ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
}
