using Whorl.Kernel;

namespace Whorl.Sources.Capture.Observing;

/// <summary>Writes observations as JSON lines: kind, time and attributes in one flat object. Finish writes what is left; the stream stays open.</summary>
internal sealed class LineOutput(Stream stream, bool eager = false) : IObservationOutput
{
    // A write of this size costs the kernel about as much as it will ever save.
    private const int WriteAt = 256 * 1024;

    private readonly TimeText _times = new();

    private Utf8JsonBuffer _json = new(WriteAt + (64 * 1024));

    public void Write(in Observed observed)
    {
        _json.Raw("{\"kind\":\""u8);
        _json.Raw(CaptureKinds.Of(observed.Kind).Utf8Name);
        _json.Raw("\",\"time\":\""u8);
        _times.Write(ref _json, observed.Ticks);
        _json.Raw("\","u8);
        _json.Raw(observed.Attributes);
        _json.Raw("}\n"u8);
        if (_json.Length >= WriteAt)
        {
            Finish();
        }
    }

    public void Tick(long time)
    {
        if (eager)
        {
            Finish();
        }
    }

    public void Finish()
    {
        if (_json.Length > 0)
        {
            stream.Write(_json.Written);
            stream.Flush();
            _json.Clear();
        }
    }
}
