using System.Runtime.InteropServices;

namespace Whorl.Native.Capture;

/// <summary>A socket that .NET has no class for: packet(7) or netlink(7). Closed with its handle.</summary>
internal sealed partial class KernelSocket() : SafeHandle(-1, ownsHandle: true)
{
    public const int Raw = 3;

    public const int Datagram = 2;

    private const int PacketFamily = 17;

    private const int NetlinkFamily = 16;

    private const int CloseOnExec = 0x80000;

    private const int SocketLevel = 1;

    private const int SocketError = 4;

    public override bool IsInvalid => handle == -1;

    /// <summary>A packet socket that receives nothing until it is bound. Zero, or the errno.</summary>
    public static int TryOpen(int type, out KernelSocket socket)
    {
        socket = Socket(PacketFamily, type | CloseOnExec, 0);
        return socket.IsInvalid ? Marshal.GetLastPInvokeError() : 0;
    }

    /// <summary>A socket to ask the kernel about interfaces and addresses. Zero, or the errno.</summary>
    public static int TryOpenNetlink(out KernelSocket socket)
    {
        socket = Socket(NetlinkFamily, Raw | CloseOnExec, 0);
        return socket.IsInvalid ? Marshal.GetLastPInvokeError() : 0;
    }

    /// <summary>Bytes sent; negative where that failed.</summary>
    public unsafe int Send(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* pointer = bytes)
        {
            return (int)Send(this, pointer, (nuint)bytes.Length, 0);
        }
    }

    /// <summary>Bytes received; negative where that failed.</summary>
    public unsafe int Receive(Span<byte> bytes)
    {
        fixed (byte* pointer = bytes)
        {
            return (int)Receive(this, pointer, (nuint)bytes.Length, 0);
        }
    }

    /// <summary>Zero, or the errno.</summary>
    public unsafe int Set<T>(int level, int option, T value)
        where T : unmanaged =>
        SetOption(this, level, option, &value, (uint)sizeof(T)) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Zero, or the errno.</summary>
    public unsafe int Get<T>(int level, int option, out T value)
        where T : unmanaged
    {
        uint length = (uint)sizeof(T);
        fixed (T* pointer = &value)
        {
            *pointer = default;
            return GetOption(this, level, option, pointer, ref length) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>The error that waits at the socket, which reading it takes away.</summary>
    public int TakeError() => Get(SocketLevel, SocketError, out int error) is var failed and not 0 ? failed : error;

    public int TryBind(in LinkAddress address) => Bind(this, address, (uint)Marshal.SizeOf<LinkAddress>()) == 0 ? 0 : Marshal.GetLastPInvokeError();

    public int TryGetAddress(out LinkAddress address)
    {
        uint length = (uint)Marshal.SizeOf<LinkAddress>();
        return GetName(this, out address, ref length) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    protected override bool ReleaseHandle() => Close((int)handle) == 0;

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial KernelSocket Socket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static unsafe partial nint Send(KernelSocket socket, byte* bytes, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static unsafe partial nint Receive(KernelSocket socket, byte* bytes, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    private static unsafe partial int SetOption(KernelSocket socket, int level, int option, void* value, uint length);

    [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    private static unsafe partial int GetOption(KernelSocket socket, int level, int option, void* value, ref uint length);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int Bind(KernelSocket socket, in LinkAddress address, uint length);

    [LibraryImport("libc", EntryPoint = "getsockname", SetLastError = true)]
    private static partial int GetName(KernelSocket socket, out LinkAddress address, ref uint length);

    /// <summary>struct sockaddr_ll. <see cref="Protocol"/> is in network order.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct LinkAddress
    {
        public ushort Family;
        public ushort Protocol;
        public int Interface;
        public ushort HardwareType;
        public byte PacketType;
        public byte AddressLength;
        public ulong Address;

        public static LinkAddress ForAllProtocols(int @interface) => new() { Family = PacketFamily, Protocol = 0x0300, Interface = @interface };
    }
}
