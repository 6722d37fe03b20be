using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Whorl.Native.Sockets;

namespace Whorl.Sources.Edge.Wires;

/// <summary>
/// One TCP connection as the edge reads and writes it, on a <see cref="WireLoop"/>: a try that never waits, and a wait that is told when another try
/// makes sense. Beside .NET's own way it saves the receive that finds nothing before each wait, and whatever waits goes on inside the loop that saw
/// the event. One reader and one writer at a time; disposing is for any thread and wakes both.
/// </summary>
internal sealed class Wire : IDisposable
{
    // SOL_SOCKET and SO_ERROR of Linux.
    private const int SocketLevel = 1;
    private const int PendingError = 4;

    private readonly Socket _socket;
    private readonly Readiness _read = new();
    private readonly Readiness _write = new();
    private volatile bool _ended;
    private int _disposed;

    private Wire(Socket socket) => _socket = socket;

    /// <summary>Called once, in the loop, when the peer closed its side or the connection broke.</summary>
    public Action? PeerEnded { get; private set; }

    /// <summary>Where it is watched; null before.</summary>
    public WireLoop? Loop { get; set; }

    /// <summary>The loop's name for this socket.</summary>
    public ulong Turn { get; set; }

    public bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    /// <summary>True where the peer sent something, or closed, since the last receive that found nothing.</summary>
    public bool HasNews => _ended || _read.IsReady;

    /// <summary>A wire over a connected socket, which belongs to it.</summary>
    /// <exception cref="SocketException">The kernel takes no more sockets to watch.</exception>
    public static Wire Over(Socket socket, Action peerEnded)
    {
        Wire wire = new(socket);
        try
        {
            socket.Blocking = false;

            // Room to send is there until a send says otherwise, and of that the kernel tells.
            wire._write.Renew();
            wire.PeerEnded = peerEnded;
            WireLoop.Add(wire, socket.SafeHandle);
            return wire;
        }
        catch
        {
            wire.Dispose();
            throw;
        }
    }

    /// <summary>Connects; cancelling closes.</summary>
    /// <exception cref="SocketException">Refused, unreachable, or timed out by the kernel.</exception>
    /// <exception cref="OperationCanceledException">Given up.</exception>
    public static async ValueTask<Wire> ConnectAsync(IPEndPoint to, CancellationToken cancel)
    {
        Wire wire = new(new(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, Blocking = false });
        try
        {
            SocketAddress address = to.Serialize();
            if (Epoll.Connect(wire._socket.SafeHandle, address.Buffer.Span[..address.Size]) is not (0 or Epoll.InProgress) and int refused)
            {
                throw Fault(refused);
            }

            await using CancellationTokenRegistration cancelled = cancel.UnsafeRegister(static state => ((Wire)state!).Dispose(), wire);
            WireLoop.Add(wire, wire._socket.SafeHandle);
            await wire._write.WaitAsync();
            cancel.ThrowIfCancellationRequested();
            byte[] error = new byte[4];
            wire._socket.GetRawSocketOption(SocketLevel, PendingError, error);
            return BitConverter.ToInt32(error) is not 0 and int errno ? throw Fault(-errno) : wire;
        }
        catch
        {
            wire.Dispose();

            // What is done to a socket that was closed meanwhile fails in one way or another.
            cancel.ThrowIfCancellationRequested();
            throw;
        }
    }

    /// <summary>False where nothing is there; otherwise <paramref name="count"/> is what was received, 0 at the end.</summary>
    /// <exception cref="SocketException">The connection broke, or was disposed.</exception>
    public bool TryReceive(Span<byte> into, out int count)
    {
        count = 0;
        if (!_read.TryTake() && !_ended)
        {
            return false;
        }

        try
        {
            count = Epoll.Receive(_socket.SafeHandle, into);
        }
        catch (ObjectDisposedException)
        {
            throw new SocketException((int)SocketError.OperationAborted);
        }

        if (count == Epoll.WouldBlock)
        {
            count = 0;
            return _ended;
        }

        if (count < 0)
        {
            throw Fault(count);
        }

        if (count == into.Length)
        {
            _read.Renew();
        }

        return true;
    }

    /// <summary>Sends what there is room for; false where that is less than all.</summary>
    /// <exception cref="SocketException">The connection broke, or was disposed.</exception>
    public bool TrySend(ReadOnlySpan<byte> bytes, out int count)
    {
        count = 0;
        if (bytes.IsEmpty)
        {
            return true;
        }

        if (!_write.TryTake() && !_ended)
        {
            return false;
        }

        try
        {
            count = Epoll.Send(_socket.SafeHandle, bytes);
        }
        catch (ObjectDisposedException)
        {
            throw new SocketException((int)SocketError.OperationAborted);
        }

        if (count == bytes.Length)
        {
            _write.Renew();
            return true;
        }

        if (count < 0 && count != Epoll.WouldBlock)
        {
            throw Fault(count);
        }

        count = Math.Max(count, 0);
        return false;
    }

    /// <summary>Until a receive is worth a try; may end without reason.</summary>
    public ValueTask ReadableAsync() => _read.WaitAsync();

    /// <summary>Until a send is worth a try; may end without reason.</summary>
    public ValueTask WritableAsync() => _write.WaitAsync();

    /// <summary>Ends waiting for the reader, without reason.</summary>
    public void WakeReader() => _read.SignalElsewhere();

    /// <summary>Ends waiting for the writer, without reason.</summary>
    public void WakeWriter() => _write.SignalElsewhere();

    /// <summary>Says to the peer that nothing more comes.</summary>
    public void ShutDown()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // Gone already.
        }
    }

    /// <summary>What the loop saw.</summary>
    public void Signal(uint events)
    {
        const uint End = Epoll.ReadHangUp | Epoll.HangUp | Epoll.Error;
        bool first = (events & End) != 0 && !_ended;
        if (first)
        {
            _ended = true;
        }

        if ((events & (Epoll.Out | Epoll.HangUp | Epoll.Error)) != 0)
        {
            _write.Signal();
        }

        if ((events & (Epoll.In | End)) != 0)
        {
            _read.Signal();
        }

        if (first)
        {
            PeerEnded?.Invoke();
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _ended = true;
            _socket.Dispose();
            Loop?.Forget(this);
            _read.SignalElsewhere();
            _write.SignalElsewhere();
        }
    }

    /// <summary>How many bytes came; 0 at the end.</summary>
    public ValueTask<int> ReceiveAsync(Memory<byte> into) => TryReceive(into.Span, out int count) ? new(count) : WaitAndReceiveAsync(into);

    /// <summary>Sends everything.</summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => TrySend(bytes.Span, out int count) ? default : WaitAndSendAsync(bytes[count..]);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WaitAndReceiveAsync(Memory<byte> into)
    {
        int count;
        do
        {
            await ReadableAsync();
        }
        while (!TryReceive(into.Span, out count));
        return count;
    }

    private async ValueTask WaitAndSendAsync(ReadOnlyMemory<byte> bytes)
    {
        int count;
        do
        {
            await WritableAsync();
        }
        while (!TrySend(bytes.Span, out count) && (bytes = bytes[count..]).Length > 0);
    }

    private static SocketException Fault(int negated) => new((int)(-negated switch
    {
        32 => SocketError.ConnectionReset, // EPIPE
        101 => SocketError.NetworkUnreachable,
        103 => SocketError.ConnectionAborted,
        104 => SocketError.ConnectionReset,
        110 => SocketError.TimedOut,
        111 => SocketError.ConnectionRefused,
        113 => SocketError.HostUnreachable,
        _ => SocketError.SocketError,
    }));
}
