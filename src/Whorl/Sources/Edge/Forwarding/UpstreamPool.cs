using System.Net;
using System.Net.Sockets;
using Whorl.Sources.Edge.Routing;

namespace Whorl.Sources.Edge.Forwarding;

/// <summary>Idle connections to one upstream, the warmest first, and the making of new ones.</summary>
internal sealed class UpstreamPool(Upstream upstream, SiteOptions site, Deadlines deadlines) : IDisposable
{
    // Shorter than the 60 to 75 seconds after which servers commonly close idle connections.
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(50);

    private readonly Lock _gate = new();

    private readonly Stack<UpstreamConnection> _idle = [];

    private bool _closed;

    /// <summary>An idle connection, or null.</summary>
    public UpstreamConnection? TryTake()
    {
        while (true)
        {
            UpstreamConnection? connection;
            lock (_gate)
            {
                if (!_idle.TryPop(out connection))
                {
                    return null;
                }
            }

            connection.Deadline.Clear();
            if (!connection.IsStale)
            {
                return connection;
            }

            connection.Dispose();
        }
    }

    /// <summary>Connects within the site's time; throws <see cref="SocketException"/> or <see cref="OperationCanceledException"/>.</summary>
    public async ValueTask<UpstreamConnection> ConnectAsync()
    {
        Socket? socket = null;
        using CancellationTokenSource deadline = new(site.ConnectTime, deadlines.Clock);
        try
        {
            if (IPAddress.TryParse(upstream.Uri.Host.Trim('[', ']'), out IPAddress? address))
            {
                socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(new IPEndPoint(address, upstream.Uri.Port), deadline.Token);
            }
            else
            {
                socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(upstream.Uri.Host, upstream.Uri.Port, deadline.Token);
            }

            UpstreamConnection connection = new(socket, deadlines);
            socket = null;
            return connection;
        }
        finally
        {
            socket?.Dispose();
        }
    }

    /// <summary>Takes a connection back after a clean end; beyond the site's number of idle ones it is closed.</summary>
    public void Return(UpstreamConnection connection)
    {
        connection.Deadline.Set(IdleTime);
        connection.BeginIdle();
        lock (_gate)
        {
            if (!_closed && _idle.Count < site.IdleConnections)
            {
                _idle.Push(connection);
                return;
            }
        }

        connection.Dispose();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            while (_idle.TryPop(out UpstreamConnection? connection))
            {
                connection.Dispose();
            }
        }
    }
}
