using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Whorl.Tests.Sites.Fetching;

/// <summary>A web server in this process that answers each path with the very bytes, or the behaviour, that a test says.</summary>
internal sealed class FakeSite : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, Func<Stream, CancellationToken, Task>> _pages = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<Task> _talks = [];
    private readonly Task _work;
    private readonly SslServerAuthenticationOptions? _tls;

    public FakeSite(IPAddress? address = null, SslServerAuthenticationOptions? tls = null)
    {
        _tls = tls;
        _listener = new(address ?? IPAddress.Loopback, 0);
        _listener.Start(256);
        _work = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public string Url => $"{(_tls is null ? "http" : "https")}://127.0.0.1:{Port}";

    /// <summary>Heads of requests as they came.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    /// <summary>Does this to a connection before anything is read; null for HTTP.</summary>
    public Func<Socket, CancellationToken, Task>? OnConnection { get; set; }

    public FakeSite On(string path, Func<Stream, CancellationToken, Task> talk)
    {
        _pages[path] = talk;
        return this;
    }

    /// <summary>Answers with these bytes, one per character, and closes.</summary>
    public FakeSite Raw(string path, string latin1) => Raw(path, Encoding.Latin1.GetBytes(latin1));

    public FakeSite Raw(string path, byte[] bytes) => On(path, async (stream, stop) => await stream.WriteAsync(bytes, stop));

    /// <summary>A page with its length.</summary>
    public FakeSite Page(string path, string html, string headers = "Content-Type: text/html; charset=utf-8\r\n", string status = "200 OK") => Body(path, Encoding.UTF8.GetBytes(html), headers, status);

    public FakeSite Body(string path, byte[] body, string headers = "", string status = "200 OK") =>
        Raw(path, [.. Encoding.Latin1.GetBytes($"HTTP/1.1 {status}\r\n{headers}Content-Length: {body.Length}\r\n\r\n"), .. body]);

    public FakeSite Redirect(string path, string location, int status = 302) => Raw(path, $"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _work;
        await Task.WhenAll(_talks);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _talks.Add(TalkAsync(await _listener.AcceptSocketAsync(_stop.Token)));
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private async Task TalkAsync(Socket socket)
    {
        using (socket)
        {
            try
            {
                socket.NoDelay = true;
                if (OnConnection is { } own)
                {
                    await own(socket, _stop.Token);
                    return;
                }

                await using NetworkStream wire = new(socket);
                await using SslStream? tls = _tls is null ? null : new SslStream(wire);
                if (tls is not null)
                {
                    await tls.AuthenticateAsServerAsync(_tls!, _stop.Token);
                }

                await ServeAsync(tls ?? (Stream)wire);
                if (tls is not null)
                {
                    await tls.ShutdownAsync();
                }

                socket.Shutdown(SocketShutdown.Send);
            }
            catch (Exception fault) when (fault is IOException or OperationCanceledException or SocketException or AuthenticationException or ObjectDisposedException)
            {
                // The visitor has had enough.
            }
        }
    }

    // One request a connection unless the page's bytes say where they end.
    private async Task ServeAsync(Stream stream)
    {
        byte[] buffer = new byte[64 * 1024];
        int have = 0;
        while (true)
        {
            int end;
            while ((end = buffer.AsSpan(0, have).IndexOf("\r\n\r\n"u8)) < 0)
            {
                int count = await stream.ReadAsync(buffer.AsMemory(have), _stop.Token);
                if (count == 0)
                {
                    return;
                }

                have += count;
            }

            string head = Encoding.Latin1.GetString(buffer, 0, end);
            buffer.AsSpan(end + 4, have - end - 4).CopyTo(buffer);
            have -= end + 4;
            Requests.Enqueue(head);
            string path = head.Split(' ')[1];
            if (!_pages.TryGetValue(path, out Func<Stream, CancellationToken, Task>? talk) && !_pages.TryGetValue(path.Split('?')[0] + "?*", out talk))
            {
                await stream.WriteAsync("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), _stop.Token);
                continue;
            }

            await talk(stream, _stop.Token);
            if (!KeepsOpen(path))
            {
                return;
            }
        }
    }

    private bool KeepsOpen(string path) => Kept.Contains(path);

    /// <summary>Paths after which the connection stays open.</summary>
    public HashSet<string> Kept { get; } = new(StringComparer.Ordinal);
}
