using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Whorl.Tests.Edge;

/// <summary>An upstream in this process that answers byte for byte what a test says, and keeps what it was asked.</summary>
internal sealed class RawUpstream : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    private readonly Func<RawConversation, Task> _talk;

    private readonly CancellationTokenSource _stop = new();

    private int _connections;

    private RawUpstream(Func<RawConversation, Task> talk)
    {
        _talk = talk;
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Url => $"http://{_listener.LocalEndpoint}";

    public int Connections => Volatile.Read(ref _connections);

    public System.Collections.Concurrent.ConcurrentQueue<string> Heads { get; } = new();

    /// <summary>Answers every request on every connection with the same bytes, then closes where <paramref name="close"/>.</summary>
    public static RawUpstream Answering(string answer, bool close = false) => Talking(async talk =>
    {
        while (await talk.ReadHeadAsync() is not null)
        {
            await talk.SendAsync(answer);
            if (close)
            {
                return;
            }
        }
    });

    public static RawUpstream Talking(Func<RawConversation, Task> talk) => new(talk);

    public static string Ok(string body, string fields = "") => $"HTTP/1.1 200 OK\r\n{fields}Content-Length: {Encoding.Latin1.GetByteCount(body)}\r\n\r\n{body}";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync(_stop.Token);
            }
            catch (Exception fault) when (fault is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            Interlocked.Increment(ref _connections);
            _ = TalkAsync(client);
        }
    }

    private async Task TalkAsync(TcpClient client)
    {
        using (client)
        {
            client.NoDelay = true;
            try
            {
                await _talk(new(client.GetStream(), Heads, _stop.Token));
            }
            catch (Exception fault) when (fault is IOException or OperationCanceledException)
            {
                // The edge hung up.
            }
        }
    }
}

/// <summary>One connection to a <see cref="RawUpstream"/>.</summary>
internal sealed class RawConversation(NetworkStream stream, System.Collections.Concurrent.ConcurrentQueue<string> heads, CancellationToken stop)
{
    private readonly StringBuilder _read = new();

    public CancellationToken Stop => stop;

    /// <summary>The next head with its empty line; null at the end of the connection.</summary>
    public async Task<string?> ReadHeadAsync()
    {
        string? head = await ReadUntilAsync("\r\n\r\n");
        if (head is not null)
        {
            heads.Enqueue(head);
        }

        return head;
    }

    public async Task<string?> ReadUntilAsync(string end)
    {
        byte[] buffer = new byte[4096];
        while (true)
        {
            int at = _read.ToString().IndexOf(end, StringComparison.Ordinal);
            if (at >= 0)
            {
                string text = _read.ToString(0, at + end.Length);
                _read.Remove(0, text.Length);
                return text;
            }

            int count = await stream.ReadAsync(buffer, stop);
            if (count == 0)
            {
                return null;
            }

            _read.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
    }

    public async Task<string> ReadAsync(int count)
    {
        byte[] buffer = new byte[4096];
        while (_read.Length < count)
        {
            int read = await stream.ReadAsync(buffer, stop);
            if (read == 0)
            {
                break;
            }

            _read.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }

        string text = _read.ToString(0, Math.Min(count, _read.Length));
        _read.Remove(0, text.Length);
        return text;
    }

    public async Task SendAsync(string text)
    {
        await stream.WriteAsync(Encoding.Latin1.GetBytes(text), stop);
        await stream.FlushAsync(stop);
    }
}
