namespace Whorl.Sources.Sites.Jobs;

/// <summary>When a site is visited again.</summary>
internal static class VisitSchedule
{
    // Twice as often when something happens, and back to rest more slowly: news come in bursts.
    private const double AfterChange = 0.5;
    private const double AfterNone = 1.5;

    // So that sites added together drift apart.
    private const double Spread = 0.1;

    /// <param name="before">Time between the visits so far; zero at the first.</param>
    /// <param name="changed">Whether something telling changed; null where there was nothing to compare.</param>
    /// <param name="chance">0 to 1.</param>
    public static NextVisit AfterSuccess(ScheduleOptions options, TimeSpan before, bool? changed, double chance)
    {
        TimeSpan interval = changed switch
        {
            _ when before <= TimeSpan.Zero => options.Interval,
            null => before,
            true => before * AfterChange,
            false => before * AfterNone,
        };
        interval = TimeSpan.FromTicks(Math.Clamp(interval.Ticks, options.ShortestInterval.Ticks, options.LongestInterval.Ticks));
        return new(interval * (1 + (Spread * ((2 * chance) - 1))), interval);
    }

    /// <param name="failures">In a row, this one included.</param>
    /// <param name="chance">0 to 1.</param>
    public static NextVisit AfterFailure(ScheduleOptions options, TimeSpan before, int failures, double chance)
    {
        if (failures >= options.MaxFailures)
        {
            return new(null, before);
        }

        double seconds = Math.Min(options.LongestRetry.TotalSeconds, options.RetryAfter.TotalSeconds * Math.Pow(2, Math.Min(failures - 1, 40)));
        return new(TimeSpan.FromSeconds(seconds * (1 - (chance / 2))), before);
    }
}
