using System.Diagnostics.Metrics;
using Whorl.Sources.Capture.Listening;

namespace Whorl.Sources.Capture;

/// <summary>Counters of capture, brought up to date once a second from what its threads counted.</summary>
internal sealed class CaptureMetrics
{
    public const string MeterName = "Whorl.Capture";

    /// <summary>The tag of interfaces that nobody named: they come and go, and a tag for each would never end.</summary>
    public const string Chosen = "auto";

    private readonly Counter<long> _frames;

    private readonly Counter<long> _bytes;

    private readonly Counter<long> _drops;

    private readonly Counter<long> _freezes;

    private readonly Counter<long> _evictions;

    private readonly Counter<long> _observations;

    private readonly Counter<long> _dropped;

    private int _flows;

    private int _listening;

    private int _failed;

    public CaptureMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(MeterName);
        _frames = meter.CreateCounter<long>("whorl.capture.frames", "{frame}", "Frames read from interfaces.");
        _bytes = meter.CreateCounter<long>("whorl.capture.bytes", "By", "Bytes of these frames.");
        _drops = meter.CreateCounter<long>("whorl.capture.kernel.drops", "{frame}", "Frames the kernel had no room for.");
        _freezes = meter.CreateCounter<long>("whorl.capture.kernel.freezes", "{freeze}", "How often a ring was full.");
        _evictions = meter.CreateCounter<long>("whorl.capture.evictions", "{entry}", "Conversations, SYNs and hosts forgotten before their time because their place was needed.");
        _observations = meter.CreateCounter<long>("whorl.capture.observations", "{observation}", "Observations handed over.");
        _dropped = meter.CreateCounter<long>("whorl.capture.observations.dropped", "{observation}", "Observations dropped because a queue was full.");
        meter.CreateObservableUpDownCounter("whorl.capture.flows", () => Volatile.Read(ref _flows), "{flow}", "Conversations followed now.");
        meter.CreateObservableUpDownCounter("whorl.capture.interfaces.listening", () => Volatile.Read(ref _listening), "{interface}", "Interfaces listened on.");
        meter.CreateObservableUpDownCounter("whorl.capture.interfaces.failed", () => Volatile.Read(ref _failed), "{interface}", "Interfaces that cannot be listened on.");
    }

    /// <param name="network">An interface as the configuration names it, or <see cref="Chosen"/>.</param>
    public void Add(string network, SourceCounters source, ShardCounters shard)
    {
        KeyValuePair<string, object?> tag = new("interface", network);
        _frames.Add(source.Frames, tag);
        _bytes.Add(source.Bytes, tag);
        _drops.Add(source.KernelDrops, tag);
        _freezes.Add(source.Freezes, tag);
        _evictions.Add(shard.Evictions, tag);
        _observations.Add(shard.Observations, tag);
        _dropped.Add(shard.Dropped, tag);
    }

    public void Now(int flows, int listening, int failed)
    {
        Volatile.Write(ref _flows, flows);
        Volatile.Write(ref _listening, listening);
        Volatile.Write(ref _failed, failed);
    }
}
