using System.Runtime.InteropServices;

namespace Whorl.Native.Capture;

/// <summary>Waiting for a descriptor (poll(2)).</summary>
internal static partial class Readiness
{
    private const short Readable = 1;

    // POLLERR, POLLHUP, POLLNVAL: always reported.
    private const short Broken = 8 | 16 | 32;

    /// <summary>Waits at most <paramref name="milliseconds"/>; a signal ends the wait early, as if nothing had come.</summary>
    public static unsafe Readable Wait(int descriptor, int milliseconds)
    {
        Entry entry = new() { Descriptor = descriptor, Wanted = Readable };
        return Poll(&entry, 1, milliseconds) <= 0 ? Capture.Readable.Nothing
            : (entry.Seen & Broken) != 0 ? Capture.Readable.Broken
            : Capture.Readable.Yes;
    }

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static unsafe partial int Poll(Entry* entries, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct Entry
    {
        public int Descriptor;
        public short Wanted;
        public short Seen;
    }
}

internal enum Readable
{
    Nothing,
    Yes,
    Broken,
}
