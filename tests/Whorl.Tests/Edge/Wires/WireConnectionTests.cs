using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Whorl.Sources.Edge;
using Whorl.Sources.Edge.Wires;
using Whorl.Tests.Support;

namespace Whorl.Tests.Edge.Wires;

/// <summary>How a connection ends towards a peer that is still sending: it gets its answer, within bounds.</summary>
public sealed class WireConnectionTests : IDisposable
{
    // Small, so that what was sent tells what was read.
    private const int KernelBuffer = 64 * 1024;

    private readonly ManualClock _clock = new();
    private readonly Deadlines _deadlines;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public WireConnectionTests()
    {
        _deadlines = new(_clock);
        _listener.Server.ReceiveBufferSize = KernelBuffer;
        _listener.Start();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _deadlines.Dispose();
    }

    [Fact]
    public async Task A_peer_in_the_middle_of_a_small_upload_gets_its_answer_and_no_reset()
    {
        (WireConnection connection, Socket peer) = await PairAsync();
        await BeginAsync(peer, connection);
        await connection.Output.WriteAsync("no, thank you"u8.ToArray());

        ValueTask closing = connection.DisposeAsync();
        (await SendAsync(peer, 300 * 1024)).ShouldBe(300 * 1024);
        peer.Shutdown(SocketShutdown.Send);
        await closing;

        // A reset would throw here, and take the answer with it.
        byte[] answer = new byte[100];
        Encoding.ASCII.GetString(answer, 0, await peer.ReceiveAsync(answer)).ShouldBe("no, thank you");
        (await peer.ReceiveAsync(answer)).ShouldBe(0);
    }

    [Fact]
    public async Task A_peer_that_never_ends_is_cut_off_after_so_many_bytes()
    {
        (WireConnection connection, Socket peer) = await PairAsync();
        int before = await BeginAsync(peer, connection);
        Task<int> sending = SendAsync(peer, int.MaxValue);

        await connection.DisposeAsync();

        // Time has not moved: only the bytes can have ended it. What the two kernels hold was sent and not read.
        (before + await sending).ShouldBeInRange(WireConnection.MaxLinger, WireConnection.MaxLinger + (16 * KernelBuffer));
    }

    [Fact]
    public async Task A_peer_that_drips_or_is_silent_is_cut_off_after_so_much_time()
    {
        (WireConnection connection, Socket peer) = await PairAsync();
        await BeginAsync(peer, connection);

        Task closing = connection.DisposeAsync().AsTask();
        closing.IsCompleted.ShouldBeFalse();
        _clock.Advance(WireConnection.LingerTime - TimeSpan.FromMilliseconds(1));
        await peer.SendAsync(new byte[1]);
        closing.IsCompleted.ShouldBeFalse();

        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await closing;
    }

    [Fact]
    public async Task A_peer_that_sends_nothing_is_not_waited_for()
    {
        (WireConnection connection, Socket peer) = await PairAsync();

        await connection.DisposeAsync();

        (await peer.ReceiveAsync(new byte[1])).ShouldBe(0);
    }

    /// <summary>Sends a little, of which the connection reads the first piece: the rest waits unread, and that there is a rest is known.</summary>
    private static async Task<int> BeginAsync(Socket peer, WireConnection connection)
    {
        int sent = await SendAsync(peer, 32 * 1024);
        ReadResult read = await connection.Input.ReadAsync();
        read.Buffer.Length.ShouldBeLessThan(sent);
        connection.Input.AdvanceTo(read.Buffer.End);
        return sent;
    }

    /// <summary>Sends until everything went out or the other side has cut it off.</summary>
    private static async Task<int> SendAsync(Socket peer, int length)
    {
        byte[] piece = new byte[16 * 1024];
        int sent = 0;
        try
        {
            while (sent < length)
            {
                sent += await peer.SendAsync(piece.AsMemory(0, Math.Min(piece.Length, length - sent)));
            }
        }
        catch (SocketException)
        {
            // Cut off.
        }

        return sent;
    }

    private async Task<(WireConnection Connection, Socket Peer)> PairAsync()
    {
        Task<Socket> accepting = _listener.AcceptSocketAsync();
        Socket peer = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { SendBufferSize = KernelBuffer };
        await peer.ConnectAsync(_listener.LocalEndpoint);
        return (new(await accepting, MemoryPool<byte>.Shared, _deadlines, TimeSpan.FromSeconds(30)), peer);
    }
}
