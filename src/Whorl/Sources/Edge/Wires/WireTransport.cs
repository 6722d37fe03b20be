using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Whorl.Sources.Edge.Wires;

/// <summary>Kestrel's way to sockets, over <see cref="Wire"/> (docs/decisions/0003).</summary>
/// <param name="createListener">Makes a bound socket for an address.</param>
/// <param name="memory">Where Kestrel takes its own buffers from.</param>
/// <param name="patience">How long a peer may take nothing of what is sent to it.</param>
internal sealed class WireTransport(Func<EndPoint, Socket> createListener, IMemoryPoolFactory<byte> memory, Deadlines deadlines, TimeSpan patience) : IConnectionListenerFactory
{
    // Kestrel's own default.
    private const int Backlog = 512;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        Socket socket;
        try
        {
            socket = createListener(endpoint);
        }
        catch (SocketException fault) when (fault.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new AddressInUseException(fault.Message, fault);
        }

        socket.Listen(Backlog);
        return new(new Listener(socket, memory.Create(), deadlines, patience));
    }

    private sealed class Listener(Socket socket, MemoryPool<byte> memory, Deadlines deadlines, TimeSpan patience) : IConnectionListener
    {
        public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                try
                {
                    Socket accepted = await socket.AcceptAsync(cancellationToken);
                    try
                    {
                        return new WireConnection(accepted, memory, deadlines, patience);
                    }
                    catch (SocketException)
                    {
                        // Gone already, or the kernel watches no more sockets: the next one may fare better.
                        accepted.Dispose();
                    }
                }
                catch (ObjectDisposedException)
                {
                    return null;
                }
                catch (SocketException fault) when (fault.SocketErrorCode == SocketError.OperationAborted)
                {
                    return null;
                }
                catch (SocketException)
                {
                    // The connection was reset before it was accepted.
                }
            }
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => DisposeAsync();

        public ValueTask DisposeAsync()
        {
            socket.Dispose();
            return default;
        }
    }
}
