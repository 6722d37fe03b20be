using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Whorl.Native.Capture;

/// <summary>
/// A capture over a TPACKET_V3 ring: the kernel fills blocks of memory that is mapped here, and a block goes back when its last frame was read.
/// </summary>
internal sealed unsafe partial class PacketRing : ILiveCapture
{
    // Holds the largest frame there is: segments that the network card would cut go up to 64 KiB, with "BIG TCP" to 192 KiB.
    private const int BlockBytes = 256 * 1024;

    // A block that is not full is handed over after this long: what a reader waits for a frame under little traffic.
    private const int BlockMilliseconds = 10;

    private const int WaitMilliseconds = 100;

    private const int VlanTagLength = 4;

    private const int MacAddresses = 12;

    // A frame below a loopback's own header says twice what was said once: when it leaves and when it arrives.
    private const int HardwareLoopback = 772;

    private const int PacketOutgoing = 4;

    private readonly KernelSocket _socket;
    private readonly RingMapping _mapping;
    private readonly byte* _ring;
    private readonly int _blocks;
    private readonly bool _cooked;
    private int _block;
    private byte* _frame;
    private uint _left;
    private bool _holding;
    private long _drops;
    private long _freezes;

    private PacketRing(KernelSocket socket, RingMapping mapping, int blocks, int linkType, bool cooked)
    {
        _socket = socket;
        _mapping = mapping;
        _ring = (byte*)mapping.DangerousGetHandle();
        _blocks = blocks;
        _cooked = cooked;
        LinkType = linkType;
    }

    public int LinkType { get; }

    public CaptureFault? Fault { get; private set; }

    public LiveRead TryRead(out LiveFrame frame)
    {
        while (true)
        {
            while (_left > 0)
            {
                FrameHeader* header = (FrameHeader*)_frame;
                _left--;
                _frame += header->NextOffset;
                if (Take(header, out frame))
                {
                    return LiveRead.Frame;
                }
            }

            if (_holding)
            {
                Release();
            }

            if (!NextBlock())
            {
                frame = default;
                return Wait();
            }
        }
    }

    public LiveLoss Loss()
    {
        // Reading the kernel's counters sets them to zero.
        if (_socket.Get(PacketOption.Level, PacketOption.Statistics, out Statistics seen) == 0)
        {
            _drops += seen.Drops;
            _freezes += seen.Freezes;
        }

        return new(_drops, _freezes);
    }

    public void Dispose()
    {
        _mapping.Dispose();
        _socket.Dispose();
    }

    private bool NextBlock()
    {
        BlockHeader* block = (BlockHeader*)(_ring + ((long)_block * BlockBytes));
        if ((Volatile.Read(ref block->Status) & BlockHeader.Ours) == 0)
        {
            return false;
        }

        _holding = true;
        _left = block->Frames;
        _frame = (byte*)block + block->First;
        return true;
    }

    private void Release()
    {
        BlockHeader* block = (BlockHeader*)(_ring + ((long)_block * BlockBytes));
        Volatile.Write(ref block->Status, 0);
        _block = _block + 1 == _blocks ? 0 : _block + 1;
        _holding = false;
    }

    private LiveRead Wait()
    {
        if (Readiness.Wait((int)_socket.DangerousGetHandle(), WaitMilliseconds) != Readable.Broken)
        {
            return LiveRead.Idle;
        }

        // The kernel says this once: when the interface goes down, which is also how it goes away.
        int error = _socket.TakeError();
        if (error == 0)
        {
            return LiveRead.Idle;
        }

        Fault = error == Errno.NetworkDown
            ? new(CaptureFaultKind.InterfaceDown, "the interface went down")
            : new(CaptureFaultKind.Failed, $"the interface stopped: {Errno.Text(error)}");
        return LiveRead.Gone;
    }

    private bool Take(FrameHeader* header, out LiveFrame frame)
    {
        LinkHeader* link = (LinkHeader*)((byte*)header + Unsafe.SizeOf<FrameHeader>());
        if ((link->PacketType == PacketOutgoing && link->HardwareType == HardwareLoopback) || (_cooked && !IsIp(link->Protocol)))
        {
            frame = default;
            return false;
        }

        byte* start = (byte*)header + (_cooked ? header->Network : header->Mac);
        int length = (int)header->Captured, original = (int)header->Length;
        if ((header->Status & FrameHeader.VlanValid) != 0 && !_cooked && length >= MacAddresses)
        {
            // The kernel took the outer tag off; the room for it is before the frame (PACKET_RESERVE).
            start -= VlanTagLength;
            Buffer.MemoryCopy(start + VlanTagLength, start, MacAddresses, MacAddresses);
            ushort kind = (header->Status & FrameHeader.VlanKindValid) != 0 ? header->VlanKind : (ushort)0x8100;
            Span<byte> tag = new(start + MacAddresses, VlanTagLength);
            BinaryPrimitives.WriteUInt16BigEndian(tag, kind);
            BinaryPrimitives.WriteUInt16BigEndian(tag[2..], (ushort)header->VlanTag);
            length += VlanTagLength;
            original += VlanTagLength;
        }

        frame = new(new(start, length), original, (header->Seconds * 1_000_000_000L) + header->Nanoseconds);
        return true;
    }

    private static bool IsIp(ushort protocol) => BinaryPrimitives.ReverseEndianness(protocol) is 0x0800 or 0x86DD;

    /// <summary>struct tpacket_block_desc with tpacket_hdr_v1, as far as it is read.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct BlockHeader
    {
        public const uint Ours = 1;

        public uint Version;
        public uint PrivateOffset;
        public uint Status;
        public uint Frames;
        public uint First;
    }

    /// <summary>struct tpacket3_hdr.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 48)]
    private struct FrameHeader
    {
        public const uint VlanValid = 1 << 4;

        public const uint VlanKindValid = 1 << 6;

        public uint NextOffset;
        public uint Seconds;
        public uint Nanoseconds;
        public uint Captured;
        public uint Length;
        public uint Status;
        public ushort Mac;
        public ushort Network;
        public uint Hash;
        public uint VlanTag;
        public ushort VlanKind;
    }

    /// <summary>struct sockaddr_ll behind the frame header.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct LinkHeader
    {
        public ushort Family;
        public ushort Protocol;
        public int Interface;
        public ushort HardwareType;
        public byte PacketType;
    }

    /// <summary>struct tpacket_stats_v3; Packets counts the dropped ones too.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Statistics
    {
        public uint Packets;
        public uint Drops;
        public uint Freezes;
    }
}
