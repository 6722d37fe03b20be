using System.Net.Sockets;
using System.Security.Authentication;

namespace Whorl.Sources.Sites.Fetching;

/// <summary>A site could not be had. It is thrown within this folder alone, and ends as words in the record.</summary>
/// <param name="reason">A word of <see cref="Scans.ScanReasons"/>.</param>
internal sealed class FetchException(string reason, string detail, Exception? inner = null) : Exception(detail, inner)
{
    public string Reason => reason;

    /// <summary>What a fault of the network, of TLS or of decompression means; null for one that is a mistake of ours.</summary>
    public static FetchException? Of(Exception fault) => fault switch
    {
        FetchException known => known,
        OperationCanceledException or TimeoutException => new(Scans.ScanReasons.TimedOut, "the time was up", fault),
        AuthenticationException => new(Scans.ScanReasons.Tls, (fault.InnerException ?? fault).Message, fault),
        SocketException socket => OfSocket(socket),
        IOException { InnerException: SocketException socket } => OfSocket(socket),
        InvalidDataException => new(Scans.ScanReasons.Malformed, "the body cannot be decompressed", fault),
        IOException or ObjectDisposedException => new(Scans.ScanReasons.Reset, "the connection ended early", fault),
        _ => null,
    };

    private static FetchException OfSocket(SocketException fault) => new(
        fault.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => Scans.ScanReasons.Refused,
            SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown => Scans.ScanReasons.Reset,
            SocketError.TimedOut => Scans.ScanReasons.TimedOut,
            _ => Scans.ScanReasons.NoRoute,
        },
        fault.Message,
        fault);
}
