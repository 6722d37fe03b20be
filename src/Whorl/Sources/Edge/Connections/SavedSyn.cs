using System.Net.Sockets;
using Whorl.Fingerprints.Tcp;
using Whorl.Fingerprints.Wire;

namespace Whorl.Sources.Edge.Connections;

/// <summary>The SYN that began a connection, kept by the kernel on request (tcp(7), TCP_SAVE_SYN, Linux 4.2): no privilege, no packet capture.</summary>
internal static class SavedSyn
{
    private const int TcpLevel = 6;
    private const int TcpSaveSyn = 27;
    private const int TcpSavedSyn = 28;

    // IP and TCP headers with all options: 60 + 60 for IPv4; IPv6 extension headers are not kept.
    private const int MaxHeaders = 200;

    /// <summary>Asks the kernel to keep the SYN of every connection this listening socket accepts.</summary>
    public static void Keep(Socket listener)
    {
        try
        {
            listener.SetRawSocketOption(TcpLevel, TcpSaveSyn, BitConverter.GetBytes(1));
        }
        catch (SocketException)
        {
            // A kernel or sandbox without it: connections simply have no TCP signature.
        }
    }

    /// <summary>The p0f v3 signature of the SYN; null where it was not kept. Can be read once a connection.</summary>
    public static string? SignatureOf(Socket connection)
    {
        Span<byte> headers = stackalloc byte[MaxHeaders];
        try
        {
            int length = connection.GetRawSocketOption(TcpLevel, TcpSavedSyn, headers);
            return length > 0 && TcpStack.TryParseSyn(headers[..length], out TcpStack? stack) == ParseStatus.Done ? stack!.Signature : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
