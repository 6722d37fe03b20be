using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Whorl.Kernel;
using Whorl.Sources.Decoys.Sessions;

namespace Whorl.Sources.Decoys.Text;

/// <summary>The data connection of one FTP conversation: passive only, to the same peer, one transfer at a time, behind a deadline.</summary>
internal sealed class FtpData(DecoySession session, Func<SslStreamCertificateContext> certificate) : IDisposable
{
    private static readonly TimeSpan TransferTime = TimeSpan.FromSeconds(20);

    private const int Piece = 16 * 1024;

    private Socket? _listener;

    public bool IsListening => _listener is not null;

    /// <summary>Whether data go over TLS (PROT P, RFC 4217).</summary>
    public bool IsProtected { get; set; }

    /// <summary>Opens a port for the peer to connect to; the answer that names it.</summary>
    public string TryListen(bool extended)
    {
        Dispose();
        IPAddress own = session.Report.Ends.Destination.ToIPAddress();
        if (!extended && own.AddressFamily != AddressFamily.InterNetwork)
        {
            return "425 Use EPSV.";
        }

        Socket socket = new(own.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(own, 0));
            socket.Listen(1);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return "425 Failed to establish connection.";
        }

        _listener = socket;
        int port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        return extended
            ? $"229 Entering Extended Passive Mode (|||{port}|)"
            : $"227 Entering Passive Mode ({own.ToString().Replace('.', ',')},{port >> 8},{port & 255}).";
    }

    public Task<bool> SendAsync(byte[] content) => ConnectAsync(async (peer, late) =>
    {
        if (!session.TryGive(content.Length))
        {
            return;
        }

        await peer.WriteAsync(content, late);
        await peer.FlushAsync(late);
    });

    /// <summary>Takes an upload and tells of it; as much of it is kept as the limits allow.</summary>
    public async Task<bool> ReceiveAsync(string name)
    {
        ArrayBufferWriter<byte> kept = new();
        long sent = 0;
        DecoyLimits limits = session.Report.Limits;
        bool whole = await ConnectAsync(async (peer, late) =>
        {
            byte[] piece = ArrayPool<byte>.Shared.Rent(Piece);
            try
            {
                int read;
                while ((read = await peer.ReadAsync(piece, late)) > 0 && session.TryTake(read))
                {
                    kept.Write(piece.AsSpan(0, Math.Min(read, (limits.PayloadKilobytes * 1024) - kept.WrittenCount)));
                    sent += read;
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(piece);
            }
        });
        if (sent > 0)
        {
            await session.Report.PayloadAsync(kept.WrittenMemory, sent, name);
        }

        return whole;
    }

    public void Dispose()
    {
        _listener?.Dispose();
        _listener = null;
    }

    private async Task<bool> ConnectAsync(Func<Stream, CancellationToken, Task> transfer)
    {
        using CancellationTokenSource late = new(TransferTime, session.Clock);
        using CancellationTokenRegistration stopping = session.Stop.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), late);
        try
        {
            using Socket peer = await _listener!.AcceptAsync(late.Token);

            // Anybody can connect to a port; the one we talk to may.
            if (peer.RemoteEndPoint is not IPEndPoint from || PeerAddress.From(from.Address) != session.Report.Ends.Source)
            {
                return false;
            }

            await using NetworkStream plain = new(peer, ownsSocket: false);
            if (IsProtected)
            {
                await using SslStream encrypted = new(plain);
                await encrypted.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = certificate() }, late.Token);
                await transfer(encrypted, late.Token);
                await encrypted.ShutdownAsync().WaitAsync(late.Token);
            }
            else
            {
                await transfer(plain, late.Token);
            }

            peer.Shutdown(SocketShutdown.Both);
            return true;
        }
        catch (Exception fault) when (fault is SocketException or IOException or AuthenticationException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            return false;
        }
        finally
        {
            Dispose();
        }
    }
}
