using System.Runtime.InteropServices;

namespace Whorl.Native.Sockets;

/// <summary>What the kernel runs on each packet before a socket gets it (classic BPF, packet(7) SO_ATTACH_FILTER).</summary>
internal static unsafe partial class SocketFilter
{
    private const int SocketLevel = 1;
    private const int AttachFilter = 26;

    /// <summary>Lets nothing through: for sockets that only send.</summary>
    public static ulong[] Nothing { get; } = [At(0x06, 0)];

    /// <summary>
    /// Answers to SYNs: TCP over IPv4 or IPv6, to one of the ports, with SYN and ACK or with RST. For packets that begin with their IP header.
    /// </summary>
    public static ulong[] SynAnswers(ushort first, ushort last) =>
    [
        At(0x30, 0), // version
        At(0x74, 4),
        At(0x15, 4, 1, 0),
        At(0x15, 6, 10, 20),
        At(0x30, 9), // 4: protocol
        At(0x15, 6, 0, 18),
        At(0x28, 6), // no later fragment
        At(0x45, 0x1FFF, 16, 0),
        At(0xB1, 0), // header length
        At(0x48, 2), // destination port
        At(0x35, first, 0, 13),
        At(0x25, last, 12, 0),
        At(0x50, 13), // flags
        At(0x05, 6),
        At(0x30, 6), // 14: next header
        At(0x15, 6, 0, 8),
        At(0x28, 42),
        At(0x35, first, 0, 6),
        At(0x25, last, 5, 0),
        At(0x30, 53),
        At(0x54, 0x16), // 20: SYN, RST, ACK
        At(0x15, 0x12, 1, 0),
        At(0x45, 0x04, 0, 1),
        At(0x06, 0xFFFF),
        At(0x06, 0),
    ];

    /// <summary>Zero, or the errno.</summary>
    public static int Attach(SafeHandle socket, ReadOnlySpan<ulong> instructions)
    {
        fixed (ulong* pointer = instructions)
        {
            Program program = new() { Length = (ushort)instructions.Length, Instructions = pointer };
            return SetOption(socket, SocketLevel, AttachFilter, &program, (uint)sizeof(Program)) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
    }

    // struct sock_filter: code, jump where true, jump where false, operand.
    private static ulong At(ushort code, uint operand, byte yes = 0, byte no = 0) => code | ((ulong)yes << 16) | ((ulong)no << 24) | ((ulong)operand << 32);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int SetOption(SafeHandle socket, int level, int option, void* value, uint length);

    [StructLayout(LayoutKind.Sequential)]
    private struct Program
    {
        public ushort Length;
        public ulong* Instructions;
    }
}
