using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Whorl.LiveTests.Edge;

/// <summary>An HTTP/2 client that sends whatever frames a test wants, over TLS, and counts what comes back.</summary>
internal sealed class FrameClient : IAsyncDisposable
{
    public const byte Data = 0, Headers = 1, ResetStream = 3, Settings = 4, Ping = 6, GoAway = 7, Continuation = 9;

    public const byte EndStream = 1, EndHeaders = 4;

    private readonly TcpClient _tcp;
    private readonly SslStream _tls;
    private readonly ConcurrentDictionary<byte, int> _received = [];
    private Task _reading = Task.CompletedTask;

    private FrameClient(TcpClient tcp, SslStream tls) => (_tcp, _tls) = (tcp, tls);

    /// <summary>Error code of the GOAWAY that came; -1 where none did.</summary>
    public int Goodbye { get; private set; } = -1;

    public static async Task<FrameClient> ConnectAsync(int port, bool reads)
    {
        TcpClient tcp = new() { NoDelay = true };
        await tcp.ConnectAsync(IPAddress.Loopback, port);
        SslStream tls = new(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ApplicationProtocols = [SslApplicationProtocol.Http2],
#pragma warning disable CA5359 // the edge under test makes its own certificate
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
        });
        FrameClient client = new(tcp, tls);
        await tls.WriteAsync((byte[])[.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0, [])]);
        client._reading = reads ? client.ReadAsync() : Task.CompletedTask;
        return client;
    }

    public static byte[] Frame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        byte[] frame = new byte[9 + payload.Length];
        frame[0] = (byte)(payload.Length >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(1), (ushort)payload.Length);
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsSpan(9));
        return frame;
    }

    /// <summary>The fields of a browser's request for /, by the static table of RFC 7541 and literals that are not indexed.</summary>
    public static byte[] Request(bool post, string agent) =>
    [
        post ? (byte)0x83 : (byte)0x82, 0x87, 0x84,
        0x01, 9, .. "localhost"u8,
        0x0F, 58 - 15, (byte)agent.Length, .. Encoding.ASCII.GetBytes(agent),
    ];

    public int Received(byte type) => _received.GetValueOrDefault(type);

    /// <summary>Sends until everything is sent, the other side has closed, or it has taken nothing for so long that the time is up. True where everything went out.</summary>
    public async Task<bool> SendAsync(Func<int, byte[]> chunk, int count, CancellationToken late)
    {
        try
        {
            for (int i = 0; i < count; i++)
            {
                await _tls.WriteAsync(chunk(i), late);
            }

            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Waits until the other side has closed.</summary>
    public Task ClosedAsync(CancellationToken late) => (_reading.IsCompleted ? ReadAsync() : _reading).WaitAsync(late);

    /// <summary>Waits until so many frames of a type came, or the other side closed.</summary>
    public async Task ReceivedAsync(byte type, int count, CancellationToken late)
    {
        while (Received(type) < count && !_reading.IsCompleted)
        {
            await Task.Delay(20, late);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _tcp.Dispose();
        await _reading;
        await _tls.DisposeAsync();
    }

    private async Task ReadAsync()
    {
        byte[] header = new byte[9];
        try
        {
            while (await _tls.ReadAtLeastAsync(header, 9, throwOnEndOfStream: false) == 9)
            {
                byte[] payload = new byte[(header[0] << 16) | BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(1))];
                await _tls.ReadExactlyAsync(payload);
                _received.AddOrUpdate(header[3], 1, static (_, count) => count + 1);
                if (header[3] == GoAway)
                {
                    Goodbye = BinaryPrimitives.ReadInt32BigEndian(payload.AsSpan(4));
                }
            }
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException)
        {
            // Cut off, or the test has ended.
        }
    }
}
