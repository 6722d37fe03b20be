using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Whorl.Native.Sockets;

/// <summary>Raw sockets (raw(7)) of protocols that .NET has no name for.</summary>
internal static partial class RawProtocol
{
    private const int V4 = 2;
    private const int V6 = 10;
    private const int Raw = 3;
    private const int CloseOnExec = 0x80000;

    /// <summary>A socket that sends packets of a protocol by its number; throws as <see cref="Socket"/> does.</summary>
    public static Socket Open(bool v4, byte protocol)
    {
        nint handle = OpenSocket(v4 ? V4 : V6, Raw | CloseOnExec, protocol);
        return handle >= 0 ? new(new SafeSocketHandle(handle, ownsHandle: true)) : throw new SocketException((int)SocketError.AccessDenied);
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int OpenSocket(int domain, int type, int protocol);
}
