using System.Globalization;
using Whorl.Fingerprints.Tcp;
using Whorl.Sources.Capture;
using Whorl.Sources.Capture.Flows;
using Whorl.Sources.Capture.Observing;

namespace Whorl.Delivery.Cli.Capturing;

/// <summary>Carries one source after the other through an engine of its own, and adds up what came of it.</summary>
internal sealed class CaptureRun(IObservationOutput shown, ObservingSettings settings, P0fSignatures? signatures, TimeSpan fold)
{
    // As many as a capture role keeps; a file may hold the traffic of a day.
    private const int FoldEntries = 65_536;

    private const long FoldBytes = 32 * 1024 * 1024;

    // Between two looks at whether to stop, and at outputs that wait.
    private const int FramesBetweenLooks = 4096;

    public long Frames { get; private set; }

    public long Observations { get; private set; }

    public long Folded { get; private set; }

    public long Evicted { get; private set; }

    public long Drops { get; private set; }

    /// <summary>Carries until the source ends, or until told to stop; the fault that ended it is returned.</summary>
    public SourceFault? Carry(IPacketSource source, CancellationToken cancel)
    {
        Folding? folding = fold > TimeSpan.Zero ? new(shown, fold, FoldEntries, FoldBytes) : null;
        IObservationOutput output = folding ?? shown;
        ObservationWriter writer = new(() => source.Interfaces, output, settings);
        FlowEngine engine = new(new FlowLimits(), signatures, writer);
        SourceFault? fault = Carry(source, engine, output, cancel);
        engine.Finish();
        output.Finish();

        EngineCounters counters = engine.Counters();
        SourceCounters counted = source.Counters();
        Frames += counted.Frames;
        Drops += counted.KernelDrops;
        Observations += writer.Told.Sum();
        Folded += folding?.Folded ?? 0;
        Evicted += counters.FlowsEvicted + counters.SynsEvicted + counters.OpeningsEvicted;
        return fault;
    }

    /// <summary>What was read and told, in a sentence.</summary>
    public string Summary()
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"{Frames:N0} packets, {Observations:N0} observations");
        text += Folded > 0 ? string.Create(CultureInfo.InvariantCulture, $" ({Folded:N0} of them counted as repetitions)") : "";
        text += Evicted > 0 ? string.Create(CultureInfo.InvariantCulture, $"; {Evicted:N0} conversations were given up for lack of room") : "";
        return text + (Drops > 0 ? string.Create(CultureInfo.InvariantCulture, $"; the kernel dropped {Drops:N0} packets") : "");
    }

    private static SourceFault? Carry(IPacketSource source, FlowEngine engine, IObservationOutput output, CancellationToken cancel)
    {
        int frames = 0;
        long time = 0;
        while (!cancel.IsCancellationRequested)
        {
            switch (source.TryRead(out CapturedFrame frame))
            {
                case FrameRead.Frame:
                    engine.Take(frame);
                    time = frame.Time;
                    if (++frames < FramesBetweenLooks)
                    {
                        continue;
                    }

                    break;
                case FrameRead.Idle:
                    break;
                case FrameRead.Damaged:
                    return source.Fault ?? new("reading failed", -1);
                default:
                    return null;
            }

            frames = 0;
            output.Tick(time);
        }

        return null;
    }
}
