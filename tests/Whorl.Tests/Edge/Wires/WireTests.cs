using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Whorl.Sources.Edge;
using Whorl.Sources.Edge.Wires;
using Whorl.Tests.Support;

namespace Whorl.Tests.Edge.Wires;

/// <summary>A wire and .NET's own socket at the two ends of real connections over loopback.</summary>
public sealed class WireTests : IDisposable
{
    // Far more than the kernel's buffers of a connection hold.
    private const int Plenty = 16 * 1024 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ManualClock _clock = new();
    private readonly Deadlines _deadlines;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TaskCompletionSource _peerEnded = new();

    public WireTests()
    {
        _deadlines = new(_clock);
        _listener.Start();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _deadlines.Dispose();
    }

    [Fact]
    public async Task What_comes_after_the_wait_began_is_received()
    {
        (Wire wire, Socket peer) = await PairAsync();
        byte[] into = new byte[10];

        ValueTask<int> receiving = wire.ReceiveAsync(into);
        receiving.IsCompleted.ShouldBeFalse();
        await peer.SendAsync("hello"u8.ToArray());

        (await receiving).ShouldBe(5);
        into.AsSpan(0, 5).SequenceEqual("hello"u8).ShouldBeTrue();
        wire.Dispose();
    }

    [Fact]
    public async Task More_than_one_receive_takes_comes_with_the_next()
    {
        (Wire wire, Socket peer) = await PairAsync();
        await peer.SendAsync("hello"u8.ToArray());
        byte[] into = new byte[2];
        List<int> counts = [];
        for (int got = 0; got < 5; got += counts[^1])
        {
            counts.Add(await wire.ReceiveAsync(into));
        }

        counts.ShouldBe([2, 2, 1]);
        wire.HasNews.ShouldBeFalse();
        wire.Dispose();
    }

    [Fact]
    public async Task A_peer_that_reads_late_gets_everything_in_order()
    {
        (Wire wire, Socket peer) = await PairAsync();
        byte[] sent = new byte[Plenty];
        new Random(1).NextBytes(sent);

        ValueTask sending = wire.SendAsync(sent);
        sending.IsCompleted.ShouldBeFalse();
        byte[] received = new byte[Plenty];
        await new NetworkStream(peer).ReadExactlyAsync(received);

        await sending;
        received.AsSpan().SequenceEqual(sent).ShouldBeTrue();
        wire.Dispose();
    }

    [Fact]
    public async Task An_end_is_news_even_while_nobody_reads_and_then_received_as_such()
    {
        (Wire wire, Socket peer) = await PairAsync();
        peer.Shutdown(SocketShutdown.Send);

        (await wire.ReceiveAsync(new byte[1])).ShouldBe(0);
        wire.HasNews.ShouldBeTrue();
        await _peerEnded.Task;
        (await wire.ReceiveAsync(new byte[1])).ShouldBe(0);
        wire.Dispose();
    }

    [Fact]
    public async Task Disposing_wakes_reader_and_writer_and_later_ones_do_not_wait()
    {
        (Wire wire, _) = await PairAsync();
        Task<int> receiving = wire.ReceiveAsync(new byte[1]).AsTask();
        Task sending = wire.SendAsync(new byte[Plenty]).AsTask();

        wire.Dispose();

        (await Should.ThrowAsync<SocketException>(receiving)).SocketErrorCode.ShouldBe(SocketError.OperationAborted);
        (await Should.ThrowAsync<SocketException>(sending)).SocketErrorCode.ShouldBe(SocketError.OperationAborted);
        await Should.ThrowAsync<SocketException>(async () => await wire.ReceiveAsync(new byte[1]));
        await Should.ThrowAsync<SocketException>(async () => await wire.SendAsync(new byte[1]));
    }

