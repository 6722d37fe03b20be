using Whorl.Sources.Sites;
using Whorl.Sources.Sites.Jobs;

namespace Whorl.Tests.Sites.Work;

public sealed class VisitScheduleTests
{
    private readonly ScheduleOptions _options = new();

    [Theory]
    [InlineData(0, null, 12)]
    [InlineData(0, true, 12)]
    [InlineData(12, null, 12)]
    [InlineData(12, true, 6)]
    [InlineData(12, false, 18)]
    [InlineData(1.5, true, 1)]
    [InlineData(150, false, 168)]
    public void Change_makes_visits_more_frequent_and_rest_less_within_bounds(double before, bool? changed, double after)
    {
        NextVisit next = VisitSchedule.AfterSuccess(_options, TimeSpan.FromHours(before), changed, 0.5);
        (next.Interval, next.After).ShouldBe((TimeSpan.FromHours(after), TimeSpan.FromHours(after)));
        VisitSchedule.AfterSuccess(_options, TimeSpan.FromHours(before), changed, 0).After.ShouldBe(TimeSpan.FromHours(after * 0.9));
    }

    [Theory]
    [InlineData(1, 30)]
    [InlineData(2, 60)]
    [InlineData(7, 1920)]
    public void Each_failure_doubles_the_wait_and_chance_takes_up_to_half(int failures, double seconds)
    {
        TimeSpan interval = TimeSpan.FromHours(3);
        VisitSchedule.AfterFailure(_options, interval, failures, 0).ShouldBe(new(TimeSpan.FromSeconds(seconds), interval));
        VisitSchedule.AfterFailure(_options, interval, failures, 1).After.ShouldBe(TimeSpan.FromSeconds(seconds / 2));
    }

    [Fact]
    public void The_wait_is_bounded_and_ends_with_giving_up()
    {
        _options.MaxFailures = 1000;
        VisitSchedule.AfterFailure(_options, TimeSpan.Zero, 999, 0).After.ShouldBe(_options.LongestRetry);
        VisitSchedule.AfterFailure(_options, TimeSpan.FromHours(1), 1000, 0).ShouldBe(new(null, TimeSpan.FromHours(1)));
    }
}
