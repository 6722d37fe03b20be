using System.Runtime.InteropServices;

namespace Whorl.Native.Capture;

/// <summary>A capture filter, compiled by libpcap to what the kernel runs on each frame.</summary>
internal sealed unsafe class FilterProgram
{
    private const int SocketLevel = 1;

    private const int AttachFilter = 26;

    private const int Ethernet = 1;

    // More than any frame: what the filter lets pass, it lets pass whole.
    private const int Snapshot = 256 * 1024;

    private readonly ulong[] _instructions;

    private FilterProgram(ulong[] instructions) => _instructions = instructions;

    /// <summary>Compiles <paramref name="filter"/> for frames of <paramref name="linkType"/>; null gives null.</summary>
    /// <param name="interface">Where it will be used, already inside the right namespace.</param>
    public static CaptureFault? TryCompile(string? filter, int linkType, string @interface, out FilterProgram? program)
    {
        program = null;
        if (filter is null)
        {
            return null;
        }

        if (!PcapLibrary.IsPresent)
        {
            return PcapLibrary.Missing("a capture filter");
        }

        if (NamesVlan(filter) && linkType != Ethernet)
        {
            return new(CaptureFaultKind.BadFilter, $"the filter '{filter}' asks for VLAN tags, which are not seen on {@interface}");
        }

        using PcapHandle handle = NamesVlan(filter) ? OpenLive(@interface) : PcapLibrary.OpenDead(linkType, Snapshot);
        if (handle.IsInvalid)
        {
            return new(CaptureFaultKind.Failed, "libpcap gives no handle");
        }

        if (PcapLibrary.Compile(handle, filter, out ulong[] instructions) is { } wrong)
        {
            return new(CaptureFaultKind.BadFilter, $"the filter '{filter}' cannot be used: {wrong}");
        }

        program = new(instructions);
        return null;
    }

    /// <summary>What is wrong with a filter, without any interface; null where nothing is, or where libpcap is missing.</summary>
    public static string? Check(string filter)
    {
        if (!PcapLibrary.IsPresent)
        {
            return null;
        }

        using PcapHandle handle = PcapLibrary.OpenDead(Ethernet, Snapshot);
        return PcapLibrary.Compile(handle, filter, out _);
    }

    /// <summary>Zero, or the errno.</summary>
    public int AttachTo(KernelSocket socket)
    {
        fixed (ulong* instructions = _instructions)
        {
            return socket.Set(SocketLevel, AttachFilter, new SocketProgram { Length = (ushort)_instructions.Length, Instructions = instructions });
        }
    }

    // Tags are off the frame when the kernel runs a filter; libpcap knows where they are then only when it compiles for a live handle.
    private static bool NamesVlan(string filter) => filter.Contains("vlan", StringComparison.OrdinalIgnoreCase);

    private static PcapHandle OpenLive(string name)
    {
        byte* error = stackalloc byte[PcapLibrary.ErrorLength];
        PcapHandle handle = PcapLibrary.Create(name, error);
        if (!handle.IsInvalid)
        {
            PcapLibrary.Activate(handle);
        }

        return handle;
    }

    /// <summary>struct sock_fprog.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct SocketProgram
    {
        public ushort Length;
        public ulong* Instructions;
    }
}
