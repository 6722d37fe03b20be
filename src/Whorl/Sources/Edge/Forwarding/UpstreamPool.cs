using System.Net;
using System.Net.Sockets;
using Whorl.Sources.Edge.Routing;
using Whorl.Sources.Edge.Wires;

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
        using CancellationTokenSource deadline = new(site.ConnectTime, deadlines.Clock);
        string host = upstream.Uri.Host.Trim('[', ']');
        IPAddress[] addresses = IPAddress.TryParse(host, out IPAddress? address) ? [address] : await Dns.GetHostAddressesAsync(host, deadline.Token);
        for (int i = 0; ; i++)
        {
            try
            {
                return new(await Wire.ConnectAsync(new(addresses[i], upstream.Uri.Port), deadline.Token), deadlines);
            }
            catch (SocketException) when (i + 1 < addresses.Length)
            {
                // The name has other addresses.
            }
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
