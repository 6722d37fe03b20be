using Whorl.Sources.Probes;
using Whorl.Sources.Probes.Targets;

namespace Whorl.Tests.Probes;

public sealed class ScheduleTests
{
    private static readonly ProbesOptions Hours = new() { Interval = TimeSpan.FromHours(6), LongestInterval = TimeSpan.FromDays(7) };

    [Theory]
    [InlineData(0, 6)]
    [InlineData(1, 12)]
    [InlineData(2, 24)]
    [InlineData(4, 96)]
    [InlineData(5, 168)]
    [InlineData(int.MaxValue, 168)]
    public void Each_visit_that_finds_nothing_doubles_the_rest_up_to_a_bound(int silent, int hours) =>
        Schedule.After(Hours, silent, 0.5).ShouldBe(TimeSpan.FromHours(hours), TimeSpan.FromSeconds(1));

    [Fact]
    public void Chance_moves_a_visit_by_up_to_a_fifth()
    {
        Schedule.After(Hours, 0, 0).ShouldBe(TimeSpan.FromHours(4.8), TimeSpan.FromSeconds(1));
        Schedule.After(Hours, 0, 1).ShouldBe(TimeSpan.FromHours(7.2), TimeSpan.FromSeconds(1));
    }
}
