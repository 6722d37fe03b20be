using Whorl.Sources.Capture.Inputs;

namespace Whorl.Sources.Capture.Listening;

/// <summary>One thread that carries frames from a source to its shard until the source ends or it is told to stop.</summary>
internal sealed class CaptureThread
{
    // The clock is asked this often at most between two readings of the counters.
    private const int FramesBetweenLooks = 4096;

    private readonly LiveSource _source;
    private readonly CaptureShard _shard;
    private readonly TimeProvider _clock;
    private readonly Thread _thread;
    private volatile Reading _reading = new(default, default);
    private volatile bool _stop;
    private long _nextLook;

    public CaptureThread(string name, LiveSource source, CaptureShard shard, TimeProvider clock)
    {
        _source = source;
        _shard = shard;
        _clock = clock;
        _thread = new(Run) { IsBackground = true, Name = name };
    }

    /// <summary>Counters as they were at most a second ago.</summary>
    public Reading Now => _reading;

    /// <summary>Why it ended; null while it runs, and where it was told to.</summary>
    public string? Ended { get; private set; }

    /// <summary>A bug that ended it.</summary>
    public Exception? Fault { get; private set; }

    public bool IsRunning => _thread.IsAlive;

    public void Start() => _thread.Start();

    /// <summary>Asks it to end and waits until it has; it waits for frames for a tenth of a second at most.</summary>
    public void Stop()
    {
        _stop = true;
        _thread.Join();
    }

    private void Run()
    {
        try
        {
            using (_source)
            {
                _nextLook = _clock.GetTimestamp();
                Carry();
                _shard.End();
                _reading = new(_source.Counters(), _shard.Counters);
            }
        }
#pragma warning disable CA1031 // a fault in reading packets must not end what the other roles do; the worker opens the interface again
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Fault = fault;
            Ended = "reading failed inside Whorl; the log has the details";
        }
    }

    private void Carry()
    {
        int frames = 0;
        while (!_stop)
        {
            switch (_source.TryRead(out CapturedFrame frame))
            {
                case FrameRead.Frame:
                    _shard.Take(frame);
                    if (++frames < FramesBetweenLooks)
                    {
                        continue;
                    }

                    break;
                case FrameRead.Idle:
                    _shard.Pass(_clock.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000);
                    break;
                default:
                    Ended = _source.Fault?.Reason ?? "it ended";
                    return;
            }

            frames = 0;
            Look();
        }
    }

    private void Look()
    {
        long now = _clock.GetTimestamp();
        if (now >= _nextLook)
        {
            _nextLook = now + (_clock.TimestampFrequency / 2);
            _reading = new(_source.Counters(), _shard.Counters);
        }
    }

    internal sealed record Reading(SourceCounters Source, ShardCounters Shard);
}
