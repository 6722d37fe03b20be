using System.Net;
using System.Net.Sockets;
using Whorl.Kernel;
using Whorl.Kernel.Outbound;

namespace Whorl.Sources.Probes.Asking;

/// <summary>
/// What one ask may spend: time on the wire, bytes received, connections. Waiting for a turn costs no time; between two turns nothing of the ask is on
/// the wire. Every connection and every packet passes <see cref="OutboundGuard"/> here.
/// </summary>
internal sealed class ProbeBudget : IDisposable
{
    private readonly ProbeLimits _all;
    private readonly TargetLimits _target;
    private readonly OutboundGuard _guard;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenRegistration _stop;
    private readonly CancellationToken _cancel;
    private TimeSpan _left;
    private long _turn;
    private long _bytesLeft;
    private int _sent;

    public ProbeBudget(ProbeLimits all, TargetLimits target, OutboundGuard guard, SourcePorts ports, TimeSpan time, long bytes, TimeProvider clock, CancellationToken cancel)
    {
        (_all, _target, _guard, _clock, _cancel, Ports) = (all, target, guard, clock, cancel, ports);
        (_left, _bytesLeft) = (time, bytes);
        _deadline = new(Timeout.InfiniteTimeSpan, clock);
        _stop = cancel.UnsafeRegister(source => ((CancellationTokenSource)source!).Cancel(), _deadline);
    }

    /// <summary>Ends with the time, or when the process stops.</summary>
    public CancellationToken Deadline => _deadline.Token;

    public SourcePorts Ports { get; }

    /// <summary>True once more bytes came than may.</summary>
    public bool Exceeded => Volatile.Read(ref _bytesLeft) < 0;

    /// <summary>Connections begun and packets sent.</summary>
    public int Sent => Volatile.Read(ref _sent);

    /// <summary>Time spent on the wire in turns that are over.</summary>
    public TimeSpan Spent { get; private set; }

    /// <summary>How many connections a turn can hold at most.</summary>
    public int MaxTurn => Math.Min(_all.Connections.Places, _target.Connections.Places);

    /// <summary>Waits until so many connections may be begun. One turn at a time; disposing it ends it.</summary>
    public async ValueTask<Turn> TakeTurnAsync(int connections)
    {
        await _target.Connections.EnterAsync(connections, _cancel);
        try
        {
            await _target.Rate.TakeAsync(connections, _cancel);
            await _all.Connections.EnterAsync(connections, _cancel);
            try
            {
                await _all.Rate.TakeAsync(connections, _cancel);
            }
            catch
            {
                _all.Connections.Leave(connections);
                throw;
            }
        }
        catch
        {
            _target.Connections.Leave(connections);
            throw;
        }

        _turn = _clock.GetTimestamp();
        _deadline.CancelAfter(_left > TimeSpan.Zero ? _left : TimeSpan.Zero);
        return new Turn(this, connections);
    }

    /// <summary>Opens a connection within a turn, to the very address that was checked.</summary>
    public async Task<ProbeConnection> ConnectAsync(PeerAddress address, ushort port)
    {
        for (int tries = 1; ; tries++)
        {
            Authorize(address);
            Socket socket = Open(address, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.NoDelay = true;

                // A reset when done: nothing lingers on either side, and the port is free at once.
                socket.LingerState = new(true, 0);
                Ports.Bind(socket);
                await socket.ConnectAsync(new IPEndPoint(address.ToIPAddress(), port), Deadline);
                return new ProbeConnection(socket, this);
            }
            catch (SocketException fault) when (Ports.IsTaken(fault) && tries < SourcePorts.MaxTries)
            {
                // Nothing left this machine.
                Interlocked.Decrement(ref _sent);
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    /// <summary>A socket of the address's family.</summary>
    public static Socket Open(PeerAddress address, SocketType type, ProtocolType protocol) =>
        new(address.IsV4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, type, protocol);

    /// <summary>Asks the guard about an address to which something is about to be sent, and counts it.</summary>
    public void Authorize(PeerAddress address) => Authorize(_guard.Check(address));

    /// <summary>
    /// The same for a link-local or multicast address on the link of a target that may be asked: what is special about it is no reason there, that it is
    /// denied or opted out is.
    /// </summary>
    public void AuthorizeOnLink(PeerAddress address) => Authorize(_guard.Check(address) is { Liftable: false } verdict ? verdict : default);

    /// <summary>Takes bytes that came; false where they are more than may come.</summary>
    public bool Take(int bytes) => Interlocked.Add(ref _bytesLeft, -bytes) >= 0;

    public void Dispose()
    {
        _stop.Dispose();
        _deadline.Dispose();
    }

    private void Authorize(OutboundVerdict verdict)
    {
        if (!verdict.Allowed)
        {
            throw new OutboundRefusedException(verdict);
        }

        Interlocked.Increment(ref _sent);
    }

    private void End(int connections)
    {
        _deadline.CancelAfter(Timeout.InfiniteTimeSpan);
        TimeSpan elapsed = _clock.GetElapsedTime(_turn);
        Spent += elapsed;
        _left -= elapsed;
        _all.Connections.Leave(connections);
        _target.Connections.Leave(connections);
    }

    /// <summary>Leave to have so many connections open.</summary>
    public sealed class Turn(ProbeBudget budget, int connections) : IDisposable
    {
        private bool _ended;

        public void Dispose()
        {
            if (!_ended)
            {
                _ended = true;
                budget.End(connections);
            }
        }
    }
}
