using System.Runtime.InteropServices;

namespace Whorl.Native.Capture;

/// <summary>libpcap, where it is installed. Nothing of it may be called before <see cref="IsPresent"/> said yes.</summary>
internal static unsafe partial class PcapLibrary
{
    public const int ErrorLength = 256;

    private static readonly string[] Candidates = ["libpcap.so.1", "libpcap.so.0.8"];

    private static readonly Lock Gate = new();

    private static bool resolving;

    private static nint library;

    /// <summary>Looked up again while it is missing, so that installing it is enough.</summary>
    public static bool IsPresent
    {
        get
        {
            lock (Gate)
            {
                if (!resolving)
                {
                    NativeLibrary.SetDllImportResolver(typeof(PcapLibrary).Assembly, static (name, _, _) => name == "libpcap" ? library : 0);
                    resolving = true;
                }

                foreach (string name in Candidates)
                {
                    if (library == 0 && NativeLibrary.TryLoad(name, out nint found))
                    {
                        library = found;
                    }
                }

                return library != 0;
            }
        }
    }

    public static CaptureFault Missing(string what) => new(CaptureFaultKind.LibraryMissing, $"{what} needs libpcap, which is not installed");

    /// <summary>Compiles a filter for <paramref name="handle"/>; its instructions, or what is wrong.</summary>
    public static string? Compile(PcapHandle handle, string filter, out ulong[] instructions)
    {
        instructions = [];
        if (Compile(handle, out Program program, filter, 1, uint.MaxValue) != 0)
        {
            return handle.ErrorText;
        }

        instructions = new ReadOnlySpan<ulong>(program.Instructions, (int)program.Length).ToArray();
        FreeCode(ref program);
        return null;
    }

    /// <summary>Compiles and sets a filter on a live handle; null, or what is wrong.</summary>
    public static string? SetFilter(PcapHandle handle, string filter)
    {
        if (Compile(handle, out Program program, filter, 1, uint.MaxValue) != 0)
        {
            return handle.ErrorText;
        }

        string? wrong = SetFilter(handle, ref program) == 0 ? null : handle.ErrorText;
        FreeCode(ref program);
        return wrong;
    }

    [LibraryImport("libpcap", EntryPoint = "pcap_open_dead")]
    public static partial PcapHandle OpenDead(int linkType, int snapshot);

    [LibraryImport("libpcap", EntryPoint = "pcap_create", StringMarshalling = StringMarshalling.Utf8)]
    public static partial PcapHandle Create(string source, byte* error);

    [LibraryImport("libpcap", EntryPoint = "pcap_set_snaplen")]
    public static partial int SetSnapshot(PcapHandle handle, int length);

    [LibraryImport("libpcap", EntryPoint = "pcap_set_promisc")]
    public static partial int SetPromiscuous(PcapHandle handle, int promiscuous);

    [LibraryImport("libpcap", EntryPoint = "pcap_set_timeout")]
    public static partial int SetTimeout(PcapHandle handle, int milliseconds);

    [LibraryImport("libpcap", EntryPoint = "pcap_set_buffer_size")]
    public static partial int SetBufferSize(PcapHandle handle, int bytes);

    [LibraryImport("libpcap", EntryPoint = "pcap_set_tstamp_precision")]
    public static partial int SetPrecision(PcapHandle handle, int precision);

    [LibraryImport("libpcap", EntryPoint = "pcap_get_tstamp_precision")]
    public static partial int GetPrecision(PcapHandle handle);

    [LibraryImport("libpcap", EntryPoint = "pcap_activate")]
    public static partial int Activate(PcapHandle handle);

    [LibraryImport("libpcap", EntryPoint = "pcap_setnonblock")]
    public static partial int SetNonBlocking(PcapHandle handle, int on, byte* error);

    [LibraryImport("libpcap", EntryPoint = "pcap_get_selectable_fd")]
    public static partial int SelectableDescriptor(PcapHandle handle);

    [LibraryImport("libpcap", EntryPoint = "pcap_datalink")]
    public static partial int DataLink(PcapHandle handle);

    [LibraryImport("libpcap", EntryPoint = "pcap_next_ex")]
    public static partial int Next(PcapHandle handle, out Header* header, out byte* data);

    [LibraryImport("libpcap", EntryPoint = "pcap_stats")]
    public static partial int Statistics(PcapHandle handle, out Counts counts);

    [LibraryImport("libpcap", EntryPoint = "pcap_geterr")]
    public static partial nint ErrorOf(PcapHandle handle);

    [LibraryImport("libpcap", EntryPoint = "pcap_compile", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Compile(PcapHandle handle, out Program program, string filter, int optimize, uint netmask);

    [LibraryImport("libpcap", EntryPoint = "pcap_setfilter")]
    private static partial int SetFilter(PcapHandle handle, ref Program program);

    [LibraryImport("libpcap", EntryPoint = "pcap_freecode")]
    private static partial void FreeCode(ref Program program);

    /// <summary>struct pcap_pkthdr; Fraction is micro- or nanoseconds.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Header
    {
        public long Seconds;
        public long Fraction;
        public uint Captured;
        public uint Length;
    }

    /// <summary>struct pcap_stat.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Counts
    {
        public uint Received;
        public uint Dropped;
        public uint DroppedByInterface;
    }

    /// <summary>struct bpf_program.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Program
    {
        public uint Length;
        public ulong* Instructions;
    }
}

/// <summary>A pcap_t; closed with its handle.</summary>
internal sealed partial class PcapHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    /// <summary>What libpcap last complained of.</summary>
    public string ErrorText => Marshal.PtrToStringUTF8(PcapLibrary.ErrorOf(this)) ?? "";

    protected override bool ReleaseHandle()
    {
        Close(handle);
        return true;
    }

    [LibraryImport("libpcap", EntryPoint = "pcap_close")]
    private static partial void Close(nint handle);
}
