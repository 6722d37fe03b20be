namespace Whorl.Sources.Capture.Listening;

/// <summary>What one thread does with its frames.</summary>
internal sealed class CaptureShard
{
    private ShardCounters _counters;

    private long _time;

    public ShardCounters Counters => _counters;

    public void Take(in CapturedFrame frame)
    {
        _time = frame.Time;
        _counters = _counters with { Frames = _counters.Frames + 1 };
    }

    /// <summary>Lets time pass where no frame did.</summary>
    public void Pass(long time) => _time = Math.Max(_time, time);

    /// <summary>Tells what is still open, as the end of the capture.</summary>
    public void End() => _time = long.MaxValue;
}

/// <param name="Frames">Frames taken.</param>
/// <param name="Observations">Observations told.</param>
/// <param name="Dropped">Observations dropped because a queue was full.</param>
/// <param name="Evictions">Conversations, SYNs and hosts forgotten before their time because their place was needed.</param>
/// <param name="Flows">Conversations followed now.</param>
internal readonly record struct ShardCounters(long Frames, long Observations, long Dropped, long Evictions, int Flows)
{
    public static ShardCounters operator +(ShardCounters a, ShardCounters b) =>
        new(a.Frames + b.Frames, a.Observations + b.Observations, a.Dropped + b.Dropped, a.Evictions + b.Evictions, a.Flows + b.Flows);
}
