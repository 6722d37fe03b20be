using System.Diagnostics;
using System.Net.Sockets;
using Whorl.Native.Sockets;

namespace Whorl.Sources.Edge.Wires;

/// <summary>
/// A thread that waits for events of many sockets and lets whoever waits for them go on, one after another (docs/decisions/0003): nothing that
/// goes on here may block. There is one for each processor, for as long as the process lives; a socket stays with the loop of the thread that made it.
/// </summary>
internal sealed class WireLoop
{
    // More at once only makes the first of them wait less evenly.
    private const int MaxEvents = 256;

    private const uint Interest = Epoll.In | Epoll.Out | Epoll.ReadHangUp | Epoll.EdgeTriggered;

    private static readonly Lazy<WireLoop[]> Loops = new(() => [.. Enumerable.Range(0, Environment.ProcessorCount).Select(number => new WireLoop(number))]);

    private static int next;

    [ThreadStatic]
    private static WireLoop? current;

    private readonly EpollHandle _epoll = Epoll.Create();

    // By descriptor; the kernel numbers these from the lowest free one, so the array stays as small as the most sockets ever open.
    private readonly Lock _gate = new();
    private Wire?[] _wires = new Wire?[1024];
    private uint[] _turns = new uint[1024];

    private WireLoop(int number) => new Thread(Run) { IsBackground = true, Name = $"edge loop {number}" }.Start();

    /// <summary>True where this machine can do this.</summary>
    public static bool IsSupported => Epoll.IsSupported;

    /// <summary>Watches a socket until it is closed.</summary>
    /// <exception cref="SocketException">The kernel takes no more.</exception>
    /// <exception cref="ObjectDisposedException">It was closed already.</exception>
    public static void Add(Wire wire, SafeSocketHandle socket)
    {
        WireLoop[] loops = Loops.Value;
        (current ?? loops[(int)((uint)Interlocked.Increment(ref next) % (uint)loops.Length)]).Watch(wire, socket);
    }

    private void Watch(Wire wire, SafeSocketHandle socket)
    {
        // Whoever closes the socket meanwhile waits: its descriptor would be another socket's at once, whose place this one would take.
        bool held = false;
        try
        {
            socket.DangerousAddRef(ref held);
            if (Epoll.Add(_epoll, socket, Interest, Place(wire, (int)socket.DangerousGetHandle())) < 0)
            {
                throw new SocketException((int)SocketError.TooManyOpenSockets);
            }
        }
        finally
        {
            if (held)
            {
                socket.DangerousRelease();
            }
        }

        if (wire.IsDisposed)
        {
            Forget(wire);
        }
    }

    private ulong Place(Wire wire, int place)
    {
        lock (_gate)
        {
            if (place >= _wires.Length)
            {
                int length = Math.Max(_wires.Length * 2, place + 1);
                Array.Resize(ref _turns, length);
                Wire?[] wires = _wires;
                Array.Resize(ref wires, length);
                Volatile.Write(ref _wires, wires);
            }

            // A descriptor is used again as soon as its socket is closed; the turn tells a late event of the former socket from one of this.
            uint turn = ++_turns[place];
            wire.Loop = this;
            wire.Turn = ((ulong)turn << 32) | (uint)place;
            _wires[place] = wire;
            return wire.Turn;
        }
    }

    /// <summary>Lets go of a closed socket's wire, unless another socket has its place already.</summary>
    public void Forget(Wire wire)
    {
        lock (_gate)
        {
            ref Wire? place = ref _wires[(uint)wire.Turn];
            place = ReferenceEquals(place, wire) ? null : place;
        }
    }

    private void Run()
    {
        current = this;
        Span<byte> events = new byte[Epoll.EventLength * MaxEvents];
        while (true)
        {
            int count = Epoll.Wait(_epoll, events, -1);
            if (count < 0)
            {
                // Only a bug of ours makes epoll_wait fail.
                throw new UnreachableException($"epoll_wait: errno {-count}");
            }

            for (int i = 0; i < count; i++)
            {
                (uint happened, ulong data) = Epoll.Read(events, i);
                Wire? wire = Volatile.Read(ref _wires)[(uint)data];
                if (wire?.Turn == data)
                {
                    wire.Signal(happened);
                }
            }
        }
    }
}