    [Fact]
    public async Task Sockets_that_get_the_descriptors_of_closed_ones_hear_only_of_themselves()
    {
        for (int round = 0; round < 200; round++)
        {
            (Wire closed, Socket closedPeer) = await PairAsync();
            await closedPeer.SendAsync(new byte[1]);
            closedPeer.Dispose();
            closed.Dispose();

            (Wire wire, Socket peer) = await PairAsync();
            ValueTask<int> receiving = wire.ReceiveAsync(new byte[8]);
            await peer.SendAsync(new byte[3]);
            (await receiving).ShouldBe(3);
            wire.Dispose();
            peer.Dispose();
        }
    }

    [Fact]
    public async Task A_refused_connection_says_so()
    {
        int port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _listener.Stop();

        SocketException refused = await Should.ThrowAsync<SocketException>(async () => await Wire.ConnectAsync(new(IPAddress.Loopback, port), CancellationToken.None));

        refused.SocketErrorCode.ShouldBe(SocketError.ConnectionRefused);
    }

    [Fact]
    public async Task A_connection_that_nobody_answers_can_be_given_up()
    {
        // The queue of a listener that accepts nothing is full after its backlog; further ones are left unanswered.
        using Socket deaf = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        deaf.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        deaf.Listen(0);
        using CancellationTokenSource patience = new();
        List<Task<Wire>> connecting = [];
        for (int i = 0; i < 5; i++)
        {
            connecting.Add(Wire.ConnectAsync((IPEndPoint)deaf.LocalEndPoint!, patience.Token).AsTask());
        }

        await patience.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(connecting[^1]);
    }

    [Fact]
    public async Task Connections_that_are_given_up_at_once_take_no_other_ones_place()
    {
        using CancellationTokenSource others = new();
        Task giveUp = Task.Run(async () =>
        {
            for (int i = 0; !others.IsCancellationRequested; i++)
            {
                using CancellationTokenSource cancel = new();
                Task cancelling = i % 2 == 0 ? cancel.CancelAsync() : Task.Run(cancel.Cancel, CancellationToken.None);
                try
                {
                    (await Wire.ConnectAsync((IPEndPoint)_listener.LocalEndpoint, cancel.Token)).Dispose();
                }
                catch (OperationCanceledException)
                {
                    // As asked.
                }

                await cancelling;
            }
        });

        using TcpListener apart = new(IPAddress.Loopback, 0);
        apart.Start();
        byte[] into = new byte[10];
        try
        {
            for (int i = 0; i < 1000; i++)
            {
                Task<Socket> accepting = apart.AcceptSocketAsync();
                using Wire wire = await Wire.ConnectAsync((IPEndPoint)apart.LocalEndpoint, CancellationToken.None);
                using Socket peer = await accepting;
                ValueTask<int> receiving = wire.ReceiveAsync(into);
                await peer.SendAsync("hello"u8.ToArray());
                (await receiving.AsTask().WaitAsync(Patience)).ShouldBe(5);
            }
        }
        finally
        {
            await others.CancelAsync();
        }

        await giveUp;
    }

    [Fact]
    public async Task An_input_gives_what_was_not_consumed_again_with_what_came_since()
    {
        (Wire wire, Socket peer) = await PairAsync();
        WireInput input = new(wire);
        await peer.SendAsync("ab"u8.ToArray());
        ReadResult first = await input.ReadAsync();
        input.AdvanceTo(first.Buffer.GetPosition(1), first.Buffer.End);

        ValueTask<ReadResult> reading = input.ReadAsync();
        reading.IsCompleted.ShouldBeFalse();
        await peer.SendAsync(new byte[10_000]);
        ReadResult second = await reading;

        second.Buffer.FirstSpan[0].ShouldBe((byte)'b');
        second.Buffer.Length.ShouldBeGreaterThan(1);
        wire.Dispose();
    }

    [Fact]
    public async Task A_pending_read_can_be_cancelled_and_the_next_one_goes_on()
    {
        (Wire wire, Socket peer) = await PairAsync();
        WireInput input = new(wire);
        ValueTask<ReadResult> reading = input.ReadAsync();
        input.CancelPendingRead();
        ReadResult cancelled = await reading;
        cancelled.IsCanceled.ShouldBeTrue();

        input.AdvanceTo(cancelled.Buffer.Start);
        await peer.SendAsync("x"u8.ToArray());
        (await input.ReadAsync()).Buffer.Length.ShouldBe(1);
        wire.Dispose();
    }

