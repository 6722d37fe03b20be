using System.Text.Json;
using Whorl.Analysis.Filters;
using Whorl.Kernel;
using Whorl.Sources.Capture.Observing;

namespace Whorl.Delivery.Cli.Capturing;

/// <summary>Lets observations through that match a filter. Each is read back as JSON, which costs time; without a filter nothing does.</summary>
internal sealed class FilteredOutput(Filter filter, IObservationOutput next) : IObservationOutput
{
    private Utf8JsonBuffer _json = new(4096);

    public void Write(in Observed observed)
    {
        using JsonDocument attributes = Parse(observed, ref _json);
        Observation observation = new(
            default, CaptureKinds.Of(observed.Kind).Name, new(observed.Ticks, TimeSpan.Zero), "", Subject.Ip(new(observed.At.Source)), attributes.RootElement);
        if (filter.Matches(observation))
        {
            next.Write(observed);
        }
    }

    public void Tick(long time) => next.Tick(time);

    public void Finish() => next.Finish();

    /// <summary>The attributes as a JSON object.</summary>
    public static JsonDocument Parse(in Observed observed, ref Utf8JsonBuffer json)
    {
        json.Clear();
        json.Raw("{"u8);
        json.Raw(observed.Attributes);
        json.Raw("}"u8);
        return JsonDocument.Parse(json.WrittenMemory);
    }
}
