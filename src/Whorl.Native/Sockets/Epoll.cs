using System.Runtime.InteropServices;

namespace Whorl.Native.Sockets;

/// <summary>epoll(7) and the calls on a socket that go with it. Every call returns at once; a negative result is a negated errno.</summary>
internal static partial class Epoll
{
    public const uint In = 0x001;
    public const uint Out = 0x004;
    public const uint Error = 0x008;
    public const uint HangUp = 0x010;
    public const uint ReadHangUp = 0x2000;
    public const uint EdgeTriggered = 0x8000_0000;

    /// <summary>EAGAIN, negated: nothing there, or no room.</summary>
    public const int WouldBlock = -11;

    /// <summary>EINPROGRESS, negated: a connection is being made.</summary>
    public const int InProgress = -115;

    private const int Interrupted = 4;
    private const int CloseOnExec = 0x80000;
    private const int AddControl = 1;
    private const int NoSignal = 0x4000;

    /// <summary>False where the kernel is another one than Linux.</summary>
    public static bool IsSupported { get; } = OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    /// <summary>A new instance; invalid where the kernel refuses.</summary>
    public static EpollHandle Create()
    {
        EpollHandle handle = new();
        Marshal.InitHandle(handle, epoll_create1(CloseOnExec));
        return handle;
    }

    /// <summary>Watches a socket; its events carry <paramref name="data"/>. Closing the socket ends it.</summary>
    public static int Add(EpollHandle epoll, SafeHandle socket, uint events, ulong data)
    {
        // struct epoll_event is packed on x86-64 and nowhere else.
        Span<byte> entry = stackalloc byte[16];
        MemoryMarshal.Write(entry, events);
        MemoryMarshal.Write(entry[(EventLength - 8)..], data);
        return epoll_ctl(epoll, AddControl, socket, ref MemoryMarshal.GetReference(entry)) == 0 ? 0 : -Marshal.GetLastPInvokeError();
    }

    /// <summary>Length of one event in the buffer of <see cref="Wait"/>.</summary>
    public static int EventLength { get; } = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    /// <summary>Waits for events; their number, 0 after the time.</summary>
    public static int Wait(EpollHandle epoll, Span<byte> events, int milliseconds)
    {
        int count = epoll_wait(epoll, ref MemoryMarshal.GetReference(events), events.Length / EventLength, milliseconds);
        int error = count < 0 ? Marshal.GetLastPInvokeError() : 0;
        return error == Interrupted ? 0 : error != 0 ? -error : count;
    }

    /// <summary>Reads one event out of the buffer.</summary>
    public static (uint Events, ulong Data) Read(ReadOnlySpan<byte> events, int index)
    {
        ReadOnlySpan<byte> entry = events.Slice(index * EventLength, EventLength);
        return (MemoryMarshal.Read<uint>(entry), MemoryMarshal.Read<ulong>(entry[(EventLength - 8)..]));
    }

    public static int Receive(SafeHandle socket, Span<byte> into)
    {
        while (true)
        {
            nint count = recv(socket, ref MemoryMarshal.GetReference(into), (nuint)into.Length, 0);
            int error = count < 0 ? Marshal.GetLastPInvokeError() : 0;
            if (error != Interrupted)
            {
                return error != 0 ? -error : (int)count;
            }
        }
    }

    public static int Send(SafeHandle socket, ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            nint count = send(socket, ref MemoryMarshal.GetReference(bytes), (nuint)bytes.Length, NoSignal);
            int error = count < 0 ? Marshal.GetLastPInvokeError() : 0;
            if (error != Interrupted)
            {
                return error != 0 ? -error : (int)count;
            }
        }
    }

    /// <summary>Begins to connect; <see cref="InProgress"/> where the socket's becoming writable tells the end.</summary>
    public static int Connect(SafeHandle socket, ReadOnlySpan<byte> address) =>
        connect(socket, ref MemoryMarshal.GetReference(address), (uint)address.Length) == 0 ? 0 : -Marshal.GetLastPInvokeError();

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(EpollHandle epoll, int operation, SafeHandle socket, ref byte entry);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(EpollHandle epoll, ref byte events, int maxEvents, int timeout);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(SafeHandle socket, ref byte buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint send(SafeHandle socket, ref readonly byte buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(SafeHandle socket, ref readonly byte address, uint length);
}