    [Fact]
    public async Task An_input_that_is_only_looked_at_ends_at_its_bound()
    {
        (Wire wire, Socket peer) = await PairAsync();
        WireInput input = new(wire);
        Task sending = peer.SendAsync(new byte[Plenty]);
        long most = 0;

        try
        {
            while (true)
            {
                ReadResult read = await input.ReadAsync();
                most = read.Buffer.Length;
                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
        }
        catch (ConnectionAbortedException)
        {
            // The only way out of the loop.
        }

        most.ShouldBe(1 << 20);
        wire.Dispose();
        await sending.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    [Fact]
    public async Task An_output_sends_small_and_large_pieces_in_order_to_a_late_reader()
    {
        (Wire wire, Socket peer) = await PairAsync();
        WireOutput output = new(wire, _deadlines, Patience, wire.Dispose);
        byte[] sent = new byte[Plenty];
        new Random(2).NextBytes(sent);

        Task writing = Task.Run(async () =>
        {
            int at = 0;
            for (int length = 1; at < sent.Length; length = length * 3 % 100_003)
            {
                ReadOnlyMemory<byte> piece = sent.AsMemory(at, Math.Min(length, sent.Length - at));
                (await output.WriteAsync(piece)).IsCompleted.ShouldBeFalse();
                at += piece.Length;
            }
        });
        byte[] received = new byte[Plenty];
        await new NetworkStream(peer).ReadExactlyAsync(received);

        await writing;
        output.UnflushedBytes.ShouldBe(0);
        received.AsSpan().SequenceEqual(sent).ShouldBeTrue();
        wire.Dispose();
    }

    [Fact]
    public async Task A_peer_that_takes_nothing_for_too_long_is_cut_off_and_one_that_takes_a_little_is_not()
    {
        (Wire wire, Socket peer) = await PairAsync();
        using WireOutput output = new(wire, _deadlines, Patience, wire.Dispose);
        Task<FlushResult> writing = output.WriteAsync(new byte[4 * Plenty]).AsTask();
        int taken = 0;
        for (int i = 0; i < 3; i++)
        {
            _clock.Advance(Patience - TimeSpan.FromSeconds(1));
            writing.IsCompleted.ShouldBeFalse();
            long before = output.UnflushedBytes;
            taken += await TakeUntilAsync(peer, () => output.UnflushedBytes < before);
        }

        // The last wait may begin a moment after the last piece was taken.
        for (int i = 0; !writing.IsCompleted && i < 1000; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        (await writing).IsCompleted.ShouldBeTrue();
        taken.ShouldBeLessThan(4 * Plenty);
    }

    [Fact]
    public async Task Who_writes_to_a_broken_connection_is_told_that_nobody_reads()
    {
        (Wire wire, Socket peer) = await PairAsync();
        WireOutput output = new(wire, _deadlines, Patience, wire.Dispose);
        peer.LingerState = new(true, 0);
        peer.Dispose();
        (await Should.ThrowAsync<SocketException>(async () => await wire.ReceiveAsync(new byte[1]))).SocketErrorCode.ShouldBe(SocketError.ConnectionReset);

        (await output.WriteAsync(new byte[10])).IsCompleted.ShouldBeTrue();
        wire.Dispose();
    }

    /// <summary>Takes pieces until something has come of it.</summary>
    private static async Task<int> TakeUntilAsync(Socket peer, Func<bool> done)
    {
        byte[] into = new byte[64 * 1024];
        int taken = 0;
        while (!done())
        {
            taken += await peer.ReceiveAsync(into);
        }

        return taken;
    }

    private async Task<(Wire Wire, Socket Peer)> PairAsync()
    {
        Task<Socket> accepting = _listener.AcceptSocketAsync();
        Socket connected = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await connected.ConnectAsync(_listener.LocalEndpoint);
        return (Wire.Over(await accepting, () => _peerEnded.TrySetResult()), connected);
    }
}
