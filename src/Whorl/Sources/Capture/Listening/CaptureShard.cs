using Whorl.Sources.Capture.Flows;
using Whorl.Sources.Capture.Observing;

namespace Whorl.Sources.Capture.Listening;

/// <summary>What one thread does with its frames: follows conversations, writes observations, folds repetitions, hands batches over.</summary>
internal sealed class CaptureShard(FlowEngine engine, ObservationWriter writer, IObservationOutput output, BatchOutput batches)
{
    // Batches wait no longer than this beyond their age, and looking costs a few compares.
    private const long TickEvery = 20_000_000;

    private long _time;

    private long _ticked;

    private long _frames;

    public ShardCounters Counters
    {
        get
        {
            EngineCounters counters = engine.Counters();
            return new(_frames, batches.Told, batches.Dropped, counters.FlowsEvicted + counters.SynsEvicted + counters.HostsEvicted + counters.OpeningsEvicted, counters.Flows);
        }
    }

    /// <summary>Observations left out because no address is mapped, or because they are our own asking.</summary>
    public long LeftOut => writer.LeftOut;

    public void Take(in CapturedFrame frame)
    {
        _time = frame.Time;
        _frames++;
        engine.Take(frame);
        if (_time - _ticked is > TickEvery or < -TickEvery)
        {
            Tick();
        }
    }

    /// <summary>Lets time pass where no frame did.</summary>
    public void Pass(long time)
    {
        _time = Math.Max(_time, time);
        engine.Tick(_time);
        Tick();
    }

    /// <summary>Tells what is still open, as the end of the capture.</summary>
    public void End()
    {
        engine.Finish();
        output.Finish();
    }

    private void Tick()
    {
        _ticked = _time;
        output.Tick(_time);
    }
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
