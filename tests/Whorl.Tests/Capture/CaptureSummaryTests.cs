using Whorl.Kernel;
using Whorl.Sources.Capture.Listening;
using Whorl.Tests.Support;

namespace Whorl.Tests.Capture;

/// <summary>How often capture tells how it goes when there is nothing new.</summary>
public sealed class CaptureSummaryTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public void A_state_is_told_at_once_then_again_when_it_changes_or_after_half_a_minute_of_silence()
    {
        CaptureSummary summary = new("sensor-1", _clock);

        Observation told = summary.Take([], "nothing to listen on").ShouldNotBeNull();
        (told.Kind, told.Subject.Text).ShouldBe((CaptureSummary.Kind, "sensor:sensor-1"));
        told.Attributes.GetProperty("capture.off").GetString().ShouldBe("nothing to listen on");
        told.Attributes.GetProperty("capture.frames").GetInt64().ShouldBe(0);
        summary.Take([], "nothing to listen on").ShouldBeNull();

        summary.Take([], off: null).ShouldNotBeNull().Attributes.TryGetProperty("capture.off", out _).ShouldBeFalse();
        _clock.Advance(TimeSpan.FromSeconds(29));
        summary.Take([], off: null).ShouldBeNull();
        _clock.Advance(TimeSpan.FromSeconds(1));
        summary.Take([], off: null).ShouldNotBeNull();
    }
}
