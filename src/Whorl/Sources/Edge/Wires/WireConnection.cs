using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Whorl.Sources.Edge.Wires;

/// <summary>An accepted connection, for Kestrel and what stands before it.</summary>
internal sealed class WireConnection : DefaultConnectionContext, IConnectionSocketFeature, IMemoryPoolFeature, IDuplexPipe
{
    private const int SinkLength = 16 * 1024;

    // An upload that was refused is mostly smaller; a flood is cut off.
    public const int MaxLinger = 1 << 20;

    public static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(1);

    private static long made;

    private readonly Wire _wire;
    private readonly TimeProvider _clock;
    private readonly WireInput _input;
    private readonly WireOutput _output;
    private readonly CancellationTokenSource _closed = new();
    private int _closing;
    private int _disposed;

    /// <param name="patience">How long the peer may take nothing of what is sent.</param>
    /// <exception cref="SocketException">The connection is gone already, or the kernel watches no more.</exception>
    public WireConnection(Socket socket, MemoryPool<byte> memory, Deadlines deadlines, TimeSpan patience)
        : base($"w{Interlocked.Increment(ref made):x}")
    {
        _clock = deadlines.Clock;
        Socket = socket;
        MemoryPool = memory;
        socket.NoDelay = true;
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        ConnectionClosed = _closed.Token;
        Features.Set<IConnectionSocketFeature>(this);
        Features.Set<IMemoryPoolFeature>(this);
        _wire = Wire.Over(socket, PeerEnded);
        _input = new(_wire);
        _output = new(_wire, deadlines, patience, Abort);
        Transport = this;
    }

    public Socket Socket { get; }

    public MemoryPool<byte> MemoryPool { get; }

    public PipeReader Input => _input;

    public PipeWriter Output => _output;

    public override void Abort(ConnectionAbortedException abortReason)
    {
        PeerEnded();
        _wire.Dispose();
    }

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _output.CompleteAsync();
            await _input.CompleteAsync();
            await LingerAsync();
            _wire.Dispose();
            _output.Dispose();
            PeerEnded();
            await base.DisposeAsync();
        }
    }

    // Closing with bytes unread makes the kernel send a reset, at which the peer may lose an answer it has not read yet (RFC 9112 §9.6). So what the
    // peer is in the middle of sending is read away, within bounds.
    private async ValueTask LingerAsync()
    {
        _wire.ShutDown();
        byte[] sink = ArrayPool<byte>.Shared.Rent(SinkLength);
        try
        {
            if (_wire.TryReceive(sink, out int count) && count > 0)
            {
                using ITimer deadline = _clock.CreateTimer(static wire => ((Wire)wire!).Dispose(), _wire, LingerTime, Timeout.InfiniteTimeSpan);
                for (int total = count; count > 0 && total < MaxLinger; total += count)
                {
                    count = await _wire.ReceiveAsync(sink);
                }
            }
        }
        catch (SocketException)
        {
            // The peer is gone, or the time is up.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(sink);
        }
    }

    // Whoever listens runs elsewhere: the loop has other connections to serve.
    private void PeerEnded()
    {
        if (Interlocked.Exchange(ref _closing, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static closed => closed.Cancel(), _closed, preferLocal: false);
        }
    }
}
