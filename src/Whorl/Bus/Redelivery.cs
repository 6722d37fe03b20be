namespace Whorl.Bus;

/// <summary>How long a message rests after a failed delivery.</summary>
internal static class Redelivery
{
    // Long enough that a store which restarts is back before the tries are used up; short enough for a person who waits.
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <param name="tries">Deliveries that failed so far, from 1.</param>
    public static TimeSpan RestAfter(int tries) => TimeSpan.FromTicks(Math.Min(Longest.Ticks, First.Ticks << Math.Min(tries - 1, 20)));
}
