using System.Runtime.InteropServices;

namespace Whorl.Native.Capture;

/// <summary>Opening packet rings: every step that can fail, and what it says then.</summary>
internal sealed partial class PacketRing
{
    // The kernel only wants it to divide blocks evenly; version 3 packs frames by their true length.
    private const int FrameBytes = 2048;

    private const int LinkEthernet = 1;

    private const int LinkRaw = 101;

    private const int HardwareEthernet = 1;

    private const int HardwareRawIp = 519;

    private const int HardwareNone = 0xFFFE;

    /// <summary>Opens <see cref="LiveRequest.Members"/> rings on one interface; all or none.</summary>
    public static CaptureFault? TryOpen(LiveRequest request, out PacketRing[] rings)
    {
        PacketRing[] opened = [];
        CaptureFault? fault = NetworkNamespace.Run(request.Namespace, () => TryOpenHere(request, out opened));
        rings = opened;
        return fault;
    }

    /// <summary>Whether this process may capture at all.</summary>
    public static CaptureFault? TryPrivilege()
    {
        int error = KernelSocket.TryOpen(KernelSocket.Raw, out KernelSocket socket);
        socket.Dispose();
        return error == 0 ? null : Refused(error);
    }

    private static CaptureFault? TryOpenHere(LiveRequest request, out PacketRing[] rings)
    {
        List<PacketRing> opened = [];
        int group = 0;
        CaptureFault? fault = null;
        while (fault is null && opened.Count < request.Members)
        {
            fault = TryOpenOne(request, ref group, out PacketRing? ring);
            if (ring is not null)
            {
                opened.Add(ring);
            }
        }

        if (fault is not null)
        {
            opened.ForEach(ring => ring.Dispose());
            opened.Clear();
        }

        rings = [.. opened];
        return fault;
    }

    private static CaptureFault? TryOpenOne(LiveRequest request, ref int group, out PacketRing? ring)
    {
        ring = null;
        int index = 0;
        if (request.Interface != LiveRequest.AnyInterface && (index = InterfaceIndex(request.Interface)) == 0)
        {
            return new(CaptureFaultKind.NoSuchInterface, $"there is no interface {request.Interface}");
        }

        // Which headers an interface has is known only from a socket bound to it.
        CaptureFault? fault = TryHardware(index, request.Interface, out int hardware);
        if (fault is not null)
        {
            return fault;
        }

        bool cooked = index == 0 || hardware is not (HardwareEthernet or HardwareLoopback or HardwareNone or HardwareRawIp);
        int link = !cooked && hardware is HardwareEthernet or HardwareLoopback ? LinkEthernet : LinkRaw;
        fault = FilterProgram.TryCompile(request.Filter, link, request.Interface, out FilterProgram? filter);
        if (fault is not null)
        {
            return fault;
        }

        int error = KernelSocket.TryOpen(cooked ? KernelSocket.Datagram : KernelSocket.Raw, out KernelSocket socket);
        if (error != 0)
        {
            socket.Dispose();
            return Refused(error);
        }

        int blocks = Math.Max(2, request.RingBytes / BlockBytes);
        fault = TryPrepare(socket, request, index, blocks, filter, ref group, out RingMapping? mapping);
        if (fault is not null)
        {
            mapping?.Dispose();
            socket.Dispose();
            return fault;
        }

        ring = new(socket, mapping!, blocks, link, cooked);
        return null;
    }

    private static CaptureFault? TryHardware(int index, string name, out int hardware)
    {
        hardware = 0;
        int error = KernelSocket.TryOpen(KernelSocket.Raw, out KernelSocket socket);
        using (socket)
        {
            if (error != 0)
            {
                return Refused(error);
            }

            // Protocol 0: bound, and still deaf.
            KernelSocket.LinkAddress address = KernelSocket.LinkAddress.ForAllProtocols(index);
            address.Protocol = 0;
            if ((error = socket.TryBind(address)) != 0 || (error = socket.TryGetAddress(out address)) != 0)
            {
                return NotBound(error, name);
            }

            hardware = address.HardwareType;
            return null;
        }
    }

