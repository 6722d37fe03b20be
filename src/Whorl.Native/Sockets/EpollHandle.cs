using System.Runtime.InteropServices;

namespace Whorl.Native.Sockets;

/// <summary>An epoll instance.</summary>
internal sealed partial class EpollHandle() : SafeHandle(-1, ownsHandle: true)
{
    public override bool IsInvalid => handle < 0;

    protected override bool ReleaseHandle() => close((int)handle) == 0;

    [LibraryImport("libc")]
    private static partial int close(int descriptor);
}
