using System.Net.Sockets;
using Whorl.Kernel;
using Whorl.Sources.Decoys.Sessions;

namespace Whorl.Sources.Decoys.Listening;

/// <summary>Listens at one place and holds a conversation with everybody who connects.</summary>
internal sealed class StreamPost(DecoyPlace place, IDecoyService service, SourceTable sources, Teller teller, ILogger log) : DecoyPost(place, log)
{
    // Connections that wait to be accepted; what a scan of all at once brings.
    private const int Backlog = 1024;

    // The kernel has no more handles or memory for a moment.
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(100);

    private int _open;

    public override int Open => Volatile.Read(ref _open);

    protected override Socket Bind()
    {
        Socket socket = new(Place.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (Place.EndPoint.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = false;
            }

            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(Place.EndPoint);
            socket.Listen(Backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    protected override async Task RunAsync(Socket socket, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                Socket peer = await socket.AcceptAsync(stop);
                Interlocked.Increment(ref _open);
                _ = TalkAsync(peer, stop);
            }
            catch (SocketException fault) when (fault.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable or SocketError.ConnectionAborted or SocketError.ConnectionReset)
            {
                await Task.Delay(Breath, teller.Clock, stop);
            }
        }
    }

    /// <summary>Waits until the last conversation has been told of.</summary>
    public override async Task EndedAsync(CancellationToken cancel)
    {
        await base.EndedAsync(cancel);
        while (Volatile.Read(ref _open) > 0 && !cancel.IsCancellationRequested)
        {
            await Task.Delay(Breath, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TalkAsync(Socket socket, CancellationToken stop)
    {
        PeerAddress source = default;
        bool counted = false;
        DecoySession? session = null;
        try
        {
            if (socket.RemoteEndPoint is not System.Net.IPEndPoint remote || socket.LocalEndPoint is not System.Net.IPEndPoint local)
            {
                return;
            }

            source = PeerAddress.From(remote.Address);
            if (sources.Open(source) is { } turned)
            {
                teller.Metrics.Turned(turned);
                Count(taken: false);
                return;
            }

            counted = true;
            Count(taken: true);
            socket.NoDelay = true;
            SessionReport report = new(teller, Place, new(source, remote.Port, PeerAddress.From(local.Address), local.Port));
            session = new(new NetworkStream(socket, ownsSocket: false), report, teller.Limits, teller.Clock, stop) { Allows = bytes => sources.TryTake(source, bytes) };
            teller.Metrics.Begun(Place.Service.Kind);
            await service.ServeAsync(session);
            await session.LingerAsync(socket);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException && session is null)
        {
            // Gone before the first word.
        }
        catch (Exception fault)
        {
            // A fault of ours in one conversation is no reason to end the others.
            teller.Metrics.Fault(Place.Service.Kind);
            DecoysLog.Failed(Log, Place.Decoy, Place.Service.Name, fault);
        }
        finally
        {
            if (session is not null)
            {
                session.Report.End(session);
                teller.Metrics.Ended();
                await session.DisposeAsync();
            }

            if (counted)
            {
                sources.Close(source);
            }

            // Before the peer can know that it is over.
            Interlocked.Decrement(ref _open);
            socket.Dispose();
        }
    }
}
