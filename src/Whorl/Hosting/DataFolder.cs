using System.Net.Sockets;
using Whorl.Hosting.Configuration;

namespace Whorl.Hosting;

/// <summary>The folder where a node keeps its files: open to its owner alone, used by one process at a time.</summary>
internal static class DataFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static FileStream? _claim;

    public static void Create(string path)
    {
        try
        {
            Directory.CreateDirectory(path, OwnerOnly);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"Node:Data: {fault.Message}");
        }
    }

    /// <summary>Takes the folder for this process; the lock ends with the process, however that ends.</summary>
    public static void Claim(string path)
    {
        Create(path);
        try
        {
            _claim ??= new FileStream(Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new ConfigurationException($"Node:Data: another whorl is running on {Path.GetFullPath(path)}");
        }
    }

    /// <summary>A socket file outlives a killed process; one that nobody answers is removed.</summary>
    public static void RemoveStaleSocket(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException)
        {
            File.Delete(path);
        }
    }
}
