using System.Threading.Tasks.Sources;

namespace Whorl.Sources.Edge.Wires;

/// <summary>Whether one direction of a socket is worth a try, as edge-triggered events tell it: set by an event, taken by a try, waited for by one.</summary>
internal sealed class Readiness : IValueTaskSource
{
    private const int Idle = 0;
    private const int Ready = 1;
    private const int Waiting = 2;

    private ManualResetValueTaskSourceCore<bool> _core;
    private int _state;

    public bool IsReady => Volatile.Read(ref _state) == Ready;

    /// <summary>
    /// True where an event came since the last taking. It is taken before the try: an event between the two then stays, and at worst a later
    /// try finds nothing.
    /// </summary>
    public bool TryTake() => Volatile.Read(ref _state) == Ready && Interlocked.CompareExchange(ref _state, Idle, Ready) == Ready;

    /// <summary>The last try left something behind, of which no event will tell.</summary>
    public void Renew() => Volatile.Write(ref _state, Ready);

    /// <summary>Ends at the next event; at once where one came already.</summary>
    public ValueTask WaitAsync()
    {
        _core.Reset();
        return Interlocked.CompareExchange(ref _state, Waiting, Idle) == Idle ? new(this, _core.Version) : ValueTask.CompletedTask;
    }

    /// <summary>An event came; whoever waits goes on inside this call.</summary>
    public void Signal()
    {
        if (Interlocked.Exchange(ref _state, Ready) == Waiting)
        {
            _core.SetResult(true);
        }
    }

    /// <summary>As <see cref="Signal"/>, but whoever waits goes on elsewhere: for callers that hold locks or are in the middle of something.</summary>
    public void SignalElsewhere()
    {
        if (Interlocked.Exchange(ref _state, Ready) == Waiting)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static readiness => readiness._core.SetResult(true), this, preferLocal: false);
        }
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