    private static CaptureFault? TryPrepare(
        KernelSocket socket, LiveRequest request, int index, int blocks, FilterProgram? filter, ref int group, out RingMapping? mapping)
    {
        mapping = null;
        RingRequest wanted = new()
        {
            BlockSize = BlockBytes,
            Blocks = (uint)blocks,
            FrameSize = FrameBytes,
            Frames = (uint)(blocks * (BlockBytes / FrameBytes)),
            Timeout = BlockMilliseconds,
        };
        int error;
        if ((error = socket.Set(PacketOption.Level, PacketOption.Version, PacketOption.Version3)) != 0
            || (error = socket.Set(PacketOption.Level, PacketOption.Reserve, VlanTagLength)) != 0)
        {
            return new(CaptureFaultKind.Unsupported, $"this system has no packet rings of version 3: {Errno.Text(error)}");
        }

        if ((error = socket.Set(PacketOption.Level, PacketOption.ReceiveRing, wanted)) != 0
            || (error = RingMapping.TryMap(socket, blocks * BlockBytes, out mapping)) != 0)
        {
            return error == Errno.NoMemory
                ? new(CaptureFaultKind.Failed, $"the system has no memory for a ring of {blocks * BlockBytes / 1024 / 1024} MB; choose a smaller one")
                : new(CaptureFaultKind.Unsupported, $"this system gives no packet ring: {Errno.Text(error)}");
        }

        // Before the socket is bound, so that nothing gets past it.
        if (filter is not null && (error = filter.AttachTo(socket)) != 0)
        {
            return new(CaptureFaultKind.BadFilter, $"the kernel does not take the filter: {Errno.Text(error)}");
        }

        if ((error = socket.TryBind(KernelSocket.LinkAddress.ForAllProtocols(index))) != 0 || (error = socket.TakeError()) != 0)
        {
            return NotBound(error, request.Interface);
        }

        if (request.Promiscuous && index != 0 && (error = socket.Set(PacketOption.Level, PacketOption.AddMembership, Membership.Promiscuous(index))) != 0)
        {
            return new(CaptureFaultKind.Failed, $"{request.Interface} cannot be made promiscuous: {Errno.Text(error)}");
        }

        return request.Members > 1 ? TryJoin(socket, ref group) : null;
    }

    /// <summary>Members of a group get whole conversations, both directions: the kernel's hash is symmetric. Fragments are put together for it.</summary>
    private static CaptureFault? TryJoin(KernelSocket socket, ref int group)
    {
        int mode = PacketOption.FanoutHash | PacketOption.FanoutDefragment | (group == 0 ? PacketOption.FanoutUniqueId : 0);
        int error = socket.Set(PacketOption.Level, PacketOption.Fanout, (mode << 16) | group);
        if (error == 0 && group == 0 && (error = socket.Get(PacketOption.Level, PacketOption.Fanout, out int chosen)) == 0)
        {
            group = chosen & 0xFFFF;
        }

        return error == 0 ? null : new(CaptureFaultKind.Unsupported, $"this system shares no traffic among threads: {Errno.Text(error)}");
    }

    private static CaptureFault Refused(int error) => error is Errno.NotPermitted or Errno.AccessDenied
        ? new(CaptureFaultKind.NoPrivilege, "capturing packets is not permitted to this process")
        : new(CaptureFaultKind.Unsupported, $"this system has no packet sockets: {Errno.Text(error)}");

    private static CaptureFault NotBound(int error, string name) => error switch
    {
        Errno.NetworkDown => new(CaptureFaultKind.InterfaceDown, $"the interface {name} is down"),
        Errno.NoDevice or Errno.NoSuchDevice => new(CaptureFaultKind.NoSuchInterface, $"there is no interface {name}"),
        _ => new(CaptureFaultKind.Failed, $"{name} cannot be opened: {Errno.Text(error)}"),
    };

    [LibraryImport("libc", EntryPoint = "if_nametoindex", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int InterfaceIndex(string name);

    /// <summary>Options of packet(7).</summary>
    private static class PacketOption
    {
        public const int Level = 263;
        public const int AddMembership = 1;
        public const int ReceiveRing = 5;
        public const int Statistics = 6;
        public const int Version = 10;
        public const int Reserve = 12;
        public const int Fanout = 18;
        public const int Version3 = 2;
        public const int FanoutHash = 0;
        public const int FanoutUniqueId = 0x2000;
        public const int FanoutDefragment = 0x8000;
    }

    /// <summary>struct tpacket_req3.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct RingRequest
    {
        public uint BlockSize;
        public uint Blocks;
        public uint FrameSize;
        public uint Frames;
        public uint Timeout;
        public uint PrivateSize;
        public uint Features;
    }

    /// <summary>struct packet_mreq.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Membership
    {
        public int Interface;
        public ushort Type;
        public ushort AddressLength;
        public ulong Address;

        public static Membership Promiscuous(int @interface) => new() { Interface = @interface, Type = 1 };
    }
}

/// <summary>Error numbers of Linux that mean something here.</summary>
internal static class Errno
{
    public const int NotPermitted = 1;
    public const int NoDevice = 6;
    public const int NoMemory = 12;
    public const int AccessDenied = 13;
    public const int NoSuchDevice = 19;
    public const int NetworkDown = 100;

    public static string Text(int error) => Marshal.GetPInvokeErrorMessage(error);
}
