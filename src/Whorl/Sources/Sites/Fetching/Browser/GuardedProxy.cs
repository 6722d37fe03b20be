using System.Net;
using System.Net.Sockets;
using Whorl.Sources.Sites.Fetching.Names;
using Whorl.Sources.Sites.Fetching.Wire;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Fetching.Browser;

/// <summary>
/// A forward proxy on loopback for the browser of one visit: whatever the page asks for is connected to by the visit's own rules — the guard, names resolved once, ports of
/// other protocols refused — and what comes is counted.
/// </summary>
internal sealed class GuardedProxy : IAsyncDisposable
{
    private const int MaxHead = 16 * 1024;

    // At once; browsers open up to 32 through one proxy.
    private const int MaxConnections = 32;

    private readonly Dialer _dialer;
    private readonly SiteNames _names;
    private readonly CancellationTokenSource _stop;
    private readonly CancellationToken _visit;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly SemaphoreSlim _places = new(MaxConnections);
    private readonly HashSet<Task> _work = [];
    private readonly Task _accepting;
    private long _left;

    /// <param name="maxBytes">Of all that may come from sites.</param>
    /// <param name="visit">Ends everything.</param>
    public GuardedProxy(Dialer dialer, SiteNames names, long maxBytes, CancellationToken visit)
    {
        (_dialer, _names, _left, _visit) = (dialer, names, maxBytes, visit);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(visit);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        await Task.WhenAll(_work);
        _places.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                await _places.WaitAsync(_stop.Token);
                Socket browser = await _listener.AcceptSocketAsync(_stop.Token);
                _work.RemoveWhere(task => task.IsCompleted);
                _work.Add(CarryAsync(browser));
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or SocketException)
        {
            // The visit is over, or the machine is out of sockets: the browser goes without.
        }
        finally
        {
            _listener.Stop();
        }
    }

    private async Task CarryAsync(Socket browser)
    {
        try
        {
            await using NetworkStream near = new(browser, ownsSocket: true);
            await ServeAsync(near);
        }
        catch (Exception fault) when (FetchException.Of(fault) is not null)
        {
            // Either side went away.
        }
        finally
        {
            _places.Release();
        }
    }

    private async Task ServeAsync(NetworkStream near)
    {
        byte[] buffer = new byte[MaxHead];
        int have = 0, end;
        do
        {
            int read = await near.ReadAsync(buffer.AsMemory(have), _stop.Token);
            have += read;
            end = buffer.AsSpan(0, have).IndexOf("\r\n\r\n"u8);
            if (read == 0 || (end < 0 && have == buffer.Length))
            {
                return;
            }
        }
        while (end < 0);

        if (ProxyRequest.Read(buffer.AsSpan(0, end)) is not { } asked)
        {
            await near.WriteAsync("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), _stop.Token);
            return;
        }

        Socket site;
        try
        {
            site = (await _dialer.ConnectAsync(WebAddress.HostOf(asked.Target), asked.Target.Port, _names, _visit, _stop.Token)).Socket;
        }
        catch (Exception fault) when (FetchException.Of(fault) is { } known)
        {
            await near.WriteAsync(known.Reason == ScanReasons.Blocked
                ? "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray()
                : "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), _stop.Token);
            return;
        }

        await using NetworkStream far = new(site, ownsSocket: true);
        if (asked.Forward is { } head)
        {
            await far.WriteAsync(head, _stop.Token);
        }
        else
        {
            await near.WriteAsync("HTTP/1.1 200 Connection Established\r\n\r\n"u8.ToArray(), _stop.Token);
        }

        await far.WriteAsync(buffer.AsMemory(end + 4, have - end - 4), _stop.Token);
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        Task up = PumpAsync(near, far, counted: false, over.Token), down = PumpAsync(far, near, counted: true, over.Token);
        await Task.WhenAny(up, down);
        await over.CancelAsync();
        await Task.WhenAll(up, down);
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to, bool counted, CancellationToken over)
    {
        byte[] buffer = new byte[16 * 1024];
        while (await from.ReadAsync(buffer, over) is > 0 and int read)
        {
            if (counted && Interlocked.Add(ref _left, -read) < 0)
            {
                await _stop.CancelAsync();
                return;
            }

            await to.WriteAsync(buffer.AsMemory(0, read), over);
        }
    }
}
