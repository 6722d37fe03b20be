using System.Net;
using System.Net.Sockets;
using Whorl.Sources.Decoys.Sessions;

namespace Whorl.Sources.Decoys.Listening;

/// <summary>One place that should be listened on: tries until it is, and again when it breaks. Stepped by one worker.</summary>
internal abstract class DecoyPost(DecoyPlace place, ILogger log)
{
    private Socket? _socket;
    private Task _work = Task.CompletedTask;
    private long _taken;
    private long _turnedAway;

    public DecoyPlace Place { get; } = place;

    public bool IsListening => _socket is not null && !_work.IsCompleted;

    /// <summary>Why it does not listen; null where it does, or was not tried yet.</summary>
    public string? Fault { get; private set; }

    public string? Hint { get; private set; }

    /// <summary>Where it listens in fact; null where it does not.</summary>
    public IPEndPoint? BoundTo => _socket?.LocalEndPoint as IPEndPoint;

    /// <summary>Conversations now.</summary>
    public virtual int Open => 0;

    /// <summary>Conversations, or datagrams, that were heard since the start.</summary>
    public long Taken => Volatile.Read(ref _taken);

    /// <summary>And those that a limit refused.</summary>
    public long TurnedAway => Volatile.Read(ref _turnedAway);

    protected ILogger Log => log;

    protected void Count(bool taken) => Interlocked.Increment(ref taken ? ref _taken : ref _turnedAway);

    /// <summary>Sees that it listens.</summary>
    public void Step(CancellationToken stop)
    {
        if (_socket is not null && _work.IsCompleted && !stop.IsCancellationRequested)
        {
            DecoysLog.Broke(log, Place.Decoy, Place.Service.Name, Place.ToString(), _work.Exception?.InnerException?.Message ?? "it ended");
            _socket.Dispose();
            _socket = null;
        }

        if (_socket is not null || stop.IsCancellationRequested)
        {
            return;
        }

        try
        {
            _socket = Bind();
            (Fault, Hint) = (null, null);
            DecoysLog.Listening(log, Place.Decoy, Place.Service.Name, Place.ToString());
            _work = RunAsync(_socket, stop);
        }
        catch (SocketException fault)
        {
            string? before = Fault;
            (Fault, Hint) = Explain(fault);
            if (Fault != before)
            {
                DecoysLog.NotListening(log, Place.Decoy, Place.Service.Name, Place.ToString(), Fault, Hint);
            }
        }
    }

    /// <summary>Stops listening; conversations end by the token that they were given.</summary>
    public void Close() => _socket?.Dispose();

    public virtual async Task EndedAsync(CancellationToken cancel) => await _work.WaitAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    protected abstract Socket Bind();

    protected abstract Task RunAsync(Socket socket, CancellationToken stop);

    private static (string Fault, string Hint) Explain(SocketException fault) => fault.SocketErrorCode switch
    {
        SocketError.AccessDenied => ("this process may not take this port", "Run as root, give it CAP_NET_BIND_SERVICE, or set PortOffset"),
        SocketError.AddressAlreadyInUse => ("another program has this port", "`ss -lntup` says which"),
        SocketError.AddressNotAvailable => ("this machine does not have this address", "`ip address` says which it has"),
        _ => (fault.Message, ""),
    };
}
