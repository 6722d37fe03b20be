using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Whorl.Native.Maxmind;

/// <summary>A MaxMind database, read by libmaxminddb. Any number of threads may look up at once; disposing while one does is put off until it is done.</summary>
internal sealed unsafe class MaxmindDatabase : SafeHandle
{
    // The library's MMDB_s has about 200 bytes and grows with its versions.
    private const int StateLength = 2048;

    private const uint ModeMmap = 1;

    private const int TextType = 2;
    private const int NumberType16 = 5;
    private const int NumberType32 = 6;
    private const int NumberType64 = 9;

    private static readonly string[] Candidates = ["libmaxminddb.so.0", "libmaxminddb.so"];

    private static readonly Lazy<nint> Library = new(static () => Candidates.Select(name => NativeLibrary.TryLoad(name, out nint found) ? found : 0).FirstOrDefault(found => found != 0));

    public MaxmindDatabase()
        : base(0, ownsHandle: true)
    {
    }

    public static bool IsPresent => Library.Value != 0;

    public override bool IsInvalid => handle == 0;

    /// <summary>Opens a file; null, and why, where that is not possible.</summary>
    public static MaxmindDatabase? TryOpen(string path, out string? fault)
    {
        if (!IsPresent)
        {
            fault = "MMDB files need libmaxminddb, which is not installed";
            return null;
        }

        byte* state = (byte*)NativeMemory.AllocZeroed(StateLength);
        int status;
        fixed (byte* name = Terminated(path))
        {
            status = ((delegate* unmanaged<byte*, uint, byte*, int>)Export("MMDB_open"))(name, ModeMmap, state);
        }

        if (status != 0)
        {
            NativeMemory.Free(state);
            fault = $"{path}: {Marshal.PtrToStringUTF8((nint)((delegate* unmanaged<int, byte*>)Export("MMDB_strerror"))(status))}";
            return null;
        }

        fault = null;
        MaxmindDatabase database = new();
        database.SetHandle((nint)state);
        return database;
    }

    /// <summary>What the database has for an address; null where it has nothing.</summary>
    public Entry? Find(IPAddress address)
    {
        Span<byte> socket = stackalloc byte[28];
        socket.Clear();
        bool v4 = address.AddressFamily == AddressFamily.InterNetwork;
        MemoryMarshal.Write(socket, (ushort)(v4 ? 2 : 10));
        address.TryWriteBytes(socket[(v4 ? 4 : 8)..], out _);
        bool held = false;
        DangerousAddRef(ref held);
        int error = 0;
        Found found;
        fixed (byte* at = socket)
        {
            found = ((delegate* unmanaged<nint, byte*, int*, Found>)Export("MMDB_lookup_sockaddr"))(handle, at, &error);
        }

        if (error != 0 || found.HasEntry == 0)
        {
            DangerousRelease();
            return null;
        }

        // An IPv4 address in a tree of IPv6 lies under 96 bits of zeros.
        return new(this, found, v4 && found.Mask >= 96 ? found.Mask - 96 : found.Mask);
    }

    protected override bool ReleaseHandle()
    {
        ((delegate* unmanaged<nint, void>)Export("MMDB_close"))(handle);
        NativeMemory.Free((void*)handle);
        return true;
    }

    private static nint Export(string name) => NativeLibrary.GetExport(Library.Value, name);

    private static byte[] Terminated(string text) => [.. Encoding.UTF8.GetBytes(text), 0];

    /// <summary>What the database has for one address. Holds it open until disposed.</summary>
    internal sealed class Entry : IDisposable
    {
        private readonly MaxmindDatabase _database;
        private readonly Found _found;
        private bool _disposed;

        internal Entry(MaxmindDatabase database, Found found, int prefixLength) => (_database, _found, PrefixLength) = (database, found, prefixLength);

        /// <summary>Bits of the prefix that the entry is of.</summary>
        public int PrefixLength { get; }

        /// <summary>A text or a number under a path of names; null where there is none.</summary>
        public string? Text(string[] path)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            byte[][] names = [.. path.Select(Terminated)];
            GCHandle[] pinned = [.. names.Select(name => GCHandle.Alloc(name, GCHandleType.Pinned))];
            nint* pointers = stackalloc nint[path.Length + 1];
            for (int i = 0; i < path.Length; i++)
            {
                pointers[i] = pinned[i].AddrOfPinnedObject();
            }

            pointers[path.Length] = 0;

            // MMDB_entry_data_s: a flag, a union of 16 bytes aligned to as many, four numbers.
            byte* space = stackalloc byte[80];
            byte* data = (byte*)(((nint)space + 15) & ~15);
            new Span<byte>(data, 64).Clear();
            Found found = _found;
            int status = ((delegate* unmanaged<Start*, byte*, nint*, int>)Export("MMDB_aget_value"))(&found.Entry, data, pointers);
            foreach (GCHandle each in pinned)
            {
                each.Free();
            }

            if (status != 0 || data[0] == 0)
            {
                return null;
            }

            uint length = *(uint*)(data + 40), type = *(uint*)(data + 44);
            return type switch
            {
                TextType => Encoding.UTF8.GetString(*(byte**)(data + 16), (int)length),
                NumberType16 => (*(ushort*)(data + 16)).ToString(CultureInfo.InvariantCulture),
                NumberType32 => (*(uint*)(data + 16)).ToString(CultureInfo.InvariantCulture),
                NumberType64 => (*(ulong*)(data + 16)).ToString(CultureInfo.InvariantCulture),
                _ => null,
            };
        }

        public void Dispose()
        {
            if (!_disposed)
            {
                _disposed = true;
                _database.DangerousRelease();
            }
        }
    }

    /// <summary>MMDB_entry_s.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Start
    {
        public nint Database;
        public uint Offset;
    }

    /// <summary>MMDB_lookup_result_s.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Found
    {
        public byte HasEntry;
        public Start Entry;
        public ushort Mask;
    }
}
