using Whorl.Kernel;
using Whorl.Native.Maxmind;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Fetching.Networks;

/// <summary>Says whose an address is. Any number of threads.</summary>
internal interface IAddressTable
{
    AddressFact Find(PeerAddress address);
}

/// <summary>Opens the table that the configuration names.</summary>
internal static class AddressTables
{
    /// <summary>The table, or one that knows nothing, and why.</summary>
    public static IAddressTable Open(string path, out string? fault)
    {
        fault = null;
        if (path.Length == 0)
        {
            return UnknownAddresses.Instance;
        }

        try
        {
            if (!path.EndsWith(".mmdb", StringComparison.OrdinalIgnoreCase))
            {
                return (IAddressTable?)TsvTable.TryOpen(path, out fault) ?? UnknownAddresses.Instance;
            }

            if (!File.Exists(path))
            {
                fault = $"there is no file {path}";
                return UnknownAddresses.Instance;
            }

            MaxmindDatabase? database = MaxmindDatabase.TryOpen(path, out fault);
            return database is null ? UnknownAddresses.Instance : new MmdbTable(database);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            fault = error.Message;
            return UnknownAddresses.Instance;
        }
    }
}

/// <summary>Knows nothing of any address.</summary>
internal sealed class UnknownAddresses : IAddressTable
{
    public static readonly UnknownAddresses Instance = new();

    private UnknownAddresses()
    {
    }

    public AddressFact Find(PeerAddress address) => new() { Ip = address.ToString() };
}
