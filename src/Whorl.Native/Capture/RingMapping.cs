using System.Runtime.InteropServices;

namespace Whorl.Native.Capture;

/// <summary>The memory that a packet ring shares with the kernel; unmapped with its handle.</summary>
internal sealed partial class RingMapping : SafeHandle
{
    private const int ReadWrite = 1 | 2;

    private const int Shared = 1;

    private readonly nuint _length;

    private RingMapping(nint address, nuint length)
        : base(-1, ownsHandle: true)
    {
        SetHandle(address);
        _length = length;
    }

    public override bool IsInvalid => handle == -1;

    /// <summary>Zero, or the errno.</summary>
    public static int TryMap(KernelSocket socket, int length, out RingMapping mapping)
    {
        nint address = Map(0, (nuint)length, ReadWrite, Shared, socket, 0);
        int error = address == -1 ? Marshal.GetLastPInvokeError() : 0;
        mapping = new(address, (nuint)length);
        return error;
    }

    protected override bool ReleaseHandle() => Unmap(handle, _length) == 0;

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, KernelSocket socket, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(nint address, nuint length);
}
