namespace Whorl.Sources.Probes.Targets;

/// <summary>When a target is visited again.</summary>
internal static class Schedule
{
    // A visit moves by up to a fifth, so that targets found together do not stay together, and nobody can tell when the next one is.
    private const double Jitter = 0.2;

    // Doubled so often an interval of a second is longer than any that may be set.
    private const int MaxDoublings = 40;

    /// <param name="silent">Visits in a row that found nothing, this one included.</param>
    /// <param name="chance">From 0 to 1.</param>
    public static TimeSpan After(ProbesOptions options, int silent, double chance)
    {
        double rest = options.Interval.TotalSeconds * Math.Pow(2, Math.Min(silent, MaxDoublings));
        return Spread(TimeSpan.FromSeconds(Math.Min(rest, Math.Max(options.LongestInterval.TotalSeconds, options.Interval.TotalSeconds))), chance);
    }

    public static TimeSpan Spread(TimeSpan rest, double chance) => rest * (1 - Jitter + (2 * Jitter * chance));
}
