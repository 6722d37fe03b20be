namespace Whorl.Sources.Edge;

/// <summary>
/// Deadlines for every wait on the wire path, cheap enough to be set several times a request: a deadline is one number, and one timer looks at all of them.
/// A deadline is met to within <see cref="Tick"/>.
/// </summary>
internal sealed class Deadlines : IDisposable
{
    public static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();

    private readonly HashSet<Deadline> _all = [];

    private readonly List<Deadline> _expired = [];

    private readonly TimeProvider _clock;

    private readonly long _start;

    private readonly ITimer _timer;

    private long _now;

    public Deadlines(TimeProvider clock)
    {
        _clock = clock;
        _start = clock.GetTimestamp();
        _timer = clock.CreateTimer(static state => ((Deadlines)state!).Sweep(), this, Tick, Tick);
    }

    public TimeProvider Clock => _clock;

    /// <summary>Milliseconds since start, as of the last tick.</summary>
    public long Now => Volatile.Read(ref _now);

    public Deadline Add(Action expire)
    {
        Deadline deadline = new(this, expire);
        lock (_gate)
        {
            _all.Add(deadline);
        }

        return deadline;
    }

    public void Remove(Deadline deadline)
    {
        lock (_gate)
        {
            _all.Remove(deadline);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Sweep()
    {
        Volatile.Write(ref _now, (long)_clock.GetElapsedTime(_start).TotalMilliseconds);
        if (!Monitor.TryEnter(_expired))
        {
            return;
        }

        try
        {
            lock (_gate)
            {
                foreach (Deadline deadline in _all)
                {
                    if (deadline.TryExpire(Now))
                    {
                        _expired.Add(deadline);
                    }
                }
            }

            foreach (Deadline deadline in _expired)
            {
                deadline.Expire();
            }

            _expired.Clear();
        }
        finally
        {
            Monitor.Exit(_expired);
        }
    }
}

/// <summary>One deadline, set again and again by its owner; when it passes, the owner's action runs once on the timer's thread.</summary>
internal sealed class Deadline(Deadlines deadlines, Action expire) : IDisposable
{
    private long _at = long.MaxValue;

    public bool Expired { get; private set; }

    public void Set(TimeSpan span) => Volatile.Write(ref _at, deadlines.Now + (span.Ticks / TimeSpan.TicksPerMillisecond) + (Deadlines.Tick.Ticks / TimeSpan.TicksPerMillisecond));

    public void Clear() => Volatile.Write(ref _at, long.MaxValue);

    public void Dispose() => deadlines.Remove(this);

    internal bool TryExpire(long now)
    {
        if (now < Volatile.Read(ref _at))
        {
            return false;
        }

        Clear();
        Expired = true;
        return true;
    }

    internal void Expire() => expire();
}
